"""What happened to every task of one scene, read back from files and from Redis; no opinion yet."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

#: A task whose end was written may be killed this long after, and still before its acknowledgement arrived.
SETTLING_SECONDS = 1.0


class AcceptedLog:
    """The ids a producer was told OK for; each batch is on disk before the next message is sent."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="ascii")

    def add(self, ids: list[str]) -> None:
        if not ids:
            return
        now = time.monotonic()
        self._file.write("".join(f"{task} {now:.6f}\n" for task in ids))
        self._file.flush()
        os.fsync(self._file.fileno())

    @staticmethod
    def read(path: Path) -> dict[str, float]:
        if not path.exists():
            return {}
        pairs = (line.split() for line in path.read_text("ascii").splitlines())
        return {task: float(at) for task, at in pairs}


@dataclass(frozen=True)
class Start:
    """One beginning of one body."""

    task: str
    node: str
    pid: int
    at: float
    #: None when no end line followed: the body was killed, cancelled, or runs still.
    ended: float | None


def read_runs(path: Path) -> list[Start]:
    """The runs in the order of their starts. Ends belong to the latest start of that task in that process."""
    starts: list[Start] = []
    latest: dict[tuple[str, int], int] = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        what, task, node, pid, microseconds = line.split()
        key, at = (task, int(pid)), int(microseconds) / 1e6
        if what == "start":
            latest[key] = len(starts)
            starts.append(Start(task, node, int(pid), at, None))
        elif key in latest:
            begun = starts[latest[key]]
            starts[latest[key]] = Start(task, begun.node, begun.pid, begun.at, at)
    return sorted(starts, key=lambda start: start.at)


@dataclass(frozen=True)
class Death:
    """The end of processes that owned tasks: killed, told to leave, or cut off for longer than a lease."""

    pids: frozenset[int]
    at: float
    #: What Redis says the dead held; empty when Redis could not be asked.
    held: frozenset[str] = frozenset()
    #: A stop in order, or a loss of the lease alone: counts as an owner's end, not as a recovery to be timed.
    is_timed: bool = True


@dataclass
class Ledger:
    """Everything that is known once a scene is quiet."""

    accepted: dict[str, float] = field(default_factory=dict)
    #: Accepted by a Redis whose data was erased afterwards: nobody promises these.
    erased: set[str] = field(default_factory=set)
    starts: list[Start] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    #: Final state by task, as stored.
    results: dict[str, str] = field(default_factory=dict)
    #: How often a final state was announced.
    completions: dict[str, int] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    #: Still queued, held or scheduled when the scene was over, with the place.
    left: dict[str, str] = field(default_factory=dict)
    #: Bookkeeping that outlived its task: key and size.
    leftovers: dict[str, int] = field(default_factory=dict)
    #: Writes that were refused because the lease was lost.
    refused: int = 0
    #: Seconds from the end of a fault to the next start.
    resumed: list[float] = field(default_factory=list)

    def owner_deaths(self) -> dict[str, int]:
        """How often each task's owner came to an end while it may have owned the task."""
        counts: dict[str, int] = {}
        by_pid: dict[int, list[Start]] = {}
        for start in self.starts:
            by_pid.setdefault(start.pid, []).append(start)
        for death in self.deaths:
            tasks = set(death.held)
            for pid in death.pids:
                for start in by_pid.get(pid, []):
                    is_unsettled = start.ended is None or start.ended > death.at - SETTLING_SECONDS
                    if start.at <= death.at and is_unsettled:
                        tasks.add(start.task)
            for task in tasks:
                counts[task] = counts.get(task, 0) + 1
        return counts

    def recoveries(self) -> list[float]:
        """Seconds from the end of an owner to the next start of each task that it took with it."""
        by_task: dict[str, list[Start]] = {}
        for start in self.starts:
            by_task.setdefault(start.task, []).append(start)
        found = list(self.resumed)
        taken: dict[str, list[float]] = {}
        for death in self.deaths:
            unfinished = {
                start.task for start in self.starts
                if start.pid in death.pids and start.ended is None and start.at <= death.at
            }  # fmt: skip
            for task in (unfinished | death.held) if death.is_timed else ():
                taken.setdefault(task, []).append(death.at)
        for task, deaths in taken.items():
            for at in deaths:
                after = min((start.at for start in by_task.get(task, []) if start.at > at), default=None)
                # One that was given to somebody who died before its start is timed from that death.
                if after is not None and not any(at < other < after for other in deaths):
                    found.append(after - at)
        return sorted(found)
