"""Processes that never outlive the judge, and are never mistaken for anybody else's."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")
_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Found], within: float, what: str, pause: float = 0.02) -> Found:
    """Asks until the answer is true, and gives it back."""
    end = time.monotonic() + within
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {within:g} s for {what}")
        time.sleep(pause)


class OwnProcess:
    """A process in a group of its own, with its output in a file.

    Start it from the main thread: the kernel ends it with the thread that started it.
    """

    def __init__(self, command: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=_die_with_parent, env=os.environ | (environment or {}),
            )  # fmt: skip
        self.pid = self._process.pid
        self.pids = {self.pid}

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def code(self) -> int | None:
        return self._process.poll()

    def signal(self, number: int) -> None:
        """To the process alone, as an operator would."""
        if self.is_alive:
            os.kill(self.pid, number)

    def signal_group(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass  # all of the group is gone already

    def kill(self) -> float:
        """Ends the whole group at once; returns when."""
        at = time.monotonic()
        self.signal_group(signal.SIGKILL)
        self._process.wait()
        return at

    def freeze(self) -> None:
        self.signal_group(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal_group(signal.SIGCONT)

    def wait(self, within: float) -> int:
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.log.name}: still alive after {within:g} s") from None

    def children(self) -> list[int]:
        """Direct children that live."""
        try:
            lists = [Path(f"/proc/{self.pid}/task/{task}/children") for task in os.listdir(f"/proc/{self.pid}/task")]
            text = " ".join(path.read_text() for path in lists)
        except FileNotFoundError:
            return []
        return [int(word) for word in text.split()]

    @property
    def resident_megabytes(self) -> float:
        """Zero once it has ended."""
        path = Path(f"/proc/{self.pid}/status")
        for line in path.read_text().splitlines() if path.exists() else []:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""
