"""Rows R9 to R13: a Redis that is slow to answer, and the lines to it."""

from __future__ import annotations

import threading
import time

import redis

from ..ledger import Death
from ..processes import until
from ..producers import short_tasks
from ..proxy import DOWN, UP, Proxy
from ..scene import Scene
from ..verdict import Bars
from ..watcher import Watcher
from . import case
from .redis_faults import under_load

LEASE = 12.0


@case("R9", "Redis frozen for longer than a lease", seeds=3, seconds=45)
def frozen(scene: Scene) -> Bars:
    """The first command after the thaw is another worker's sweep, before any heartbeat of the owner.

    The owner's line is held from before the freeze until that sweep is over: heartbeats that it
    sends meanwhile arrive late, as over any slow line.
    """
    scene.start_redis()
    proxy = Proxy(scene.redis.port)
    scene.finally_do(proxy.close)
    owner = scene.start_worker("owner", url=proxy.url, concurrency=4)
    running = scene.send(45.0 if scene.is_full else 24.0, count=4)
    scene.await_starts(running)
    scene.start_worker("other", concurrency=4)
    probe = scene.redis.client(timeout=60)
    until(lambda: probe.get("skirret:swept"), 10, "a first sweep")
    proxy.hold()
    swept = probe.get("skirret:swept")
    scene.redis.freeze()
    time.sleep(30 if scene.is_full else LEASE + 3)
    # Waits in Redis's socket, and is in the queue the moment it wakes up: from then on the work is resumed or not.
    sender = threading.Thread(target=scene.send, kwargs={"timeout": 60})
    sender.start()
    time.sleep(0.2)
    scene.redis.thaw()
    back = time.monotonic()
    leases = probe.zrange("skirret:leases", 0, -1, withscores=True)
    until(lambda: probe.get("skirret:swept") != swept, 10, "the sweep after the thaw")
    now = int(probe.time()[0]) * 1000
    # The premise: what the sweep saw was overdue, so only its grace kept it from taking it.
    overdue = len(leases) == 4 and all(end < now for _, end in leases)
    time.sleep(0.5)
    proxy.heal()
    scene.check(overdue, f"the leases were not overdue at the first sweep; this showed nothing: {leases}")
    sender.join()
    scene.resume_after(back)
    scene.settle()
    scene.check(owner.refusals == 0, "a live worker lost a lease because Redis stood still")
    probe.close()
    return Bars(recovery=1, accepted=5)


@case("R10", "Redis is slow: two seconds in every five, and a thin line", seeds=2, seconds=45)
def slow(scene: Scene) -> Bars:
    scene.start_redis()
    proxy = Proxy(scene.redis.port)
    scene.finally_do(proxy.close)
    proxy.slow_to(256_000)
    scene.start_worker("near", concurrency=8)
    scene.start_worker("far", url=proxy.url, concurrency=8)
    producer = scene.produce(20, lambda chance: [0.5 + chance.random() * 4])
    end = time.monotonic() + (60 if scene.is_full else 20)
    with scene.redis.client(timeout=10) as client:
        while time.monotonic() < end:
            client.execute_command("DEBUG", "SLEEP", "2")
            time.sleep(3)
    producer.stop()
    scene.settle(120)
    return Bars(accepted=50)


@case("R11", "connections cut all the time", seeds=2, seconds=35)
def connections_cut(scene: Scene) -> Bars:
    scene.start_redis()
    under_load(scene)
    with scene.redis.client(client_name="judge-vandal") as client:
        baseline = len(_workers_connections(client))
        end = time.monotonic() + (60 if scene.is_full else 15)
        while time.monotonic() < end:
            for connection in client.client_list():
                if connection["name"] not in {"judge-vandal", Watcher.CLIENT}:
                    try:
                        client.client_kill_filter(_id=connection["id"])
                    except redis.RedisError:
                        pass  # it has gone by itself
            time.sleep(1)
        time.sleep(2)
        after = len(_workers_connections(client))
        scene.notes.append(f"workers held {baseline} connections before, {after} after")
        scene.check(after <= baseline, f"connections leaked: {baseline} before, {after} after")
    taken = [worker.name for worker in scene.workers if "dead workers" in worker.process.said()]
    scene.check(not taken, "a claim waited for the end of its lease: a lost answer was not asked for again")
    scene.settle()
    return Bars(accepted=200)


def _workers_connections(client: redis.Redis) -> list[dict[str, str]]:
    return [one for one in client.client_list() if one["name"].startswith("skirret")]


@case("R12", "a worker is cut off from Redis, in one direction or both", seeds=3, seconds=50)
def partition(scene: Scene) -> Bars:
    """A proxy that loses what passes: this needs no rights, and a lost packet is lost."""
    scene.start_redis()
    proxy = Proxy(scene.redis.port)
    scene.finally_do(proxy.close)
    lonely = scene.start_worker("lonely", url=proxy.url, concurrency=4, queues="celery,lonely")
    tasks = scene.send(6.0, "deaf", count=2) + scene.send(6.0, "sleep", count=2)
    scene.await_starts(tasks)
    scene.start_worker("elsewhere", concurrency=16)
    proxy.lose(*{1: (UP, DOWN), 2: (UP,), 3: (DOWN,)}.get(scene.seed, (UP, DOWN)))
    at = time.monotonic()
    # Answers lost one way: one renewal may arrive that it never hears of, and its leases last so much longer.
    is_heard = scene.seed == 3
    if is_heard:
        scene.left_behind(lonely, at)
    else:
        scene.deaths.append(Death(frozenset({lonely.process.pid}), at, frozenset(tasks)))
    time.sleep(30 if scene.is_full else 18)
    proxy.heal()
    healed = time.monotonic()
    probe = scene.send(queue="lonely")
    scene.await_starts(probe, within=30)
    back = time.monotonic() - healed
    scene.notes.append(f"it worked again {back:.1f} s after the line was healed")
    scene.check(back <= 5, f"it worked again after {back:.1f} s, not within 5 s")
    scene.settle()
    return Bars(recovery=None if is_heard else 15)


@case("R13", "out of connections", seeds=2, seconds=20)
def too_many_clients(scene: Scene) -> Bars:
    scene.start_redis()
    first = scene.start_worker("first")
    scene.produce(30, short_tasks)
    scene.await_progress(30)
    with scene.redis.client(timeout=10) as client:
        held = int(client.info("clients")["connected_clients"])
        client.config_set("maxclients", max(held, 12))
        fillers = [scene.redis.client() for _ in range(12)]
        for filler in fillers:
            try:
                filler.ping()
            except redis.RedisError:
                break  # full
        second = scene.start_worker("second", is_awaited=False, queues="celery,second")
        time.sleep(10 if scene.is_full else 4)
        scene.check(first.process.is_alive and second.process.is_alive, "a worker ended for want of a connection")
        for filler in fillers:
            filler.close()
        client.config_set("maxclients", 1000)
        room = time.monotonic()
        probe = scene.send(queue="second")
        scene.await_starts(probe)
        scene.notes.append(f"the one that waited worked {time.monotonic() - room:.1f} s after there was room")
        scene.check(time.monotonic() - room <= 5, "a worker did not come to work within 5 s of there being room")
    scene.settle()
    return Bars(accepted=30)
