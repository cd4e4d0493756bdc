"""The fork server: imports Django and the SDK once, then forks a process per plugin.

Listens on descriptor 3. Never runs plugin code, has one thread and no connection of its own, so a fork
is clean. Ends, with everything it started, when the socket ends.
"""

import array
import gc
import importlib
import os
import selectors
import signal
import socket
import sys

from . import cgroups, limits, sandbox, secrets
from .frames import LENGTH, MAX_INBOUND, FrameError, Writer, decode
from .reaper import Reaper

CONTROL = 3

#: Imported before the first fork: what nearly every plugin needs, and what is slow to import.
WARM = (
    "apps.m3u.tasks",
    "apps.epg.tasks",
    "apps.channels.tasks",
    "apps.vod.tasks",
    "apps.plugins.tasks",
    "apps.backups.tasks",
    "apps.proxy.tasks",
    "apps.plugins.loader",
    "core.tasks",
    "core.utils",
    "core.scheduling",
    "celery.backends.redis",
    "kombu.transport.redis",
    "django.core.cache.backends.redis",
    "skirret_host.child",
    "requests",
)


class Control:
    """The socket to Swift: frames in pieces, and the descriptors that travel with them."""

    def __init__(self, sock):
        self._sock = sock
        self._data = bytearray()
        self._descriptors = []

    def receive(self):
        """The frames that have become whole; None at the end of the socket."""
        space = socket.CMSG_LEN(64 * array.array("i").itemsize)
        data, ancillary, flags, _ = self._sock.recvmsg(1 << 16, space, socket.MSG_CMSG_CLOEXEC)
        if flags & socket.MSG_CTRUNC:
            raise FrameError("descriptors were lost on the control socket")
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self._descriptors.extend(array.array("i", payload))
        if not data:
            return None
        self._data += data
        return list(self._whole_frames())

    def _whole_frames(self):
        while len(self._data) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._data)
            if length > MAX_INBOUND:
                raise FrameError(f"a frame of {length} bytes; at most {MAX_INBOUND} are read")
            end = LENGTH.size + length
            if len(self._data) < end:
                return
            yield decode(bytes(self._data[LENGTH.size : end]))
            del self._data[:end]

    def take_descriptors(self, count):
        """The oldest `count` descriptors; they arrive in the order of their frames."""
        if len(self._descriptors) < count:
            raise FrameError(f"a spawn frame needs {count} descriptors, {len(self._descriptors)} came")
        taken, self._descriptors = self._descriptors[:count], self._descriptors[count:]
        return taken


class Server:
    """Forks on request and reports who has ended."""

    def __init__(self, sock):
        self._sock = sock
        self._control = Control(sock)
        self._writer = Writer(sock)
        self._reaper = Reaper()
        self._groups = _groups_folder()
        self._wakeup, self._woken_by = socket.socketpair()

    def serve(self):
        """Until the control socket ends."""
        self._watch_signals()
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            selector.register(self._wakeup, selectors.EVENT_READ)
            self._writer.send(type="ready", pid=os.getpid())
            while True:
                for key, _ in selector.select(self._reaper.patience):
                    if key.fileobj is self._wakeup:
                        if signal.SIGTERM in self._wakeup.recv(4096):
                            return
                    elif not self._handle_control():
                        return
                self._reaper.watch()
                for exited in self._reaper.reap():
                    self._writer.send(**exited)

    def end(self):
        """Ends every plugin; returns when nothing they started is left."""
        self._reaper.end_all()

    def _watch_signals(self):
        self._wakeup.setblocking(False)
        self._woken_by.setblocking(False)
        signal.set_wakeup_fd(self._woken_by.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # the number arrives through the wake-up descriptor
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _handle_control(self):
        frames = self._control.receive()
        for frame in frames or ():
            if frame.get("type") == "spawn":
                self._spawn(frame)
            else:
                print(f"plugin host server: frame {frame.get('type')!r} ignored", file=sys.stderr)
        return frames is not None

    def _spawn(self, frame):
        descriptors = self._control.take_descriptors(3)
        leading, leads = os.pipe()
        group = self._make_group(frame)
        try:
            pid = os.fork()
            if pid == 0:
                _become_plugin(frame, descriptors, leads, group)
        except OSError as error:
            failure = {"type": "OSError", "module": "builtins", "message": f"cannot fork: {error}", "args": []}
            answer = {"type": "error", "id": frame["id"], "error": failure}
        else:
            self._reaper.adopt(pid, frame.get("limits"), group)
            answer = {"type": "spawned", "id": frame["id"], "pid": pid}
        for descriptor in (*descriptors, leads):
            os.close(descriptor)
        os.read(leading, 1)  # ends when the child leads its group: who hears of it may kill the group at once
        os.close(leading)
        self._writer.send(**answer)

    def _make_group(self, frame):
        if self._groups is None:
            return None
        try:
            return cgroups.make(self._groups, f"skirret-{os.getpid()}-{frame['id']}", frame.get("limits") or {})
        except OSError as error:
            print(f"plugin host server: no cgroup for {frame['plugin']}: {error}", file=sys.stderr)
            return None


def _groups_folder():
    try:
        return cgroups.parent()
    except (OSError, cgroups.Unavailable):
        return None  # `skirret doctor` says why; the tree is counted from outside then


def _become_plugin(frame, descriptors, leads, group):
    """In the child: only the plugin's own descriptors stay, its limits are set, and it is served to its end."""
    try:
        if group is not None:
            cgroups.join(group)
        os.setsid()
        os.close(leads)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        limits.prctl(limits.PR_SET_PDEATHSIG, signal.SIGKILL)
        limits.prctl(limits.PR_SET_CHILD_SUBREAPER, 1)
        frames = _arrange(descriptors)
        if (profile := frame.get("sandbox")) is not None:
            sandbox.apply(frame["plugin"], frame["path"], profile)
            limits.prctl(limits.PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user has forgotten it
        limits.apply(frame.get("limits") or {})
        from .child import main as serve_plugin

        serve_plugin(frames, frame["plugin"], frame["path"], frame.get("takes_orders", False))
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(70)  # EX_SOFTWARE: a plugin's process ends by being killed, never by coming here


def _arrange(descriptors):
    """stdin from nowhere, stdout and stderr to the given pipes, the frame socket as 3, nothing else open."""
    sock, out, err = descriptors
    nowhere = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nowhere, 0), (out, 1), (err, 2), (sock, CONTROL)):
        os.dup2(source, target, inheritable=target != CONTROL)
    os.closerange(CONTROL + 1, os.sysconf("SC_OPEN_MAX"))
    # New objects: the old ones remember what kind of file the server's own output was.
    sys.stdout = sys.__stdout__ = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    return socket.socket(fileno=CONTROL)


def warm_up():
    """Imports what plugins import, and leaves their pages shared after the fork."""
    limits.keep_address_space_small()
    limits.prctl(limits.PR_SET_CHILD_SUBREAPER, 1)
    import django

    django.setup()
    for module in WARM:
        importlib.import_module(module)
    from dispatcharr.celery import app

    app.finalize()
    secrets.forget()
    gc.collect()
    gc.freeze()


def main():
    """Runs the server on descriptor 3."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatcharr.settings")
    warm_up()
    sock = socket.socket(fileno=CONTROL)
    server = Server(sock)
    try:
        server.serve()
    finally:
        server.end()


if __name__ == "__main__":
    main()
