"""Point 6: kill -9 of a worker, of a plugin, of Redis; nothing lost, nothing half seen, nothing done twice."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import uuid
from pathlib import Path

import redis
from celery import Celery
from generated import stream_hashes
from house import OWN_QUEUE, House, OwnWorker, until
from plugin_checks import install_slow_one
from refresh_checks import ENTRIES, STREAM, create_account
from report import Skip

REFRESH = "apps.m3u.tasks.refresh_single_m3u_account"


class Watcher:
    """Looks all the time: how many streams an account has, and every result that is announced for a task."""

    def __init__(self, house: House, account: int, task: str) -> None:
        self.counts: set[int] = set()
        self.states: list[str] = []
        self._house, self._account, self._over = house, account, threading.Event()
        self._pubsub = house.redis.pubsub(ignore_subscribe_messages=True)
        self._pubsub.subscribe(f"celery-task-meta-{task}")
        self._threads = [threading.Thread(target=look) for look in (self._count, self._listen)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._pubsub.close()

    def _count(self) -> None:
        while not self._over.is_set():
            self.counts.add(self._house.count(f"{STREAM} WHERE m3u_account_id = ?", self._account))
            time.sleep(0.01)

    def _listen(self) -> None:
        while not self._over.is_set():
            message = self._pubsub.get_message(timeout=0.1)
            if message:
                self.states.append(json.loads(message["data"])["status"])


def killed_while(house: House, account: int, action: str, allowed: set[int]) -> None:
    """Refreshes the account with two workers and kills the one that does it when it reports that action."""
    task, since = str(uuid.uuid4()), house.frames.mark()
    with OwnWorker(house, "a") as a, OwnWorker(house, "b") as b:
        watcher = Watcher(house, account, task)
        try:
            house.celery.send_task(REFRESH, [account], queue=OWN_QUEUE, task_id=task)

            def has_begun(frame: dict) -> bool:
                data = frame.get("data", {})
                is_ours = data.get("type") == "m3u_refresh" and data.get("account") == account
                return is_ours and data["action"] == action and (action != "downloading" or data["progress"] > 20)

            house.frames.wait(has_begun, 30, f"the refresh to report {action}", since)
            holder = house.owner(task)
            assert holder, "the refresh was over before it could be killed"
            victim, other = (a, b) if holder == a.name else (b, a)
            victim.kill()
            killed = time.monotonic()
            until(lambda: house.owner(task) == other.name, 15, "the other worker to take over", pause=0.02)
            taken_over = time.monotonic() - killed
            key = f"celery-task-meta-{task}"
            stored = json.loads(until(lambda: house.redis.get(key), 60, "the result"))
            assert stored["status"] == "SUCCESS", stored
            until(lambda: house.owner(task) is None, 5, "the message to be settled")
        finally:
            watcher.close()
    assert watcher.counts <= allowed, f"half a refresh was seen: {sorted(watcher.counts - allowed)[:10]} of {allowed}"
    assert watcher.states.count("SUCCESS") == 1, f"announced: {watcher.states}"
    house.report.reading(f"worker killed while {action}", f"taken over after {taken_over:.1f} s")


def a_refresh_survives_its_worker_while_it_downloads(house: House) -> None:
    playlist = house.generators.playlist(ENTRIES, "faults", seed=2)
    account = create_account(house, house.origin.serve("/faults.m3u", playlist, seconds=4))
    house.known["faults"] = account
    killed_while(house, account, "downloading", allowed={0, ENTRIES})
    stored = {row[0] for row in house.rows(f"SELECT stream_hash FROM {STREAM} WHERE m3u_account_id = ?", account)}
    assert stored == stream_hashes(playlist), f"{len(stored)} streams"


def a_refresh_survives_its_worker_while_it_writes(house: House) -> None:
    if "faults" not in house.known:
        raise Skip("needs the account of the check before")
    account = house.known["faults"]
    for round_ in range(10 if house.is_full else 1):
        changed = house.generators.playlist(ENTRIES, "faults", seed=2, change=0.3 + round_ / 50)
        after = stream_hashes(changed)
        house.origin.serve("/faults.m3u", changed)
        # What is gone from the file stays a while, marked as stale.
        known = {row[0] for row in house.rows(f"SELECT stream_hash FROM {STREAM} WHERE m3u_account_id = ?", account)}
        killed_while(house, account, "parsing", allowed={len(known), len(known | after)})
        rows = house.rows(f"SELECT stream_hash, is_stale FROM {STREAM} WHERE m3u_account_id = ?", account)
        assert {row[0] for row in rows if not row[1]} == after, "what is not stale is not what the file holds"
        assert {row[0] for row in rows if row[1]} == known - after, "what is stale is not what went"


def a_killed_redis_loses_nothing(house: House) -> None:
    pid_file = Path(house.data / "redis/redis.pid")
    if not house.redis_url.startswith("unix:") or not pid_file.exists():
        raise Skip("the broker is not the server's private Redis, so it is not ours to kill")
    producer = Producer(house.celery_url)
    with OwnWorker(house, "load"):
        producer.start()
        try:
            until(lambda: len(producer.sent) > 300, 20, "the load to run")
            pid = int(pid_file.read_text())
            os.kill(pid, signal.SIGKILL)
            killed = time.monotonic()
            resumed = until(lambda: producer.answered_after(killed, house.redis), 20, "a task sent after the kill", pause=0.02)
            time.sleep(1)  # The load goes on for a moment over the new server.
        finally:
            producer.stop()
        assert int(pid_file.read_text()) != pid, "the same Redis?"
        keys = {f"celery-task-meta-{task}": wanted for task, wanted, _ in producer.sent}
        end, lost = time.monotonic() + 20, set(keys)
        while lost and time.monotonic() < end:
            lost = unanswered(house.redis, keys)
            time.sleep(0.1)
    assert not lost, f"{len(lost)} of {len(keys)} tasks have no result, or a wrong one: {sorted(lost)[:3]}"
    assert resumed < 3, f"resumed after {resumed:.1f} s"
    house.report.reading("Redis killed under load", f"resumed after {resumed:.2f} s; {len(keys):,} tasks, none lost")


class Producer(threading.Thread):
    """Real Celery, sending as fast as it can; what was sent without an error must be answered."""

    def __init__(self, broker: str) -> None:
        super().__init__(daemon=True)
        self.sent: list[tuple[str, int, float]] = []
        self._app = Celery("load", broker=broker, set_as_current=False)
        self._over = threading.Event()

    def run(self) -> None:
        patience = {"max_retries": 100, "interval_start": 0.02, "interval_step": 0.02, "interval_max": 0.1}
        while not self._over.is_set():
            number, task = len(self.sent), str(uuid.uuid4())
            try:
                self._app.send_task(
                    "samples.add", [number, 1], queue=OWN_QUEUE, task_id=task, retry=True, retry_policy=patience
                )
            except Exception as error:
                # Not accepted, so not promised; but said, because nobody should need to see it.
                print(f"  a producer's call failed: {type(error).__name__}: {error}")
                continue
            self.sent.append((task, number + 1, time.monotonic()))

    def answered_after(self, moment: float, client: redis.Redis) -> float | None:
        """Seconds from `moment` until now, once a task sent after it has its result."""
        later = [f"celery-task-meta-{task}" for task, _, when in self.sent if when > moment][:20]
        try:
            done = bool(later) and any(client.mget(later))
        except redis.RedisError:
            return None
        return time.monotonic() - moment if done else None

    def stop(self) -> None:
        self._over.set()
        self.join(30)


def unanswered(client: redis.Redis, keys: dict[str, int]) -> set[str]:
    """The keys that do not hold their SUCCESS."""
    names, lost = list(keys), set()
    for start in range(0, len(names), 1000):
        part = names[start : start + 1000]
        for name, text in zip(part, client.mget(part)):
            stored = json.loads(text) if text else {}
            if stored.get("status") != "SUCCESS" or stored.get("result") != keys[name]:
                lost.add(name)
    return lost


def everything_works_again_on_the_new_redis(house: House) -> None:
    began = time.monotonic()
    assert house.run("my_plugin", "do_work")["status"] == "ok"
    since = house.frames.mark()
    house.run("service_monitor", "queue_job", {"name": "after", "priority": 5})
    house.frames.wait_update("plugin_event", 3, since, plugin="service_monitor", event="worker_update")
    assert time.monotonic() - began < 5, "it took its time"


def a_killed_plugin_costs_one_answer_at_most(house: House) -> None:
    """kill -9 of a plugin's process while it works: its caller hears of it, its neighbours do not."""
    install_slow_one(house)
    house.enable("my_plugin")
    since = house.frames.mark()
    answers = []

    def call() -> None:
        body = {"action": "wait", "params": {"seconds": 3}}
        answers.append(house.ask("POST", "/api/plugins/plugins/slow_one/run/", body))

    began = time.monotonic()
    caller = threading.Thread(target=call)
    caller.start()
    pid = house.frames.wait_update("plugin_event", 10, since, plugin="slow_one", event="waiting")["payload"]["pid"]
    os.kill(pid, signal.SIGKILL)
    slowest = neighbours = 0
    while caller.is_alive():
        asked = time.monotonic()
        assert house.run("my_plugin", "do_work")["status"] == "ok"
        slowest, neighbours = max(slowest, time.monotonic() - asked), neighbours + 1
        time.sleep(0.05)  # The API takes 50 changes a second from one caller.
    seconds = time.monotonic() - began
    answer = answers[0]
    assert seconds < 30, f"answered after {seconds:.1f} s"
    if answer.ok:
        result = answer.json().get("result")
        assert result and result["status"] == "ok" and result["pid"] != pid, answer.text
        outcome = "the retried result"
    else:
        body = answer.json()
        assert answer.status_code >= 500 and body["error"] and body["code"], answer.text
        outcome = f"{answer.status_code} {body['code']}"
    assert neighbours > 0 and slowest < 2, f"{neighbours} calls of another plugin, the slowest {slowest:.1f} s"
    house.report.reading(
        "plugin killed in its action",
        f"{outcome} after {seconds:.1f} s; {neighbours} calls of another plugin meanwhile, the slowest {slowest:.2f} s",
    )


CHECKS = [
    a_killed_plugin_costs_one_answer_at_most,
    a_refresh_survives_its_worker_while_it_downloads,
    a_refresh_survives_its_worker_while_it_writes,
    a_killed_redis_loses_nothing,
    everything_works_again_on_the_new_redis,
]
