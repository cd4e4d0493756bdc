"""Drives the plugin host over its real sockets, as Skirret's supervisor does."""

import array
import itertools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress

#: Seconds until a test that waits for something gives up; nothing waits this long when all is well, but a machine with
#: ten times more to do than it can takes twenty for a start.
PATIENCE = 60

#: The server listens on descriptor 3 by contract; a test's own numbers are whatever was free.
LAUNCH = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"


def wait_for_socket(path, process):
    """Until a server listens on `path`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                return probe.connect(path)
            except OSError:
                assert process.poll() is None, "redis-server ended"
                select.select([], [], [], 0.005)
    raise AssertionError(f"nobody listens on {path}")


class Frames:
    """One end of a frame socket: frames come in by themselves, and are taken by what they are, from any thread."""

    def __init__(self, sock):
        self.sock = sock
        self._kept, self._ended = [], False
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, descriptors=(), pieces=1, **frame):
        data = json.dumps(frame).encode()
        data = struct.pack(">I", len(data)) + data
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        cut = max(len(data) // pieces, 1) if pieces > 1 else len(data)
        self.sock.sendmsg([data[:cut]], rights)
        for start in range(cut, len(data), cut):
            self.sock.sendall(data[start : start + cut])

    def take(self, matches, what="a frame", patience=PATIENCE):
        """The first frame, come or to come, that `matches`; others wait for their turn."""
        end = time.monotonic() + patience
        with self._changed:
            while True:
                for index, frame in enumerate(self._kept):
                    if matches(frame):
                        return self._kept.pop(index)
                assert not self._ended, f"the socket ended before {what}; there are {self._kept!s:.2000}"
                left = end - time.monotonic()
                assert left > 0, f"waited {patience} s for {what}; there are {self._kept!s:.2000}"
                self._changed.wait(left)

    def take_all(self, kind):
        """The frames of one type that have come until now; call it after the frame that ends them."""
        return self.take_those(lambda frame: frame["type"] == kind)

    def take_those(self, matches):
        """The frames that have come until now and match, in order."""
        with self._changed:
            found = [frame for frame in self._kept if matches(frame)]
            self._kept = [frame for frame in self._kept if not matches(frame)]
            return found

    def _read(self):
        with suppress(ConnectionResetError), self.sock.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                frame = json.loads(stream.read(struct.unpack(">I", head)[0]))
                with self._changed:
                    self._kept.append(frame)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class HostServer:
    """The fork server as a child of this test run."""

    def __init__(self, environment):
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-c", LAUNCH, str(theirs.fileno()), "-m", "skirret_host.server"]
        self.process = subprocess.Popen(
            command,
            cwd=environment.get("SKIRRET_DATA_DIR"),
            env=environment,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self.control = Frames(ours)
        self.control.take(lambda frame: frame["type"] == "ready", "ready")
        self._ids = itertools.count(1)
        self._plugins = []

    def spawn(self, folder, limits=None, pieces=1, key=None, sandbox=None, takes_orders=False):
        """A process of its own for the plugin in `folder`; free to reach everything without `sandbox`."""
        ours, theirs = socket.socketpair()
        outputs = [os.pipe(), os.pipe()]
        number = next(self._ids)
        key = key or os.path.basename(folder)
        confined = {} if sandbox is None else {"sandbox": sandbox}
        self.control.send(
            [theirs.fileno(), outputs[0][1], outputs[1][1]], pieces,
            type="spawn", id=number, plugin=key, path=str(folder), limits=limits or {}, takes_orders=takes_orders, **confined,
        )  # fmt: skip
        theirs.close()
        for _, write_end in outputs:
            os.close(write_end)
        pid = self.control.take(lambda frame: frame["type"] == "spawned" and frame["id"] == number, "spawned")["pid"]
        plugin = RunningPlugin(self, key, pid, Frames(ours), outputs[0][0], outputs[1][0])
        self._plugins.append(plugin)
        return plugin

    def end_plugins(self):
        for plugin in self._plugins:
            plugin.end()
        self._plugins.clear()

    def close(self):
        """Ends the server the way the supervisor does: by closing its socket."""
        self.control.sock.shutdown(socket.SHUT_RDWR)
        assert self.process.wait(timeout=PATIENCE) == 0


class RunningPlugin:
    """One plugin's process, its calls and its output."""

    def __init__(self, server, key, pid, frames, stdout, stderr):
        self.server, self.key, self.pid, self.frames = server, key, pid, frames
        self._ids = itertools.count(1)
        self._outputs = {"stdout": Output(stdout), "stderr": Output(stderr)}
        self._exited = None

    def call(self, method, **frame):
        """Sends a call and returns its id."""
        number = next(self._ids)
        about = {"key": self.key, "name": "Test", "version": "1", "description": "", "enabled": True}
        self.frames.send(**{"type": "call", "id": number, "method": method, "plugin": about, "settings": {}, **frame})
        return number

    def answer(self, number, patience=PATIENCE):
        """The result or error frame of a call."""
        return self.frames.take(
            lambda frame: frame["type"] in ("result", "error") and frame["id"] == number,
            f"the answer to {number}",
            patience,
        )

    def run(self, action, params=None, **frame):
        """The result of an action, which must succeed."""
        answer = self.answer(self.call("run", action=action, params=params or {}, **frame))
        assert answer["type"] == "result", answer["error"]["traceback"]
        return answer["result"]

    def fail(self, action, params=None, **frame):
        """The error of an action, which must fail."""
        answer = self.answer(self.call("run", action=action, params=params or {}, **frame))
        assert answer["type"] == "error", answer
        return answer["error"]

    def cancel(self, number):
        self.frames.send(type="cancel", id=number)

    def kill(self):
        os.killpg(self.pid, signal.SIGKILL)

    def exited(self):
        """The server's report of this process's end."""
        if self._exited is None:
            self._exited = self.server.control.take(
                lambda frame: frame["type"] == "exited" and frame["pid"] == self.pid, f"the end of {self.key}"
            )
        return self._exited

    def end(self):
        """Closes the socket, which ends the process, and waits for that."""
        if self._exited is None:
            self.frames.sock.shutdown(socket.SHUT_RDWR)
        return self.exited()

    def output_so_far(self, name):
        """What the plugin has printed until now."""
        return self._outputs[name].so_far()

    def output(self, name):
        """Everything the plugin printed; the process must have ended."""
        return self._outputs[name].whole()


class Output:
    """Reads one pipe to its end as it fills: a pipe that nobody reads holds its writer up."""

    def __init__(self, descriptor):
        self._stream = os.fdopen(descriptor, "rb", buffering=0)
        self._data = bytearray()  # grows in place: a plugin may print much
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def whole(self):
        self._reader.join(PATIENCE)
        return self._data.decode()

    def so_far(self):
        return self._data.decode(errors="replace")

    def _read(self):
        with self._stream:
            while piece := os.read(self._stream.fileno(), 1 << 16):
                self._data += piece
