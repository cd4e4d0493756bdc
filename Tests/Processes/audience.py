"""Many WebSockets in a process of their own, which measures nothing but what it is there to measure.

A crowd that reads in the process of whoever reads the clock delays that clock: the bytes of a thousand sockets are taken
before the one that is timed has its turn. So those that are timed, those that only take up room and those that are slow
each are an `Audience`, and each says how much of a processor it used: beyond most of one, its times are its own.
"""

from __future__ import annotations

import json
import os
import random
import select
import socket
import subprocess
import sys
import time

if __name__ != "__main__":
    from crowd import ESTABLISHED


class Audience:
    """The process, as a test sees it: it is asked and answers, a line of JSON each."""

    def __init__(self, port: int, token: str, topics: list[list[str]], *, timed: bool = False) -> None:
        command = [sys.executable, __file__, str(port), "timed" if timed else "counted"]
        # A session of its own: whatever happens to the test, nothing of it is signalled twice.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self._ask(json.dumps({"token": token, "topics": topics}))

    def _ask(self, line: str) -> dict:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the audience ended with {self._process.wait(10)}; its error stands above"
        return json.loads(answer)

    def begin(self) -> None:
        """Forgets the delays and the processor's time so far."""
        self._ask("begin")

    def report(self) -> dict:
        """`least` and `most` events that any of them heard, `delays` in seconds since `begin`, the `share` of a processor
        used since then, how many are `cut`, and the `codes` that the server gave.
        """
        return self._ask("report")

    def slow_down(self) -> None:
        """From here on each reads a kilobyte a second."""
        self._ask("slow")

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


class Seat:
    """One socket: takes frames apart no further than it must."""

    def __init__(self, port: int, token: str, topics: list[str], timed: list[float] | None) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.timed = timed
        self.buffer = bytearray()
        #: Bytes of a frame's payload that are still to come and that nobody looks at.
        self.skip = 0
        self.heard = 0
        self.live = False
        self.code: int | None = None
        self.sock.sendall(
            f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: c2tpcnJldCdzIGNyb3dkcw==\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.sock.recv(65536) or _refuse(self.buffer)
        end = self.buffer.index(b"\r\n\r\n") + 4
        if not self.buffer.startswith(b"HTTP/1.1 101"):
            _refuse(self.buffer)
        del self.buffer[:end]
        self._send(1, json.dumps({"type": "subscribe", "topics": topics}).encode())
        while not self.live:
            self.take(self.sock.recv(65536) or _refuse(self.buffer))
        self.sock.setblocking(False)

    def take(self, data: bytes) -> None:
        if self.skip >= len(data):
            self.skip -= len(data)
            return
        self.buffer += memoryview(data)[self.skip :]
        self.skip = 0
        while self._frame():
            pass

    def _frame(self) -> bool:
        """Whether there was one; what is of no interest may still be on its way."""
        buffer = self.buffer
        if len(buffer) < 2:
            return False
        length, start = buffer[1], 2
        if length > 125:
            start = 4 if length == 126 else 10
            if len(buffer) < start:
                return False
            length = int.from_bytes(buffer[2:start], "big")
        kind, end = buffer[0] & 15, start + length
        if kind == 1 and self.live and self.timed is None:
            self.heard += 1
            self.skip = max(0, end - len(buffer))
        elif len(buffer) < end:
            return False
        else:
            self._read(kind, bytes(buffer[start:end]))
        del buffer[:end]
        return True

    def _read(self, kind: int, payload: bytes) -> None:
        if kind == 9:
            self._send(10, payload)
        elif kind == 8:
            self.code = int.from_bytes(payload[:2], "big")
        elif kind == 1 and not self.live:
            self.live = json.loads(payload)["type"] == "subscribed"
        elif kind == 1:
            self.heard += 1
            # No parser: it would cost more than all the rest. Each event that is timed says `"at":12.5`.
            at = payload.find(b'"at":')
            if at >= 0:
                self.timed.append(time.monotonic() - float(payload[at + 5 : at + 30].split(b",")[0].rstrip(b"}")))

    def _send(self, kind: int, payload: bytes) -> None:
        mask = os.urandom(4)
        length = bytes([128 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self.sock.sendall(bytes([128 | kind]) + length + mask + body)

    @property
    def is_cut(self) -> bool:
        """As the kernel knows it: who reads a byte now and then would hear of it only after all that waits unread."""
        return self.sock.fileno() < 0 or self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED


def _refuse(answer: bytes) -> bytes:
    raise SystemExit(f"the server did not open a WebSocket; it said {bytes(answer[:300])!r}")


def _serve(port: int, is_timed: bool) -> None:
    order = json.loads(sys.stdin.readline())
    delays: list[float] = []
    seats = [Seat(port, order["token"], topics, delays if is_timed else None) for topics in order["topics"]]
    poll, by_number, slow, next_crumb = select.epoll(), {}, False, 0.0
    for seat in seats:
        by_number[seat.sock.fileno()] = seat
        poll.register(seat.sock.fileno(), select.EPOLLIN)
    poll.register(sys.stdin.fileno(), select.EPOLLIN)
    began, used = time.monotonic(), time.process_time()
    print("{}", flush=True)
    while True:
        ready = poll.poll(max(0.0, next_crumb - time.monotonic()) if slow else None)
        # Nobody first: whom the kernel names last would always be late.
        random.shuffle(ready)
        for number, _ in ready:
            if number == sys.stdin.fileno():
                asked = sys.stdin.readline().strip()
                if not asked:
                    return
                answer = {}
                if asked == "begin":
                    delays.clear()
                    began, used = time.monotonic(), time.process_time()
                elif asked == "slow":
                    slow = True
                    for seat in seats:
                        poll.unregister(seat.sock.fileno())
                else:
                    answer = {
                        "least": min(seat.heard for seat in seats),
                        "most": max(seat.heard for seat in seats),
                        "delays": delays,
                        "share": (time.process_time() - used) / max(time.monotonic() - began, 1e-9),
                        "cut": sum(seat.is_cut for seat in seats),
                        "codes": [seat.code for seat in seats if seat.code],
                    }
                print(json.dumps(answer), flush=True)
            elif number in by_number and not _take(by_number[number], 1 << 18):
                del by_number[number]
        if slow and time.monotonic() >= next_crumb:
            next_crumb = time.monotonic() + 1
            for number, seat in list(by_number.items()):
                if not _take(seat, 1024):
                    del by_number[number]


def _take(seat: Seat, most: int) -> bool:
    """Whether there is more to come, now or ever."""
    try:
        data = seat.sock.recv(most)
    except BlockingIOError:
        return True
    except OSError:
        data = b""
    if data:
        seat.take(data)
    else:
        seat.sock.close()
    return bool(data)


if __name__ == "__main__":
    import crowd

    ESTABLISHED = crowd.ESTABLISHED
    _serve(int(sys.argv[1]), sys.argv[2] == "timed")
