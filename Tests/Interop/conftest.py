"""A Redis of its own for each module, our workers and Celery's on it, and Celery's own command line.

SKIRRET names the executable; .build/debug/skirret where it is not set.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import celery
import pytest
from smoke import Redis

ROOT = Path(__file__).resolve().parents[2]
SKIRRET = Path(os.environ.get("SKIRRET", ROOT / ".build/debug/skirret")).resolve()


def until(condition, seconds: float = 20, what: str = ""):
    """The first true value of `condition`; fails with `what` after a while."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"waited {seconds} s for {what or condition}"
        time.sleep(0.05)


class Fleet:
    """Everything that runs on one broker."""

    def __init__(self, broker: str, folder: Path) -> None:
        self.broker, self.folder = broker, folder
        self.app = celery.Celery("interop", broker=broker, backend=broker)
        self.app.conf.broker_connection_retry_on_startup = True
        self.processes: dict[str, subprocess.Popen] = {}

    def skirret(self, node: str, *flags: str) -> str:
        """Starts one of our workers and waits until it answers."""
        command = [str(SKIRRET), "worker", "--samples", "--redis", self.broker, "--name", node]
        command += ["--data-dir", str(self.folder), "--log-level", "notice", *flags]
        return self._start(node, command)

    def python(self, node: str, *flags: str) -> str:
        """Starts a worker of Celery's and waits until it answers."""
        command = [sys.executable, "-m", "celery", "-A", "python_tasks", "-b", self.broker, "--result-backend"]
        command += [self.broker, "worker", "-n", node, "-c", "1", "-P", "solo", "-l", "warning", *flags]
        return self._start(node, command)

    def _start(self, node: str, command: list[str]) -> str:
        with open(self.folder / f"{node}.log", "wb") as log:
            self.processes[node] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=Path(__file__).parent
            )
        until(lambda: self.app.control.ping(destination=[node], timeout=0.5), 60, f"{node}; it said: {self.log(node)}")
        return node

    def log(self, node: str) -> str:
        return (self.folder / f"{node}.log").read_text(errors="replace")[-2000:]

    def stop(self, node: str) -> int:
        process = self.processes.pop(node)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(30)
        finally:
            process.kill()

    def celery(self, *words: str, code: int | None = 0) -> str:
        """What `celery …` prints."""
        return self._run([sys.executable, "-m", "celery", "-b", self.broker, *words], code)

    def cli(self, *words: str, code: int | None = 0) -> str:
        """What `skirret …` prints."""
        return self._run([str(SKIRRET), *words, "--redis", self.broker, "--data-dir", str(self.folder)], code)

    def _run(self, command: list[str], code: int | None) -> str:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert code is None or done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + (done.stderr if code else "")

    def inspect(self, node: str, *words: str):
        """One node's answer to `celery inspect … --json`."""
        return json.loads(self.celery("inspect", *words, "-d", node, "-t", "5", "--json"))[node]

    def control(self, node: str, *words: str):
        """One node's answer to `celery control … --json`."""
        (answer,) = json.loads(self.celery("control", *words, "-d", node, "-t", "5", "--json"))
        return answer[node]

    def send(self, task: str, *args, **options):
        return self.app.send_task(task, args=args, **options)

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """A broker without workers."""
    if not SKIRRET.exists():
        pytest.skip(f"{SKIRRET} is not there; build it, or let SKIRRET name the executable")
    with Redis() as broker:
        fleet = Fleet(broker, tmp_path_factory.mktemp("fleet"))
        try:
            yield fleet
        finally:
            fleet.close()
