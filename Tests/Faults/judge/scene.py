"""One case with one seed: a Redis, workers, producers, a fault, and the books that are kept of it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from .books import dead, left, leftovers, results
from .ledger import AcceptedLog, Death, Ledger, Start, read_runs
from .messages import message
from .processes import OwnProcess, until
from .producers import Load, Producer, no_ops
from .topology import PythonWorker, RedisServer, Worker
from .watcher import Watcher


@dataclass(frozen=True)
class Settings:
    """What the command line said."""

    worker: list[str]
    python: str
    is_full: bool
    #: How long the cases that go on for a time shall do so; None for their own.
    minutes: float | None = None

    def length(self, short: float, full: float) -> float:
        """Seconds that such a case goes on."""
        return self.minutes * 60 if self.minutes is not None else full if self.is_full else short

    @property
    def skirret(self) -> str:
        return self.worker[0]


class Skip(Exception):
    """The case cannot run here, or what it asks for is not built; the text says why."""


class Scene:
    """Everything a case may use; closing it ends every process and removes every file."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.settings, self.seed = settings, seed
        self.random = random.Random(seed)
        self.folder = Path(tempfile.mkdtemp(prefix="skirret-faults-"))
        self.journal = self.folder / "journal"
        self.accepted = AcceptedLog(self.folder / "accepted")
        self.workers: list[Worker] = []
        self.pythons: list[PythonWorker] = []
        self.deaths: list[Death] = []
        self.resumed: list[float] = []
        self.erased: set[str] = set()
        #: Books that may stay when all is over.
        self.tolerated: set[str] = set()
        #: What is off a bar of the case's own.
        self.faults: list[str] = []
        self.notes: list[str] = []
        self._producers: list[Producer] = []
        self._servers: list[RedisServer] = []
        self._others: list[Callable[[], object]] = []
        self._watcher: Watcher | None = None
        self._redis: RedisServer | None = None

    # --- What stands on it -----------------------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        return self.settings.is_full

    @property
    def redis(self) -> RedisServer:
        assert self._redis, "the case starts no Redis"
        return self._redis

    def use(self, server: RedisServer) -> RedisServer:
        """Makes a server the one that the books are read from."""
        self._redis = server
        if server not in self._servers:
            self._servers.append(server)
        if self._watcher:
            self._watcher.stop()
        self._watcher = Watcher(server)
        self._watcher.start()
        return server

    def start_redis(self, *, fsync: str | None = None, arguments: tuple[str, ...] = ()) -> RedisServer:
        return self.use(RedisServer(self.folder, fsync=fsync, arguments=arguments))

    def start_worker(
        self, name: str | None = None, *, url: str | None = None, is_awaited: bool = True, **options: object
    ) -> Worker:
        worker = Worker(
            self.settings.worker, self.folder, url or self.redis.url, name or f"w{len(self.workers)}", **options
        )
        self.workers.append(worker)
        return worker.await_ready() if is_awaited else worker

    def start_python(self, name: str, visibility_seconds: int) -> PythonWorker:
        worker = PythonWorker(self.settings.python, self.folder, self.redis.url, name, visibility_seconds)
        self.pythons.append(worker)
        return worker

    def start_process(self, command: list[str], name: str) -> OwnProcess:
        process = OwnProcess(command, self.folder / f"{name}.log")
        self.finally_do(process.kill)
        return process

    def finally_do(self, close: Callable[[], object]) -> None:
        self._others.append(close)

    def produce(self, rate: float, load: Load = no_ops, queue: str = "celery") -> Producer:
        producer = Producer(
            self.redis, self.accepted, str(self.journal), rate=rate, load=load, queue=queue,
            seed=self.seed * 100 + len(self._producers),
        )  # fmt: skip
        self._producers.append(producer)
        producer.start()
        return producer

    def send(
        self, *args: object, count: int = 1, queue: str = "celery", timeout: float = 2, **options: object
    ) -> list[str]:
        """Journal tasks with the given arguments behind the path; they are accepted."""
        ids = []
        with self.redis.client(timeout) as client:
            for _ in range(count):
                task, text = message("samples.journal", [str(self.journal), *args], queue=queue, **options)
                client.lpush(queue, text)
                ids.append(task)
        self.accepted.add(ids)
        return ids

    def flood(self, count: int, *args: object, queue: str = "celery", **options: object) -> None:
        """The same in bulk: a thousand a round trip."""
        with self.redis.client(timeout=30) as client:
            for at in range(0, count, 1000):
                batch = [
                    message("samples.journal", [str(self.journal), *args], queue=queue, **options)
                    for _ in range(min(1000, count - at))
                ]
                client.lpush(queue, *(text for _, text in batch))
                self.accepted.add([task for task, _ in batch])

    # --- What is done to it ----------------------------------------------------------------------------------------

    def kill(self, worker: Worker | PythonWorker) -> float:
        """kill -9 of the whole group, and what it held."""
        pids = {worker.process.pid, *worker.process.children()}
        at = worker.process.kill()
        self.deaths.append(Death(frozenset(pids), at, self.held_by(worker.name)))
        return at

    def kill_child(self, node: str, pid: int) -> float:
        """kill -9 of one of a worker's processes, and what it held: its supervisor gives that back at once."""
        held, at = self.held_by(node), time.monotonic()
        os.kill(pid, signal.SIGKILL)
        self.deaths.append(Death(frozenset({pid}), at, held))
        return at

    def left_behind(self, worker: Worker, at: float) -> None:
        """A worker that leaves in order, or loses its leases: no death to be timed, but an owner's end."""
        pids = {worker.process.pid, *worker.process.children()}
        self.deaths.append(Death(frozenset(pids), at, is_timed=False))

    def held_by(self, node: str) -> frozenset[str]:
        """The tasks that Redis believes a node to own."""
        try:
            with self.redis.client() as client:
                owners = (json.loads(text) for text in client.hvals("skirret:owners"))
                return frozenset(owner["task"] for owner in owners if owner.get("worker") == node)
        except (redis.RedisError, ValueError, KeyError, AttributeError):
            return frozenset()  # the journal knows what had begun

    def resume_after(self, fault_end: float, within: float = 30) -> float:
        """Seconds from the end of a fault to the next start of anything."""
        def next_start() -> float | None:
            return next((start.at for start in read_runs(self.journal) if start.at > fault_end), None)

        at = until(next_start, within, "the work to resume", pause=0.05)
        self.resumed.append(at - fault_end)
        return at - fault_end

    def runs(self) -> list[Start]:
        """What the journal says so far."""
        return read_runs(self.journal)

    def check(self, is_right: bool, fault: str) -> None:
        """A bar of the case's own."""
        if not is_right:
            self.faults.append(fault)

    def await_starts(self, tasks: list[str], within: float = 30, times: int = 1) -> None:
        wanted = set(tasks)

        def all_begun() -> bool:
            counts = dict.fromkeys(wanted, 0)
            for start in read_runs(self.journal):
                if start.task in wanted:
                    counts[start.task] += 1
            return all(count >= times for count in counts.values())

        until(all_begun, within, f"{len(wanted)} tasks to start", pause=0.05)

    def await_progress(self, count: int, within: float = 30) -> None:
        """Until so many producers' tasks were accepted in all."""
        until(lambda: sum(producer.count for producer in self._producers) >= count, within, "the load to build up")

    def stop_producing(self) -> None:
        for producer in self._producers:
            producer.stop()

    # --- What became of it -----------------------------------------------------------------------------------------

    def settle(self, within: float = 60) -> None:
        """Waits until everything accepted is over and the books are closed; what is not, the ledger will show."""
        self.stop_producing()
        promised = list(set(AcceptedLog.read(self.folder / "accepted")) - self.erased)
        end = time.monotonic() + within
        with self.redis.client(timeout=10) as client:
            pending = set(promised)
            while time.monotonic() < end:
                try:
                    pending -= results(client, list(pending)).keys()
                    if not pending - dead(client) and not leftovers(client, self.tolerated):
                        return
                except redis.RedisError:
                    pass  # it may still be starting, or refuse for a while
                time.sleep(0.2)

    def ledger(self) -> Ledger:
        """The books, after `settle`."""
        assert self._watcher
        time.sleep(0.3)  # for what was announced last to be heard
        self._watcher.stop()
        accepted = AcceptedLog.read(self.folder / "accepted")
        starts = read_runs(self.journal)
        known = list({*accepted, *(start.task for start in starts)})
        with self.redis.client(timeout=30) as client:
            return Ledger(
                accepted=accepted, erased=self.erased, starts=starts, deaths=self.deaths,
                results=results(client, known), completions=self._watcher.completions, dead=dead(client),
                left=left(client), leftovers=leftovers(client, self.tolerated),
                refused=sum(worker.refusals for worker in self.workers), resumed=self.resumed,
            )  # fmt: skip

    def close(self, keep: Path | None = None) -> None:
        for producer in self._producers:
            producer.stop()
        if self._watcher:
            self._watcher.stop()
        for worker in [*self.workers, *self.pythons]:
            worker.process.kill()
        for close in reversed(self._others):
            close()
        for server in self._servers:
            server.close()
        if keep:
            shutil.copytree(self.folder, keep, dirs_exist_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
