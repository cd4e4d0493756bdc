"""One plugin's process: reads frames, serves each call in its own thread, so calls may overlap.

Runs forked from `server`, as leader of its own session. When its socket ends it takes its whole
process group with it: nothing that a plugin starts outlives the plugin.
"""

import logging
import os
import signal
import sys
import threading

from celery.exceptions import SoftTimeLimitExceeded
from django.utils.datastructures import MultiValueDict

from . import calls, context, current, leader, logs
from .frames import FrameError, UnreadableFrame, Writer, encode, read
from .loader import load
from .orders import Orders
from .values import error_as_json

logger = logging.getLogger("skirret_host")


class Host:
    """The loaded plugin, the socket, and the calls that are running."""

    def __init__(self, sock, key, path, takes_orders=False):
        self.key = key
        self.path = path
        self.writer = Writer(sock)
        #: Where tasks go that the plugin sends; None where nobody takes them.
        self.orders = Orders(self.writer) if takes_orders else None
        self._sock = sock
        self._calls = {}
        self._loading = threading.Lock()
        self._plugin = None
        self._load_error = None
        self._leadership = None

    def serve(self):
        """Reads frames until the socket ends, then ends the process group."""
        try:
            while True:
                try:
                    frame = read(self._sock)
                except UnreadableFrame as error:
                    self._refuse(error)
                    continue
                if frame is None:
                    break
                self._receive(frame)
        except (FrameError, OSError) as error:
            print(f"plugin host {self.key}: {error}", file=sys.stderr)
        finally:
            os.killpg(0, signal.SIGKILL)

    def _receive(self, frame):
        match frame.get("type"):
            case "call":
                call = calls.Call(frame)
                self._start(call)
            case "cancel":
                if call := self._calls.get(frame.get("id")):
                    call.cancel()
            case "ordered":
                if self.orders:
                    self.orders.answered(frame)
            case unknown:
                logger.warning("frame of type %r ignored", unknown)

    def _start(self, call):
        self._calls[call.id] = call
        try:
            threading.Thread(target=self._answer, args=(call,), name=f"call-{call.id}", daemon=True).start()
        except (RuntimeError, MemoryError) as error:  # no memory or no process left for another thread
            del self._calls[call.id]
            self.writer.send_encoded(_error_frame(call, error))

    def _refuse(self, error):
        logger.error("%s", error)
        if error.id is not None:
            self.writer.send(type="error", id=error.id, error=error_as_json(error))

    def _answer(self, call):
        """A call from its first line to its last: exactly one result or error is sent."""
        try:
            answer = self._outcome(call)
        except BaseException as error:  # a cancel that came at the last moment, or no memory for a traceback
            answer = _error_frame(call, error)
        del self._calls[call.id]
        try:
            self.writer.send_encoded(answer)
        except OSError as error:
            print(f"plugin host {self.key}: call {call.id} has nobody to answer to: {error}", file=sys.stderr)
        _close_connections()
        sys.stdout.flush()

    def _outcome(self, call):
        """The frame that answers `call`. A cancel strikes in here or not at all."""
        try:
            call.start()
            result = encode(self._perform(call))
            return b'{"type":"result","id":%d,"result":%b}' % (call.id, result)
        except BaseException as error:  # SystemExit and a cancel are answers too
            return _error_frame(call, error)
        finally:
            call.finish()

    def _perform(self, call):
        plugin = self.plugin()
        frame = call.frame
        match frame.get("method"):
            case "describe":
                return plugin.describe()
            case "task":
                return _run_plugin_task(frame)
            case "run" | "resource" | "stop":
                files = context.open_uploads(frame.get("files"))
                try:
                    return self._ask(plugin, call, files)
                finally:
                    context.close_uploads(files)
            case unknown:
                raise ValueError(f"unknown method {unknown!r}; known are run, resource, stop, describe and task")

    def _ask(self, plugin, call, files):
        frame = call.frame
        extra = {"reason": frame.get("reason")} if frame["method"] == "stop" else {}
        about = context.build(call, plugin, self.writer, files, **extra)
        match frame["method"]:
            case "run":
                return plugin.run(frame["action"], frame.get("params"), about)
            case "resource":
                enabled = (frame.get("plugin") or {}).get("enabled", True)
                allow_disabled = frame.get("allow_disabled", False)
                return plugin.resolve(
                    frame["resource"], frame.get("params"), about, enabled=enabled, allow_disabled=allow_disabled
                )
            case "stop":
                if self._leadership and (hook := self._leadership.resign()):
                    leader.call(self, hook)
                return plugin.stop(about)

    def run_here(self, action, params, config):
        """An action called from inside the plugin, for `PluginManager`: part of the call that is going on."""
        return self.plugin().run(action, params, self._context_from(config))

    def own_context(self):
        """A context for what nobody called: from the plugin's row, or without one, from nothing."""
        from apps.plugins.models import PluginConfig

        return self._context_from(PluginConfig.objects.filter(key=self.key).first() or PluginConfig(key=self.key))

    def _context_from(self, config):
        about = {"name": config.name, "version": config.version, "description": config.description}
        outer = current.call.get()
        inner = calls.Call({"id": outer.id if outer else None, "plugin": about, "settings": config.settings})
        return context.build(inner, self._plugin, self.writer, MultiValueDict())

    @property
    def loaded(self):
        """The plugin if it is loaded; unlike `plugin()` it may be asked while it is being imported."""
        return self._plugin

    def plugin(self):
        """The loaded plugin. Its code is imported by the first call, once: a failed import stays failed."""
        with self._loading:
            if self._load_error:
                raise self._load_error
            if self._plugin is None:
                try:
                    self._plugin = load(self.key, self.path)
                    self._leadership = leader.of_host(self)
                except SoftTimeLimitExceeded:
                    raise  # the import was cut short; it did not fail
                except Exception as error:
                    self._load_error = error
                    raise
            return self._plugin


def _error_frame(call, error):
    return encode({"type": "error", "id": call.id, "error": error_as_json(error)}, "error")


def _run_plugin_task(frame):
    """A `@shared_task` of the plugin, run as Celery runs an eager one: with id, binding, and retries at once."""
    from dispatcharr.celery import app

    name = frame["name"]
    if name not in app.tasks:
        raise LookupError(f"the plugin has no task {name!r}")
    outcome = app.tasks[name].apply(frame.get("args") or (), frame.get("kwargs") or {}, task_id=frame.get("task_id"))
    return outcome.get(disable_sync_subtasks=False)


def _close_connections():
    """Database connections belong to the thread, and the thread ends."""
    from django.db import connections

    connections.close_all()


def main(sock, key, path, takes_orders=False):
    """Serves the plugin until its socket ends; does not return."""
    host = current.host = Host(sock, key, path, takes_orders)
    logs.route_to(host.writer)
    calls.make_sleep_cancellable()
    os.register_at_fork(after_in_child=_become_a_plugins_child)
    host.serve()


def _become_a_plugins_child():
    current.host.writer.abandon()
    logs.route_to_stderr()
