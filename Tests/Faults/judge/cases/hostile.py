"""Rows L3, L5, M2 and M4: messages that poison, that nobody knows, or that come from an enemy."""

from __future__ import annotations

import base64
import json
import subprocess
import time
import uuid

import redis

from ..books import dead, task_id
from ..ledger import AcceptedLog, Death
from ..messages import message
from ..processes import until
from ..scene import Scene, Skip
from ..topology import Worker
from ..verdict import Bars
from ..watcher import PREFIX
from . import case
from .unreadable import pickled
from .workers import worker_help


@case("L3", "poison: kills its host each time", seeds=6, is_alone=True, seconds=15)
def poison(scene: Scene) -> Bars:
    scene.start_redis()
    has_processes = "--processes" in worker_help(scene)
    flags = ("--processes", "2") if has_processes else ()
    hosts = [scene.start_worker(f"host{n}", concurrency=4, flags=flags) for n in range(2)]
    producer = scene.produce(80, lambda chance: [chance.random() * 0.05])
    scene.await_progress(400)
    poisoned = set(scene.send(0, "kill", count=2))
    taken: set[str] = set()
    with scene.redis.client() as client:
        end = time.monotonic() + 100
        while len(poisoned - dead(client)) and time.monotonic() < end:
            for host in hosts:  # as a service manager would
                if not host.process.is_alive:
                    pids = frozenset({host.process.pid})
                    scene.deaths.append(Death(pids, time.monotonic(), scene.held_by(host.name)))
                    host.restart()
            # What died with its host right after its claim waits there for a moment, and may not have begun.
            taken |= {task_id(text.partition("\n")[2]) for text in client.hvals("skirret:scheduled:messages")}
            time.sleep(0.05)
        until(lambda: client.zcard("skirret:dead") >= 2, 60, "all of them to be dead")
        letters = [json.loads(text.partition("\n")[0]) for text in client.hvals("skirret:dead:letters")]
    scene.check(all("3 times" in json.dumps(letter) or letter.get("crashes") == 3 for letter in letters),
                f"the letters do not tell of three deaths: {letters}")  # fmt: skip
    time.sleep(2)
    producer.stop()
    scene.settle()
    # The processes under a supervisor die without a word to the judge; the journal knows whom poison took.
    poisoned = _dead_tasks(scene)
    if has_processes:
        deadly = [start for start in scene.runs() if start.task in poisoned]
        scene.deaths += [Death(frozenset({start.pid}), start.at, frozenset({start.task})) for start in deadly]
        _compare_latency(scene, poisoned, taken - poisoned)
    return Bars(dead=2, recovery=2 if has_processes else 15)


def _compare_latency(scene: Scene, poisoned: set[str], taken: set[str]) -> None:
    """How long others waited for their first start, while poison was at work and at all other times.

    Those that a killed host held are no others: their bar is the recovery.
    """
    runs = scene.runs()
    deadly = [start.at for start in runs if start.task in poisoned]
    first: dict[str, float] = {}
    for start in runs:
        first.setdefault(start.task, start.at)
    accepted = AcceptedLog.read(scene.folder / "accepted")
    waits: dict[bool, list[float]] = {True: [], False: []}
    late = [task for task in taken if first[task] - accepted[task] > 2]
    scene.check(not late, f"{len(late)} that a killed host held began more than two seconds later")
    for task in set(first) - poisoned - taken:
        waits[min(deadly) <= accepted[task] <= max(deadly) + 0.5].append(first[task] - accepted[task])
    usual, meanwhile = (sorted(waits[during])[int(len(waits[during]) * 0.99)] * 1000 for during in (False, True))
    count = len(waits[True])
    scene.notes.append(f"others waited p99 {usual:.0f} ms, {meanwhile:.0f} ms while it killed ({count} tasks)")
    # Two processors share the starts of six processes with everybody else: less than 50 ms says nothing about us.
    scene.check(meanwhile <= max(2 * usual, 50), f"others waited p99 {meanwhile:.0f} ms, {usual:.0f} ms without poison")


def _dead_tasks(scene: Scene) -> set[str]:
    with scene.redis.client() as client:
        return dead(client)


@case("M2", "results that name code to run", seeds=1, seconds=10)
def code_in_results(scene: Scene) -> Bars:
    scene.start_redis()
    marker = scene.folder / "executed"
    command = f"touch {marker}"
    hostile = {
        "pickled": base64.b64decode(pickled(marker)),
        "a class of os": json.dumps({
            "status": "FAILURE", "result": {"exc_type": "system", "exc_module": "os", "exc_message": [command]},
            "traceback": None, "children": [], "task_id": "x",
        }),
        "no object": b"[]",
        "words": b"SUCCESS",
        "deep": b"[" * 50_000,
    }  # fmt: skip
    with scene.redis.client() as client:
        for name, text in hostile.items():
            task = str(uuid.uuid4())
            client.set(PREFIX + task, text)
            shown = subprocess.run(
                [scene.settings.skirret, "result", task, "--json", "--redis", scene.redis.url],
                capture_output=True, text=True, timeout=30,
            )  # fmt: skip
            said = shown.stdout + shown.stderr
            scene.check(shown.returncode >= 0, f"{name}: `skirret result` died of signal {-shown.returncode}")
            if name == "a class of os":
                scene.check("system" in said and command in said, f"{name}: not shown as text: {said[:200]}")
            client.delete(PREFIX + task)
    scene.check(not marker.exists(), "what a result said was executed")
    # A message under the id of such a result runs, and stores its own.
    worker = scene.start_worker()
    task, text = message("samples.journal", [str(scene.journal)])
    with scene.redis.client() as client:
        client.set(PREFIX + task, hostile["pickled"])
        client.lpush("celery", text)
    scene.accepted.add([task])
    with redis.Redis(port=scene.redis.port) as raw:
        until(lambda: b'"SUCCESS"' in raw.get(PREFIX + task), 10, "the result to be replaced by the task's own")
    scene.settle()
    scene.check(worker.process.is_alive, "the worker ended")
    return Bars()


def _broadcast(method: str, arguments: dict[str, object]) -> str:
    body = {
        "method": method, "arguments": arguments, "destination": None, "pattern": None, "matcher": None,
        "ticket": str(uuid.uuid4()), "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "x"},
    }  # fmt: skip
    return json.dumps({
        "body": base64.b64encode(json.dumps(body).encode()).decode(), "content-encoding": "utf-8",
        "content-type": "application/json", "headers": {"clock": 1, "expires": 0},
        "properties": {
            "delivery_mode": 2, "delivery_info": {"exchange": "celery.pidbox", "routing_key": ""}, "priority": 0,
            "body_encoding": "base64", "delivery_tag": str(uuid.uuid4()),
        },
    })  # fmt: skip


@case("M4", "forged remote control and heartbeats", seeds=1, seconds=15)
def forged_control(scene: Scene) -> Bars:
    scene.start_redis()
    worker = scene.start_worker(concurrency=2)
    scene.send(count=10)
    scene.settle()
    before = worker.process.resident_megabytes
    running = scene.send(3.0)
    scene.await_starts(running)
    with scene.redis.client() as client:
        for method, arguments in (
            ("shutdown", {}), ("pool_grow", {"n": 10_000}), ("pool_shrink", {"n": 10_000}),
            ("autoscale", {"max": 10**6}),
            ("rate_limit", {"task_name": "samples.journal", "rate_limit": "1/h"}),
            ("time_limit", {"task_name": "samples.journal", "hard": 0.001, "soft": 0.001}),
            ("add_consumer", {"queue": "../../etc"}), ("cancel_consumer", {"queue": "celery"}),
            ("revoke", {"task_id": [str(uuid.uuid4()) for _ in range(20_000)]}), ("__class__", {}),
            ("revoke", {"task_id": {"a": 1}}), ("rate_limit", {"task_name": 5, "rate_limit": "x/y"}),
            ("terminate", {"signal": "SIGKILL", "task_id": "*"}),
        ):  # fmt: skip
            client.publish("/0.celery.pidbox", _broadcast(method, arguments))
        for text in ("", "{}", "[]", "nonsense", '{"body": 5}', "[" * 10_000):
            client.publish("/0.celery.pidbox", text)
        event = json.loads(_broadcast("ping", {}))
        for number in range(10_000):
            beat = {"hostname": f"forged{number}@x", "timestamp": time.time(), "type": "worker-heartbeat", "pid": 1}
            event["body"] = base64.b64encode(json.dumps(beat).encode()).decode()
            client.publish("/0.celeryev/worker.heartbeat", json.dumps(event))
        scene.send(count=50)
        scene.settle(30)
        scene.check(worker.process.is_alive, "a forged shutdown ended the worker")
        known = client.zcard("skirret:workers")
        scene.check(known <= 10, f"{known} workers are believed in after forged heartbeats")
        growth = worker.process.resident_megabytes - before
        scene.notes.append(f"memory grew by {growth:.1f} MB")
        found = [key for key in client.keys("*reply.celery.pidbox*") if client.type(key) == "list"]
        replies = [key for key in found if client.ttl(key) < 0]
        scene.check(not replies, f"replies that nobody waits for stay for ever: {replies[:2]}")
    return Bars(accepted=60)


@case("L5", "a task that no worker knows yet", seeds=1, seconds=20)
def unknown_task(scene: Scene) -> Bars:
    scene.start_redis()
    ignorant = scene.start_worker("ignorant", has_samples=False)
    tasks = scene.send(count=5)
    time.sleep(2)
    with scene.redis.client() as client:
        failed = [text for task in tasks if (text := client.get(PREFIX + task)) and "NotRegistered" in text]
    if len(failed) == len(tasks):
        raise Skip("this worker fails unknown tasks at once instead of waiting for one that knows them")
    told = subprocess.run(
        [scene.settings.skirret, "explain", tasks[0], "--redis", scene.redis.url], capture_output=True, text=True
    )
    said = told.stdout + told.stderr
    scene.notes.append("explain: " + " ".join(said.split())[:160])
    scene.check("samples.journal" in said, f"explain does not say that nobody knows samples.journal: {said[:200]}")
    _await_knower(scene, ignorant)
    scene.settle(60)
    return Bars(accepted=5)


def _await_knower(scene: Scene, ignorant: Worker) -> None:
    scene.check(ignorant.process.is_alive, "the worker that knew nothing ended")
    scene.start_worker("knower")

