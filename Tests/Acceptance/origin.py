"""The provider: a web server of our own that serves playlists and guides, as fast or as slowly as a check wants."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: A slow answer is sent in so many pieces.
PIECES = 100


class Origin:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        #: Path to the seconds over which its file is spread.
        self.seconds: dict[str, float] = {}
        self.requests: list[str] = []
        origin = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                origin.requests.append(self.path)
                body = origin.files.get(self.path)
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self._send(body, origin.seconds.get(self.path, 0))
                except (BrokenPipeError, ConnectionResetError):
                    pass  # Whoever asked was killed: that is what some checks are about.

            def _send(self, body: bytes, seconds: float) -> None:
                if not seconds:
                    self.wfile.write(body)
                    return
                size = len(body) // PIECES + 1
                for start in range(0, len(body), size):
                    self.wfile.write(body[start : start + size])
                    self.wfile.flush()
                    time.sleep(seconds / PIECES)

            def log_message(self, *_: object) -> None:
                """Nothing: the report is the log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def serve(self, path: str, body: bytes, seconds: float = 0) -> str:
        """Puts a file up and returns its address."""
        self.files[path] = body
        self.seconds[path] = seconds
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def close(self) -> None:
        self._server.shutdown()
