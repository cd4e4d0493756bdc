"""What a browser would see: every frame of the WebSocket, kept with its time."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

Data = dict


class Frames:
    """Listens from the start; reconnects when the server closes the socket, as the web app does."""

    def __init__(self, url: str, token: str) -> None:
        self._address = url.replace("http", "ws", 1) + "/ws/"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._all: list[tuple[float, dict]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._socket = connect(self._address, additional_headers=self._headers, open_timeout=5)
        threading.Thread(target=self._listen, daemon=True).start()

    def mark(self) -> int:
        """A place in time: later calls may ask only for what came after it."""
        with self._changed:
            return len(self._all)

    def all(self, since: int = 0) -> list[dict]:
        with self._changed:
            return [frame for _, frame in self._all[since:]]

    def updates(self, kind: str, since: int = 0) -> list[Data]:
        """`data` of the `update` envelopes of one type, in order."""
        envelopes = [frame for frame in self.all(since) if frame.get("type") == "update"]
        return [one["data"] for one in envelopes if one["data"].get("type") == kind]

    def wait(self, matches: Callable[[dict], bool], seconds: float, what: str, since: int = 0) -> dict:
        """The first frame, come or to come, that `matches`."""
        end, seen = time.monotonic() + seconds, since
        with self._changed:
            while True:
                for _, frame in self._all[seen:]:
                    if matches(frame):
                        return frame
                seen = len(self._all)
                left = end - time.monotonic()
                if left <= 0:
                    came = [frame for _, frame in self._all[since:]][-8:]
                    raise AssertionError(f"waited {seconds} s for {what}; the last frames were {came}")
                self._changed.wait(left)

    def wait_update(self, kind: str, seconds: float, since: int = 0, **fields: object) -> Data:
        """The first `update` of that type whose data has those fields."""

        def matches(frame: dict) -> bool:
            data = frame.get("data")
            if frame.get("type") != "update" or not isinstance(data, dict) or data.get("type") != kind:
                return False
            return all(data.get(key) == value for key, value in fields.items())

        return self.wait(matches, seconds, f"{kind} with {fields}", since)["data"]

    def close(self) -> None:
        self._closed = True
        self._socket.close()

    def _listen(self) -> None:
        while not self._closed:
            try:
                for text in self._socket:
                    with self._changed:
                        self._all.append((time.monotonic(), json.loads(text)))
                        self._changed.notify_all()
            except ConnectionClosed:
                pass
            while not self._closed:
                try:
                    self._socket = connect(self._address, additional_headers=self._headers, open_timeout=2)
                    break
                except (OSError, TimeoutError, ConnectionClosed):
                    time.sleep(0.1)
