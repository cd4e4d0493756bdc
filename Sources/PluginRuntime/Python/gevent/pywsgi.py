"""A WSGI server for a plugin's own port: a thread for each request."""

import logging
import socket
import threading
import wsgiref.simple_server
from socketserver import TCPServer, ThreadingMixIn
from wsgiref.util import is_hop_by_hop

from .event import Event
from .greenlet import close_connections

logger = logging.getLogger(__name__)

#: Seconds until a connection that says nothing is closed.
SILENCE = 60


class WSGIHandler(wsgiref.simple_server.WSGIRequestHandler):
    """One request."""

    timeout = SILENCE

    def get_stderr(self):
        return _LogLines()

    def log_message(self, layout, *arguments):
        if self.server.logs:
            logger.info("%s %s", self.address_string(), layout % arguments)


class _LogLines:
    """Where `wsgi.errors` goes."""

    def write(self, text):
        if text.strip():
            logger.error("%s", text.rstrip())

    def flush(self):
        pass


class _Listener(ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True
    # A stop does not wait for who still reads.
    block_on_close = False
    request_queue_size = 128
    logs = True

    def server_bind(self):
        TCPServer.server_bind(self)  # not Python's own way to here, which looks up the host's name for seconds
        self.take_name()

    def take_name(self):
        """Tells the application where it is."""
        self.server_name, self.server_port = self.server_address[:2]
        self.setup_environ()

    def process_request_thread(self, request, client_address):
        super().process_request_thread(request, client_address)
        close_connections()

    def handle_error(self, request, client_address):
        logger.info("request of %s ended early", client_address[0] if client_address else "?", exc_info=True)


class WSGIServer:
    """`WSGIServer(("0.0.0.0", 9192), application).serve_forever()`."""

    handler_class = WSGIHandler

    def __init__(
        self, listener, application=None, backlog=None, spawn="default", log="default", error_log="default",
        handler_class=None, environ=None, **ssl,
    ):  # fmt: skip
        if ssl:
            raise NotImplementedError(
                f"a plugin's own server has no TLS here ({', '.join(sorted(ssl))}): put a proxy before it"
            )
        self._given = listener
        self.application, self._logs, self._environ = application, log is not None, environ or {}
        self.handler_class = handler_class or self.handler_class
        self._listener, self._answering, self._stopped = None, None, Event()

    # Where it listens

    def init_socket(self):
        """Binds; `OSError` when somebody else has the port."""
        if self._listener is None:
            self._listener = self._bound()
            self._listener.set_app(self._without_hop_by_hop)
            self._listener.logs = self._logs
            self._stopped.clear()

    def _bound(self):
        if isinstance(self._given, socket.socket):
            made = _Listener(self._given.getsockname(), self.handler_class, bind_and_activate=False)
            made.socket.close()
            made.socket, made.server_address = self._given, self._given.getsockname()
            made.take_name()
            made.server_activate()
            return made
        address = self._given
        if isinstance(address, (int, str)):
            host, _, port = str(address).rpartition(":")
            address = (host, int(port))
        made = _Listener(address, self.handler_class, bind_and_activate=False)
        try:
            made.server_bind()
            made.server_activate()
        except BaseException:
            made.server_close()
            raise
        return made

    @property
    def started(self):
        """Whether it listens."""
        return self._listener is not None

    @property
    def address(self):
        """(host, port)."""
        return self._listener.server_address if self._listener else self._given

    @property
    def server_host(self):
        """The address it listens on."""
        return self.address[0]

    @property
    def server_port(self):
        """The port it listens on."""
        return self.address[1]

    # Its life

    def start(self):
        """Listens, and answers in a thread of its own."""
        self.init_socket()
        if self._answering is None:
            target, name = self._listener.serve_forever, f"wsgi-{self.server_port}"
            self._answering = threading.Thread(target=target, kwargs={"poll_interval": 0.1}, name=name, daemon=True)
            self._answering.start()

    def serve_forever(self, stop_timeout=None):
        """Answers until somebody calls `stop`."""
        self.start()
        try:
            self._stopped.wait()
        finally:
            self.stop(stop_timeout)

    def stop(self, timeout=None):
        """Listens no more."""
        (listener, self._listener), (answering, self._answering) = (self._listener, None), (self._answering, None)
        if answering is not None:
            listener.shutdown()
        if listener is not None:
            listener.server_close()
        self._stopped.set()

    close = stop

    def _without_hop_by_hop(self, environ, start_response):
        """Python's own server refuses headers that are the connection's, such as `Connection: close`."""

        def start(status, headers, *error):
            return start_response(status, [one for one in headers if not is_hop_by_hop(one[0])], *error)

        return self.application({**environ, **self._environ}, start)
