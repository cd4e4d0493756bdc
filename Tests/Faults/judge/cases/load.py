"""Rows L1, L2, L6: a million behind, a hundred thousand at once, and a rolling deploy."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import redis

from ..ledger import AcceptedLog
from ..messages import message
from ..processes import until
from ..producers import short_tasks
from ..scene import Scene
from ..topology import Worker
from ..verdict import Bars
from . import case

#: Longer than this, and Redis was held up.
SLOW_MICROSECONDS = 10_000


@case("L1", "a backlog of a million", is_alone=True, seconds=40)
def backlog(scene: Scene) -> Bars:
    """What a task costs Redis, with a backlog and without, over the same number of tasks."""
    scene.start_redis()
    size = 1_000_000 if scene.is_full else 100_000
    worker = scene.start_worker(concurrency=8)
    with scene.redis.client(timeout=60) as client:
        scene.flood(2500)  # a warm-up
        scene.settle()
        empty = min((_cost(client, worker, fills=True) for _ in range(ROUNDS)), key=lambda cost: cost.processor)
        worker.process.kill()
        # Of the same kind, and far more than is going to be run: 200 bytes of arguments each.
        before = int(client.info("memory")["used_memory"])
        payload = _fill(client, size)
        bytes_each = (int(client.info("memory")["used_memory"]) - before - payload) / size
        worker = scene.start_worker("behind", concurrency=8)
        behind = min((_cost(client, worker) for _ in range(ROUNDS)), key=lambda cost: cost.processor)
        worker.process.kill()
        client.flushall()
    scene.notes.append(
        f"{size:,} queued: {bytes_each:.0f} B a task over its payload; a task takes {behind.processor:.1f} µs of "
        f"Redis's processor, {empty.processor:.1f} when empty; "
        f"scripts' p99 {behind.p99:.0f} µs, {empty.p99:.0f} when empty"
    )
    scene.check(bytes_each <= 900, f"{bytes_each:.0f} B a task over its payload, 900 are allowed")
    scene.check(
        behind.processor <= 1.5 * empty.processor,
        f"a task takes {behind.processor:.1f} µs of Redis's processor with a backlog, {empty.processor:.1f} µs without",
    )
    scene.erased = set(AcceptedLog.read(scene.folder / "accepted"))
    return Bars(accepted=2000, double_starts=None)


#: Of so many rounds the cheapest counts: what else the machine does is not what is asked for.
ROUNDS = 3
#: Tasks in a round.
ROUND = 5000


class Cost(NamedTuple):
    """In microseconds. The processor's time of Redis for each task is judged: the p99 of the scripts is by the clock on
    the wall, which runs on while Redis waits for a processor, and tells of the machine's other work too."""

    processor: float
    p99: float


def _cost(client: redis.Redis, worker: Worker, *, fills: bool = False) -> Cost:
    """Of a round that the worker finds lying there, and nothing else unless there is a backlog. It is frozen while the
    round is laid out, so that both are of many at a time."""
    worker.process.freeze()
    if fills:
        _fill(client, ROUND)
    queued = int(client.llen("celery"))
    client.config_resetstat()
    spent = _processor_microseconds(client)
    worker.process.thaw()
    left = max(0, queued - ROUND)  # one may be in the worker's hands already: it waits for the first with BLMOVE
    until(lambda: int(client.llen("celery")) <= left, 60, f"{ROUND} tasks to be taken")
    spent = _processor_microseconds(client) - spent
    taken = queued - int(client.llen("celery"))
    return Cost(spent / taken, float(client.info("latencystats")["latency_percentiles_usec_evalsha"]["p99"]))


def _processor_microseconds(client: redis.Redis) -> float:
    told = client.info("cpu")
    return 1e6 * (float(told["used_cpu_user_main_thread"]) + float(told["used_cpu_sys_main_thread"]))


def _fill(client: redis.Redis, size: int) -> int:
    """Returns how many bytes the messages themselves have."""
    payload = 0
    for _ in range(size // 1000):
        batch = [message("samples.echo", ["x" * 200])[1] for _ in range(1000)]
        payload += sum(len(text) for text in batch)
        client.lpush("celery", *batch)
    return payload


@case("L2", "very many tasks due at one instant", is_alone=True, seconds=60)
def due_at_once(scene: Scene) -> Bars:
    scene.start_redis()
    size = 100_000 if scene.is_full else 10_000
    worker = scene.start_worker(concurrency=16)
    with scene.redis.client(timeout=30) as client:
        client.config_set("slowlog-log-slower-than", SLOW_MICROSECONDS)
        waited = scene.redis.seconds_without_processor
        scene.send(count=50)
        scene.settle()
        before = worker.process.resident_megabytes
        wait = 150 if scene.is_full else 25
        due = datetime.now(UTC) + timedelta(seconds=wait)
        due_at = time.monotonic() + wait
        scene.flood(size, headers={"eta": due.isoformat()})
        until(lambda: client.zcard("skirret:scheduled") == size, wait, "all to be parked", pause=0.2)
        scene.check(time.monotonic() < due_at, "parking took until they were due; this showed nothing")
        parked = worker.process.resident_megabytes
        until(lambda: client.zcard("skirret:scheduled") == 0, wait + 60, "all to be queued", pause=0.02)
        late = time.monotonic() - due_at
        slow = [entry for entry in client.slowlog_get(100) if entry["command"][:4].upper() in (b"EVAL", "EVAL")]
        scene.notes.append(
            f"{size:,} queued {late:.1f} s after they were due; "
            f"worker at {before:.0f} MB, {parked:.0f} MB with all parked"
        )
        scene.check(late <= 5, f"all were queued {late:.1f} s late, 5 s are allowed")
        longest = max((entry["duration"] for entry in slow), default=0)
        # Redis tells by the clock on the wall: while it waits for a processor, no script holds it.
        excess = sum(entry["duration"] - SLOW_MICROSECONDS for entry in slow) / 1e6
        waited = scene.redis.seconds_without_processor - waited
        scene.notes.append(f"longest script {longest / 1000:.1f} ms; Redis waited {waited:.2f} s for a processor")
        scene.check(excess <= waited, f"scripts held Redis for {longest / 1000:.1f} ms, 10 ms are allowed")
        early = [start.at for start in scene.runs() if start.at < due_at - 0.05 and start.at > due_at - wait + 10]
        scene.check(not early, f"{len(early)} ran before they were due")
    # Memory that the parking itself took: what the allocator keeps of the passing messages is not held for them.
    scene.check(parked - before <= (5 if size == 100_000 else 25), f"the worker grew by {parked - before:.0f} MB")
    scene.settle(180)
    return Bars(accepted=size)


@case("L6", "a rolling deploy", seeds=3, seconds=30)
def rolling_deploy(scene: Scene) -> Bars:
    scene.start_redis()
    fleet = [scene.start_worker(concurrency=16, grace=20) for _ in range(3)]
    producer = scene.produce(500 if scene.is_full else 100, short_tasks)
    for _ in range(3 if scene.is_full else 1):
        for worker in fleet:
            time.sleep(0.5 + scene.random.random())
            worker.process.signal(signal.SIGTERM)
            worker.process.wait(30)
            scene.check(worker.process.code == 0, f"{worker.name} left with code {worker.process.code}")
            worker.restart()
    producer.stop()
    scene.settle()
    with scene.redis.client() as client:
        spent = client.hlen("skirret:crashes")
    scene.check(spent == 0, f"{spent} tasks were charged with an attempt")
    return Bars(accepted=200)
