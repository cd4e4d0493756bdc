"""A data folder without space: what is there is read, what cannot be kept is refused, and space heals it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import SKIRRET, descendants, until

TOKEN = "token-of-the-full-disk-0123456789"
OWN_MOUNTS = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
HOUSE = 'mount -t tmpfs -o size=64m tmpfs "$1" && exec "$2" serve --data-dir "$1" --port "$3" --safe-mode'


class Api:
    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}/api"

    def ask(self, path: str, body: dict | None = None) -> tuple[int, dict]:
        """Status and answer; 0 when nobody answers."""
        request = urllib.request.Request(
            f"{self.base}/{path}/", body and json.dumps(body).encode(),
            {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def add(self, name: str) -> tuple[int, dict]:
        """A playlist whose name takes many pages."""
        return self.ask("m3u/accounts", {
            "name": name, "server_url": "http://192.0.2.1/list.m3u", "is_active": False,
            "custom_properties": {"note": "x" * 60_000}})


@pytest.fixture
def small_disk(tmp_path):
    """An API on a disk of 64 MB, the way to its folder, and what it says."""
    if not SKIRRET.exists() or not shutil.which("redis-server"):
        pytest.skip(f"{SKIRRET} or redis-server is not there")
    folder = tmp_path / "data"
    folder.mkdir()
    if subprocess.run([*OWN_MOUNTS, "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no mounts of our own here: neither root nor user namespaces")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path / "log").open("w")
    serve = subprocess.Popen(
        [*OWN_MOUNTS, "sh", "-c", HOUSE, "sh", folder, SKIRRET, str(port)], stdout=log, stderr=log,
        env={**os.environ, "SKIRRET_ADMIN_TOKEN": TOKEN}, start_new_session=True)
    api = Api(port)
    try:
        until(lambda: api.ask("channels/streams")[0] == 200, 60, f"the API; it said {(tmp_path / 'log').read_text()}")
        yield api, Path(f"/proc/{serve.pid}/root{folder}"), tmp_path / "log"
    finally:
        started = descendants(serve.pid)
        serve.terminate()
        try:
            serve.wait(30)
        finally:
            log.close()
            for pid in [serve.pid, *started]:
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass  # it went by itself


def integrity(database: Path) -> str:
    """SQLite's own word, from inside: its file names know nothing of ways through /proc."""
    _, _, pid, _, *parts = database.parts
    inside = ["nsenter", "--target", pid, "--mount"] + ([] if os.geteuid() == 0 else ["--user", "--preserve-credentials"])
    program = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone())"
    command = [*inside, sys.executable, "-c", program, "/" + "/".join(parts)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def fill(path: Path) -> None:
    """Takes the last byte that is left."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def test_a_full_disk_refuses_writes_and_heals(small_disk):
    api, folder, _ = small_disk
    assert api.add("before")[0] == 201
    fill(folder / "fill")
    names = (f"while full {number}" for number in range(1000))
    kept = {"before"}

    def refused() -> dict | None:
        name = next(names)
        status, answer = api.add(name)
        if status == 201:
            kept.add(name)  # there was room in a file that is used again
        return answer if status == 507 else None

    answer = until(refused, 30, "a write to be refused")
    assert answer["code"] == "storage_full", answer
    for path in ("channels/streams", "m3u/accounts"):
        assert api.ask(path)[0] == 200, "what is there can be read"
    (folder / "fill").unlink()
    until(lambda: api.add("after")[0] == 201, 10, "writes to work again")
    there = {row["name"] for row in api.ask("m3u/accounts")[1]} - {"custom"}  # the built-in one
    assert there == kept | {"after"}
    assert "ok" == integrity(folder / "skirret.db")


class Origin(ThreadingHTTPServer):
    """A provider whose playlist's end waits until it may go."""

    ENTRIES = 40
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Playlist)
        self.asked, self.may_end = threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Playlist(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        entry = "#EXTINF:-1 group-title=\"News\",Stream {0}\nhttp://192.0.2.1/{0}.ts\n"
        text = ("#EXTM3U\n" + "".join(entry.format(number) for number in range(self.server.ENTRIES))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text[:1000])
        self.server.asked.set()
        self.server.may_end.wait(120)
        self.wfile.write(text[1000:])

    def log_message(self, *_) -> None:
        pass  # the server under test has a log of its own


def test_a_refresh_that_meets_a_full_disk_is_done_when_there_is_room(small_disk):
    api, folder, log = small_disk
    origin = Origin()

    def streams() -> list:
        return api.ask("channels/streams")[1]["streams"]

    try:
        status, account = api.ask("m3u/accounts", {
            "name": "held", "server_url": f"http://127.0.0.1:{origin.server_port}/list.m3u", "refresh_interval": 0})
        assert status == 201, account
        # The groups of a new account are read at once; the refresh waits for that.
        origin.may_end.set()
        until(lambda: "M3U groups loaded" in json.dumps(api.ask(f"m3u/accounts/{account['id']}")), 60, "the groups")
        origin.may_end.clear()
        origin.asked.clear()
        assert api.ask(f"m3u/refresh/{account['id']}", {})[0] < 300
        assert origin.asked.wait(60), "the refresh asks its provider"
        fill(folder / "fill")
        origin.may_end.set()
        until(lambda: "put off, as the database cannot be written" in log.read_text(), 60, "the refresh to be put off")
        assert streams() == []
        (folder / "fill").unlink()
        until(lambda: len(streams()) == Origin.ENTRIES, 30, "the refresh to be done")
    finally:
        origin.may_end.set()
        origin.shutdown()
        origin.server_close()
    assert "ok" == integrity(folder / "skirret.db")
