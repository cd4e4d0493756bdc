"""Producers that write to Redis as a Celery producer does, and remember what they were told OK for."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import redis

from .ledger import AcceptedLog
from .messages import message
from .topology import RedisServer

#: The journal task's arguments behind the path: seconds and conduct.
Load = Callable[[random.Random], list[Any]]


def no_ops(_: random.Random) -> list[Any]:
    return []


def short_tasks(chance: random.Random) -> list[Any]:
    """Up to a fifth of a second."""
    return [round(chance.random() * 0.2, 3)]


class Producer(threading.Thread):
    """Sends at a steady rate until told to stop.

    A batch without an answer is nobody's promise: its tasks may run, and need not.
    """

    def __init__(
        self, server: RedisServer, accepted: AcceptedLog, journal: str, *, rate: float, load: Load = no_ops,
        seed: int = 0, queue: str = "celery",
    ) -> None:  # fmt: skip
        super().__init__(name="producer", daemon=True)
        self._server, self._accepted, self._journal, self._queue = server, accepted, journal, queue
        self._rate, self._load, self._chance = rate, load, random.Random(seed)
        self._over = threading.Event()
        #: What Redis said instead of OK, by how it begins, and how often.
        self.refusals: dict[str, int] = {}
        #: Everything sent, accepted or not.
        self.sent: set[str] = set()
        self.count = 0

    def run(self) -> None:
        client = self._server.client()
        period, began, number = max(1 / self._rate, 0.02), time.monotonic(), 0
        share = self._rate * period
        owed = 0.0
        while not self._over.is_set():
            owed += share
            batch = [self._message() for _ in range(int(owed))]
            owed -= len(batch)
            if batch:
                self._send(client, batch)
            number += 1
            # Behind schedule after an outage: no catching up, a producer that was refused does not come back later.
            began = max(began, time.monotonic() - number * period - 1)
            self._over.wait(max(0, began + number * period - time.monotonic()))

    def _message(self) -> tuple[str, str]:
        return message("samples.journal", [self._journal, *self._load(self._chance)], queue=self._queue)

    def _send(self, client: redis.Redis, batch: list[tuple[str, str]]) -> None:
        self.sent.update(task for task, _ in batch)
        pipeline = client.pipeline(transaction=False)
        for _, text in batch:
            pipeline.lpush(self._queue, text)
        try:
            answers = pipeline.execute(raise_on_error=False)
        except (redis.RedisError, OSError) as error:
            self._refused(str(error) or type(error).__name__, len(batch))
            client.connection_pool.disconnect()
            return
        accepted = []
        for (task, _), answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                self._refused(str(answer), 1)
            else:
                accepted.append(task)
        self._accepted.add(accepted)
        self.count += len(accepted)

    def _refused(self, text: str, count: int) -> None:
        kind = text.split(".")[0][:60]
        self.refusals[kind] = self.refusals.get(kind, 0) + count

    def stop(self) -> None:
        self._over.set()
        self.join(10)
