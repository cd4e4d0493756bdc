"""Time limits for a block, raised in its thread."""

import threading

from skirret_host.calls import raise_in_thread


class Timeout(BaseException):
    """`with Timeout(5):` ends the block after five seconds; `with Timeout(5, False):` does so silently."""

    def __init__(self, seconds=None, exception=None, *args, **kwargs):
        super().__init__(seconds)
        self.seconds, self.exception = seconds, exception
        self._timer = self._thread_id = None
        self._lock = threading.Lock()

    @classmethod
    def start_new(cls, timeout=None, exception=None):
        """Makes and starts one."""
        made = timeout if isinstance(timeout, Timeout) else cls(timeout, exception)
        made.start()
        return made

    @property
    def pending(self):
        """Whether it runs."""
        return self._timer is not None

    def start(self):
        """From here on its seconds count."""
        if self.seconds is None:
            return
        self._thread_id, self._expired = threading.get_ident(), False
        self._timer = threading.Timer(self.seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def _expire(self):
        with self._lock:
            if self._timer is not None:
                self._expired = True
                raise_in_thread(self._thread_id, _Expired)

    def cancel(self):
        """Ends it; what has not been raised by now is not raised."""
        with self._lock:
            timer, self._timer = self._timer, None
            if timer is not None:
                timer.cancel()
                if self._expired:
                    raise_in_thread(self._thread_id, None)

    close = cancel

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, error, traceback):
        expired = self.pending and self._expired
        self.cancel()
        if not expired or kind is not _Expired:
            return False
        if self.exception is False:
            return True
        raise (self if self.exception in (None, True) else self.exception) from None

    def __str__(self):
        return f"{self.seconds} seconds" if self.seconds is not None else ""


class _Expired(Timeout):
    """What is raised from outside, which can be a class only; `Timeout.__exit__` puts the right one in its place."""


def with_timeout(seconds, function, *args, **kwargs):
    """`function(*args, **kwargs)`; after `seconds`, `timeout_value` if given, else `Timeout`."""
    missing = object()
    instead = kwargs.pop("timeout_value", missing)
    limit = Timeout(seconds)
    try:
        with limit:
            return function(*args, **kwargs)
    except Timeout as error:
        if error is limit and instead is not missing:
            return instead
        raise
