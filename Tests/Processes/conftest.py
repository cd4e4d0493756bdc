"""A Redis and workers of ours in processes of their own, for one test each."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis

ROOT = Path(__file__).resolve().parents[2]
SKIRRET = Path(os.environ.get("SKIRRET_BINARY", ROOT / ".build/debug/skirret"))


def until(found, seconds: float, what: str):
    """The first truthy answer."""
    end = time.monotonic() + seconds
    while True:
        if value := found():
            return value
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def descendants(pid: int) -> dict[int, str]:
    """Every process below that one, with its command line."""
    found = {}
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
        for child in children:
            found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
            found |= descendants(child)
    except (FileNotFoundError, ProcessLookupError):
        pass  # it ended while we looked
    return found


class Journal:
    """What `samples.journal` wrote: (start or end, task, node, pid), oldest first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self, what: str, task: str | None = None) -> list[tuple[str, int]]:
        text = self.path.read_text() if self.path.exists() else ""
        rows = [line.split() for line in text.splitlines()]
        return [(row[2], int(row[3])) for row in rows if row[0] == what and task in (None, row[1])]


class Worker:
    """One `skirret worker`, with what it says."""

    def __init__(self, house: House, *flags: str) -> None:
        self.log = house.folder / f"worker-{time.monotonic_ns()}.log"
        command = [SKIRRET, "worker", "--samples", "--redis", house.url, "--data-dir", house.folder / "none", *flags]
        with self.log.open("w") as log:
            # A session of its own: whatever happens, nothing of it survives the test.
            self.process = subprocess.Popen(command, stderr=log, stdout=log, start_new_session=True)

    def said(self) -> str:
        return self.log.read_text()

    def wait_until_ready(self, count: int = 1) -> None:
        until(lambda: self.said().count("worker is ready") >= count, 20, f"{count} ready workers; it said {self.said()}")

    def children(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for task in path.parents[1].iterdir() for pid in (task / "children").read_text().split()]

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def exit(self, seconds: float) -> tuple[int, float]:
        """Its code, and how long it took."""
        began = time.monotonic()
        code = self.process.wait(seconds)
        return code, time.monotonic() - began

    def destroy(self) -> None:
        for child in self.children() if self.process.poll() is None else []:
            os.kill(child, signal.SIGKILL)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)


class House:
    """Redis, the workers of a test, and their journal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder / "journal")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.url = f"redis://127.0.0.1:{port}/0"
        self.redis = redis.Redis(port=port, decode_responses=True)
        until(self._answers, 10, "redis-server")
        self._workers: list[Worker] = []

    def _answers(self) -> bool:
        try:
            return self.redis.ping()
        except redis.ConnectionError:
            return False

    def worker(self, *flags: str) -> Worker:
        worker = Worker(self, *flags)
        self._workers.append(worker)
        return worker

    def call(self, task: str, *args, **headers) -> str:
        """Enqueues through the command line; returns the task's id."""
        command = [SKIRRET, "call", task, "--redis", self.url, "--args", json.dumps(args)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]

    def run(self, seconds: float, conduct: str = "sleep") -> str:
        return self.call("samples.journal", str(self.journal.path), seconds, conduct)

    def started(self, task: str, times: int = 1) -> tuple[str, int]:
        """Node and process of a task's newest run."""
        return until(
            lambda: len(rows := self.journal.lines("start", task)) >= times and rows, 20, f"start {times} of {task}"
        )[-1]

    def result(self, task: str, seconds: float) -> dict:
        text = until(lambda: self.redis.get(f"celery-task-meta-{task}"), seconds, f"the result of {task}")
        return json.loads(text)

    def close(self) -> None:
        for worker in self._workers:
            worker.destroy()
        self._server.kill()
        self._server.wait(10)


@pytest.fixture
def house(tmp_path: Path):
    if not SKIRRET.exists():
        pytest.skip(f"{SKIRRET} is not there; swift build makes it")
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    house = House(tmp_path)
    yield house
    house.close()
