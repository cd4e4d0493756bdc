"""Hears every final state that is announced, to find those announced twice."""

from __future__ import annotations

import json
import threading
import time

import redis

from .topology import RedisServer

PREFIX = "celery-task-meta-"
FINAL = {"SUCCESS", "FAILURE", "REVOKED"}


def is_final(result: dict[str, object]) -> bool:
    """Without a date it is the notice that nobody knows the task yet, which is not the last word."""
    return result.get("status") in FINAL and bool(result.get("date_done"))


class Watcher(threading.Thread):
    """Subscribed to all results for as long as the server stands; misses what is said while it is gone."""

    CLIENT = "judge-watcher"

    def __init__(self, server: RedisServer) -> None:
        super().__init__(name="watcher", daemon=True)
        self._server, self._over = server, threading.Event()
        self.completions: dict[str, int] = {}

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self._listen()
            except (redis.RedisError, OSError):
                time.sleep(0.05)

    def _listen(self) -> None:
        # Without a time-out of its own: a silent Redis has nothing to announce.
        with self._server.client(timeout=3600, client_name=self.CLIENT) as client, client.pubsub() as channel:
            channel.psubscribe(PREFIX + "*")
            while not self._over.is_set():
                said = channel.get_message(timeout=0.2)
                if not said or said["type"] != "pmessage":
                    continue
                task = said["channel"].removeprefix(PREFIX)
                if is_final(json.loads(said["data"])):
                    self.completions[task] = self.completions.get(task, 0) + 1

    def stop(self) -> None:
        self._over.set()
        self.join(5)
