"""Rows R1 to R8: whatever Redis does."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..ledger import AcceptedLog
from ..processes import until
from ..producers import short_tasks
from ..scene import Scene, Skip
from ..topology import Sentinels
from ..verdict import Bars
from . import case

#: Seconds until a worker works again once Redis is back, and once a replica was promoted.
RESUMED, RESUMED_AFTER_FAILOVER = 3.0, 5.0
#: Tasks a second that producers send.
RATE, FULL_RATE = 120.0, 500.0


def rate(scene: Scene) -> float:
    return FULL_RATE if scene.is_full else RATE


def under_load(scene: Scene, workers: int = 2) -> None:
    """Workers that run short tasks, a producer that does not stop, and some of both behind it."""
    for _ in range(workers):
        scene.start_worker(concurrency=32)
    scene.produce(rate(scene), short_tasks)
    scene.await_progress(int(rate(scene)))


def _killed(scene: Scene, fsync: str) -> Bars:
    scene.start_redis(fsync=fsync)
    under_load(scene)
    for _ in range(3 if scene.is_full else 1):
        time.sleep(scene.random.random())
        scene.redis.kill()
        time.sleep(5)
        scene.redis.start()
        scene.resume_after(time.monotonic())
        time.sleep(2)
    scene.stop_producing()
    at = time.monotonic()
    scene.settle()
    settled = time.monotonic() - at
    scene.check(settled <= 15, f"claims were settled {settled:.0f} s later, not within 15 s")
    return Bars(recovery=RESUMED, accepted=100)


@case("R1", "Redis killed, AOF everysec", seeds=3, seconds=25)
def killed_everysec(scene: Scene) -> Bars:
    return _killed(scene, "everysec")


@case("R2", "Redis killed, AOF always", seeds=3, seconds=25)
def killed_always(scene: Scene) -> Bars:
    return _killed(scene, "always")


@case("R3", "Redis shut down and started again", seeds=2, seconds=25)
def shut_down(scene: Scene) -> Bars:
    scene.start_redis(fsync="everysec")
    under_load(scene)
    marks = [worker.mark() for worker in scene.workers]
    at, away = time.monotonic(), 20 if scene.is_full else 8
    scene.redis.shut_down()
    time.sleep(away)
    scene.redis.start()
    back = time.monotonic()
    scene.resume_after(back)
    time.sleep(1)
    for worker, mark in zip(scene.workers, marks, strict=True):
        lines = len(worker.lines_since(mark))
        allowed = (time.monotonic() - at) / 5 + 1
        scene.notes.append(f"{worker.name} logged {lines} lines in {time.monotonic() - at:.0f} s")
        scene.check(lines <= allowed, f"{worker.name} logged {lines} lines, one in 5 s is allowed: {allowed:.0f}")
    scene.settle()
    return Bars(recovery=RESUMED, accepted=100)


@case("R4", "FLUSHALL under load", seeds=2, seconds=30)
def flushed(scene: Scene) -> Bars:
    scene.start_redis()
    under_load(scene)
    running = scene.send(6.0, count=4)
    scene.await_starts(running)
    scene.redis.client().flushall()
    at = time.monotonic()
    # What a producer put into Redis itself is gone with its data; nobody promised more.
    scene.erased = {task for task, when in AcceptedLog.read(scene.folder / "accepted").items() if when <= at + 0.1}
    for worker in scene.workers:
        scene.left_behind(worker, at)
    scene.resume_after(at)
    time.sleep(2)
    scene.settle()
    with scene.redis.client() as client:
        bound = client.smembers("_kombu.binding.celery") and client.sismember("skirret:queues", "celery")
    scene.notes.append("queues are declared again" if bound else "queues were not declared again within the scene")
    scene.notes.append("the ledger's half of this row waits for the ledger")
    return Bars(recovery=15, accepted=100)


@case("R5", "SCRIPT FLUSH ten times a second", seeds=2, seconds=25)
def scripts_flushed(scene: Scene) -> Bars:
    scene.start_redis()
    under_load(scene)
    marks = [worker.mark() for worker in scene.workers]
    end = time.monotonic() + (30 if scene.is_full else 8)
    with scene.redis.client() as client:
        while time.monotonic() < end:
            client.script_flush()
            time.sleep(0.1)
    for worker, mark in zip(scene.workers, marks, strict=True):
        complaints = [line for line in worker.lines_since(mark) if " WARNING " in line or " ERROR " in line]
        scene.check(not complaints, f"{worker.name} complained: {complaints[:2]}")
    scene.settle()
    return Bars(accepted=200)


@case("R6", "Redis is full, noeviction", seeds=2, seconds=35)
def out_of_memory(scene: Scene) -> Bars:
    scene.start_redis(arguments=("--maxmemory-policy", "noeviction"))
    padding = "x" * 4000
    scene.send(0, "sleep", count=1)
    backlog = 4000
    scene.flood(backlog, 0.0, headers={"argsrepr": padding})
    with scene.redis.client() as client:
        used = int(client.info("memory")["used_memory"])
        client.config_set("maxmemory", used - backlog * 1500)
        producer = scene.produce(50)
        until(lambda: producer.refusals, 10, "a producer to be refused")
        before = client.llen("celery")
        for _ in range(2):
            scene.start_worker(concurrency=4)
        # Draining must get Redis below its limit again, and producers in, without anybody's help.
        drained = _holds(lambda: producer.count > 20, 45 if not scene.is_full else 90)
        after = client.llen("celery")
        scene.check(drained, f"no room after all that time: {before} waited, {after} wait; {producer.refusals}")
        scene.notes.append(f"queue went from {before} to {after} while full; producers heard {producer.refusals}")
        scene.stop_producing()
        client.config_set("maxmemory", 0)
    scene.settle()
    return Bars(accepted=backlog)


def _holds(condition: Callable[[], bool], within: float) -> bool:
    try:
        return until(condition, within, "it", pause=0.2)
    except AssertionError:
        return False


@case("R7", "Redis becomes a replica without a master", seeds=2, seconds=30)
def read_only(scene: Scene) -> Bars:
    scene.start_redis()
    under_load(scene)
    with scene.redis.client() as client:
        for _ in range(3 if scene.is_full else 1):
            client.execute_command("REPLICAOF", "127.0.0.1", "1")
            time.sleep(10)
            client.execute_command("REPLICAOF", "NO", "ONE")
            scene.resume_after(time.monotonic())
            time.sleep(2)
    scene.settle()
    return Bars(recovery=RESUMED, accepted=100)


@case("R8", "Sentinel failover", seeds=3, seconds=40)
def failover(scene: Scene) -> Bars:
    sentinels = Sentinels(scene.folder)
    scene.finally_do(sentinels.close)
    scene.use(sentinels.master)
    worker = scene.start_worker(url=sentinels.url, is_awaited=False, concurrency=16)
    until(lambda: "worker is ready" in worker.process.said() or not worker.process.is_alive, 20, "the worker")
    if not worker.process.is_alive:
        raise Skip(f"this worker knows no Sentinel URL: {worker.process.said().strip().splitlines()[0][:100]}")
    scene.start_worker(url=sentinels.url, concurrency=16)
    producer = scene.produce(50, short_tasks)
    scene.await_progress(100)
    running = scene.send(14.0, count=3)
    scene.await_starts(running)
    producer.stop()
    # What is not yet on the replica would be the tail that a failover loses: not this row.
    with sentinels.master.client() as client:
        until(lambda: client.wait(1, 500) == 1, 10, "the replica to have everything")
    sentinels.master.kill()
    with sentinels.replica.client() as client:
        until(lambda: client.info("replication")["role"] == "master", 30, "the promotion")
    promoted = time.monotonic()
    scene.use(sentinels.replica)
    scene.produce(50, short_tasks)
    scene.resume_after(promoted)
    time.sleep(2)
    scene.settle()
    return Bars(recovery=RESUMED_AFTER_FAILOVER, accepted=100)
