"""Many sockets in one process: WebSocket clients that do as little as can be, and callers who never finish."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import socket
import time

#: The first byte of Linux's `struct tcp_info` while both sides may send.
ESTABLISHED = 1


def backoff(attempt: int) -> float:
    """As the web app waits before it connects again: half to all of 0.5 s, 1 s, 2 s … 30 s."""
    most = min(30.0, 0.5 * 2**attempt)
    return most / 2 + random.random() * most / 2


class Listener(asyncio.Protocol):
    """One WebSocket that comes back and asks for what it has missed.

    `heard` is called with each event's data; `place` is where it is in the history.
    """

    def __init__(self, port: int, token: str, heard) -> None:
        self.port, self.token, self.heard = port, token, heard
        self.place: tuple[str, str] | None = None
        self.live = False
        self.recovered = True
        self.code: int | None = None
        self.is_over = False
        self.attempt = 0
        self.transport: asyncio.Transport | None = None

    async def run(self) -> None:
        """Connects until told to stop."""
        loop = asyncio.get_running_loop()
        while not self.is_over:
            self.buffer, self.greeted, self.live = bytearray(), False, False
            self.gone = loop.create_future()
            try:
                await loop.create_connection(lambda: self, "127.0.0.1", self.port)
                await self.gone
            except OSError:
                pass
            if not self.is_over:
                await asyncio.sleep(backoff(self.attempt))
                self.attempt += 1

    def stop(self) -> None:
        self.is_over = True
        if self.transport:
            self.transport.abort()

    @property
    def is_cut(self) -> bool:
        """Whether the server has ended the connection, as the kernel knows it.

        Who reads a byte now and then would hear of it only after all that waits unread, hours later.
        """
        if self.gone.done() or self.code or self.transport.is_closing():
            return True
        sock = self.transport.get_extra_info("socket")
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED

    # --- asyncio.Protocol

    def connection_made(self, transport) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode()
        )

    def connection_lost(self, error) -> None:
        self.live = False
        if not self.gone.done():
            self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.greeted:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.buffer.startswith(b"HTTP/1.1 101"):
                self.transport.abort()
                return
            self.greeted = True
            del self.buffer[: end + 4]
        while frame := self._frame():
            self._take(*frame)

    def _frame(self) -> tuple[int, bytes] | None:
        if len(self.buffer) < 2:
            return None
        length, start = self.buffer[1], 2
        if length > 125:
            start = 4 if length == 126 else 10
            if len(self.buffer) < start:
                return None
            length = int.from_bytes(self.buffer[2:start], "big")
        if len(self.buffer) < start + length:
            return None
        kind, payload = self.buffer[0] & 15, bytes(self.buffer[start : start + length])
        del self.buffer[: start + length]
        return kind, payload

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == 9:
            self._send(10, payload)
        if kind == 8:
            self.code = int.from_bytes(payload[:2], "big")
            self.transport.close()
        if kind != 1:
            return
        envelope = json.loads(payload)
        if envelope["type"] == "connection_established":
            ask = {"type": "subscribe", "topics": ["updates"]}
            if self.place:
                ask["epoch"], ask["offset"] = self.place
            self._send(1, json.dumps(ask).encode())
        if envelope["type"] == "subscribed":
            data = envelope["data"]
            self.recovered = self.recovered and (self.place is None or data["recovered"])
            # What was missed follows; only where nothing can be missed is the end the place.
            if self.place is None and "offset" in data:
                self.place = (data["epoch"], data["offset"])
            self.live, self.attempt = True, 0
        if envelope["type"] == "update":
            # As the web app does: what comes before the answer to a place that was named comes again, in its order.
            if self.place and not self.live:
                return
            if "offset" in envelope and self.place:
                self.place = (self.place[0], envelope["offset"])
            self.heard(envelope["data"])

    def _send(self, kind: int, payload: bytes) -> None:
        mask = os.urandom(4)
        length = bytes([128 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self.transport.write(bytes([128 | kind]) + length + mask + body)


class Dripper(asyncio.Protocol):
    """A caller whose request never ends: one byte of a header a second."""

    def __init__(self) -> None:
        self.open = False
        self.began = self.ended = 0.0

    def connection_made(self, transport) -> None:
        self.transport, self.open, self.began = transport, True, time.monotonic()
        transport.write(b"GET /api/tasks/ HTTP/1.1\r\nHost: a\r\nX-Slow: ")

    def connection_lost(self, error) -> None:
        self.open, self.ended = False, time.monotonic()

    def drip(self) -> None:
        if self.open:
            self.transport.write(b"x")


async def gather_in_waves(starts, wave: int = 250) -> None:
    """Awaits coroutines, a wave at a time: a listening socket's queue has its end."""
    starts = list(starts)
    for index in range(0, len(starts), wave):
        await asyncio.gather(*starts[index : index + wave])
