"""A TCP proxy between a worker and Redis: holds, loses, slows or watches what passes, in either direction."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

from .processes import free_port

#: Towards Redis, and back.
UP, DOWN = "up", "down"
#: Sees what passes; what it returns False for is not passed on.
Tap = Callable[[str, bytes], bool]


class Proxy:
    """Passes everything on until told otherwise. Connections are accepted in every state, as a lost peer's would be."""

    def __init__(self, target: int) -> None:
        self.port, self._target = free_port(), target
        self._gates = {UP: threading.Event(), DOWN: threading.Event()}
        self._is_lossy = {UP: False, DOWN: False}
        self._tap: Tap | None = None
        self._bytes_per_second: float | None = None
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        for gate in self._gates.values():
            gate.set()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def tap(self, tap: Tap | None) -> None:
        self._tap = tap

    def hold(self, *directions: str) -> None:
        """Nothing passes; what was sent arrives once released."""
        for direction in directions or (UP, DOWN):
            self._gates[direction].clear()

    def lose(self, *directions: str) -> None:
        """What is sent is gone, and the sender is not told."""
        for direction in directions or (UP, DOWN):
            self._is_lossy[direction] = True

    def heal(self) -> None:
        """Passes everything on again. Connections that lost bytes are of no use any more, so they end."""
        was_lossy = any(self._is_lossy.values())
        for direction in (UP, DOWN):
            self._is_lossy[direction] = False
            self._gates[direction].set()
        if was_lossy:
            self.cut()

    def slow_to(self, bits_per_second: float | None) -> None:
        self._bytes_per_second = bits_per_second / 8 if bits_per_second else None

    def cut(self) -> None:
        """Ends all connections."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has gone by itself

    def close(self) -> None:
        self._listener.close()
        self.heal()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets |= {client, server}
            threading.Thread(target=self._pump, args=(client, server, UP), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, DOWN), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        try:
            while data := source.recv(65_536):
                self._gates[direction].wait()
                if self._is_lossy[direction]:
                    continue
                if self._tap and not self._tap(direction, data):
                    continue
                if self._bytes_per_second:
                    time.sleep(len(data) / self._bytes_per_second)
                sink.sendall(data)
        except OSError:
            pass  # one side has gone; the other follows
        self._gates[direction].wait()
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # gone already
        with self._lock:
            self._sockets -= {source, sink}
