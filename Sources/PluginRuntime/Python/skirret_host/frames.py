"""Frames: a 4-byte big-endian length, then one UTF-8 JSON object. The same in both directions.

    | length (4) | {"type": "call", "id": 7, ...} |

What cannot be written as JSON is refused with the path of the offending value, because
"Object of type set is not JSON serializable" does not tell a plugin's author where to look.
"""

import json
import math
import re
import socket
import struct
import threading
from collections.abc import Mapping

LENGTH = struct.Struct(">I")

#: Bytes. Uploads travel as files, so nothing honest comes near it.
MAX_INBOUND = 64 * 1024 * 1024
#: Bytes. A larger answer belongs into a file or the database.
MAX_RESULT = 16 * 1024 * 1024
#: Bytes. An event is told to every open browser.
MAX_EVENT = 1024 * 1024
#: Levels. Every reader on the way, Swift's and the browser's, takes 128, and each wraps the value once or twice.
MAX_DEPTH = 100


class FrameError(Exception):
    """The peer broke the framing; nothing after it on this socket can be trusted."""


class UnreadableFrame(Exception):
    """One frame is not JSON we read, though its bounds are known; `id` is its call's, if it could be found."""

    def __init__(self, message, call_id):
        super().__init__(message)
        self.id = call_id


class Unserialisable(ValueError):
    """A value that JSON cannot carry, and where it is: `result.items[3].seen`."""


def encode(value, root="result", limit=MAX_RESULT):
    """`value` as JSON bytes; `Unserialisable` names the path of what is wrong, starting from `root`."""
    try:
        data = json.dumps(
            value, default=_known_types, allow_nan=False, ensure_ascii=False, separators=(",", ":")
        ).encode("utf-8")
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise Unserialisable(_find_fault(value, root) or f"{root}: {error}") from None
    if _deeper_than(MAX_DEPTH, value, data):
        raise Unserialisable(_find_fault(value, root) or f"{root}: nested deeper than {MAX_DEPTH} levels")
    if len(data) > limit:
        raise Unserialisable(
            f"{root}: {len(data) / 1048576:.1f} MiB of JSON; at most {limit // 1048576} MiB can be returned. "
            "Write it to a file, or return a page of it."
        )
    return data


def _deeper_than(levels, value, data):
    """Whether `value`, written as `data`, nests deeper; looks level by level, and only at what could."""
    if data.count(b"[") + data.count(b"{") <= levels:
        return False
    containers = [value]
    for _ in range(levels + 1):
        items = (item for one in containers for item in (one.values() if isinstance(one, dict) else one))
        containers = [item for item in items if isinstance(item, (dict, list, tuple))]
        if not containers:
            return False
    return True


def _known_types(value):
    """Dates, decimals, UUIDs and lazy strings are written as Django writes them; a path as its text."""
    from pathlib import PurePath

    from django.core.serializers.json import DjangoJSONEncoder

    if isinstance(value, PurePath):
        return str(value)
    return DjangoJSONEncoder().default(value)


def _find_fault(value, path, above=()):
    """The first value below `path` that JSON cannot carry, as a sentence; None if there is none."""
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return f"{path}: half of a surrogate pair, which is not text"
    elif isinstance(value, float):
        if not math.isfinite(value):
            return f"{path}: {value} is not a JSON number"
    elif isinstance(value, (Mapping, list, tuple)):
        if any(value is one for one in above):
            return f"{path}: contains itself"
        if len(above) >= MAX_DEPTH:
            return f"{path}: nested deeper than {MAX_DEPTH} levels"
        return _find_fault_inside(value, path, (*above, value))
    elif not (value is None or isinstance(value, int)):
        try:
            _known_types(value)
        except TypeError:
            return f"{path}: a {type(value).__name__} cannot be written as JSON"
    return None


def _find_fault_inside(value, path, above):
    if not isinstance(value, (dict, list, tuple)):
        return f"{path}: a {type(value).__name__} cannot be written as JSON"
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        here = f"{path}.{key}" if isinstance(key, str) else f"{path}[{key!r}]"
        if isinstance(value, dict) and not (key is None or isinstance(key, (str, int, float))):
            return f"{path}: a {type(key).__name__} cannot be a key in JSON"
        if fault := _find_fault(key, f"{path}: key") or _find_fault(item, here, above):
            return fault
    return None


def _refuse_constant(name):
    raise ValueError(f"{name} is not a JSON number")


def decode(data):
    """The object in one frame's bytes, or `UnreadableFrame`."""
    try:
        frame = json.loads(data, parse_constant=_refuse_constant)
        if not isinstance(frame, dict):
            raise ValueError("a frame is a JSON object")
        return frame
    except (ValueError, RecursionError) as error:
        found = re.search(rb'"id"\s*:\s*(\d{1,18})', data[:200])
        raise UnreadableFrame(f"unreadable frame: {error}", int(found[1]) if found else None) from None


def read(sock):
    """The next frame of a blocking socket; None when the peer has closed it."""
    head = _read_exactly(sock, LENGTH.size)
    if head is None:
        return None
    (length,) = LENGTH.unpack(head)
    if length > MAX_INBOUND:
        raise FrameError(f"a frame of {length} bytes; at most {MAX_INBOUND} are read")
    data = _read_exactly(sock, length)
    return None if data is None else decode(data)


def _read_exactly(sock, count):
    data = bytearray()
    while len(data) < count:
        piece = sock.recv(min(count - len(data), 1 << 20))
        if not piece:
            return None
        data += piece
    return bytes(data)


class Writer:
    """Writes whole frames from any thread.

    Each frame is one `sendall`: an exception thrown into the thread from outside (a cancel) can
    arrive before it or after it, never inside, so a frame is never half on the wire.
    """

    def __init__(self, sock: socket.socket):
        self._sock = sock
        self._lock = threading.Lock()

    def send(self, root="frame", limit=MAX_RESULT, **frame):
        """Sends `frame`; faults in it are reported as paths below `root`."""
        self.send_encoded(encode(frame, root, limit))

    def send_encoded(self, data):
        with self._lock:
            self._sock.sendall(LENGTH.pack(len(data)) + data)

    def abandon(self):
        """In a process that the plugin has forked: two writers would mix their frames, so only the parent writes."""
        self._sock.close()
        self._lock = threading.Lock()  # the parent's may have been held by a thread that does not exist here
