"""What Redis says of tasks: their results, the dead among them, and where all others lie."""

from __future__ import annotations

import json

import redis

from .watcher import PREFIX, is_final

#: Ours and kombu's books about tasks that are not over.
BOOKS = ("unacked", "unacked_index", "skirret:leases", "skirret:owners", "skirret:scheduled",
         "skirret:scheduled:messages", "skirret:crashes")  # fmt: skip
#: kombu's separator between a queue's name and a priority step.
STEP = "\x06\x16"


def results(client: redis.Redis, tasks: list[str]) -> dict[str, str]:
    """The state of each task that is over."""
    found = {}
    for at in range(0, len(tasks), 5000):
        part = tasks[at : at + 5000]
        for task, text in zip(part, client.mget([PREFIX + task for task in part]), strict=True):
            result = json.loads(text) if text else {}
            if is_final(result):
                found[task] = result["status"]
    return found


def dead(client: redis.Redis) -> set[str]:
    """The tasks of all dead letters."""
    letters = client.hvals("skirret:dead:letters")
    return {task_id(letter.partition("\n")[2]) for letter in letters} - {""}


def left(client: redis.Redis) -> dict[str, str]:
    """Where each task that is not over lies."""
    found: dict[str, str] = {}
    for text in client.hvals("unacked"):
        found[task_id(text, is_held=True)] = "claimed"
    for text in client.hvals("skirret:scheduled:messages"):
        found[task_id(text.partition("\n")[2])] = "scheduled"
    for queue in _lists(client):
        for text in client.lrange(queue, 0, -1):
            found[task_id(text)] = "queued"
    return found


def _lists(client: redis.Redis) -> list[str]:
    names = client.smembers("skirret:queues") | {"celery"}
    return [name + step for name in names for step in ("", *(f"{STEP}{n}" for n in (3, 6, 9)))]


def leftovers(client: redis.Redis, tolerated: set[str]) -> dict[str, int]:
    """How much stands in books and queues that should be empty when all is over."""
    sizes = {"HASH": client.hlen, "ZSET": client.zcard}
    found = {}
    for key in set(BOOKS) - tolerated:
        kind = client.type(key).upper()
        if kind != "NONE":
            found[key] = sizes[kind](key)
    return found | {queue: length for queue in _lists(client) if (length := client.llen(queue))}


def task_id(text: str, is_held: bool = False) -> str:
    """The id in a message's headers, or nothing; held messages stand in kombu's array."""
    try:
        found = json.loads(text)
        return str((found[0] if is_held else found)["headers"]["id"])
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return ""
