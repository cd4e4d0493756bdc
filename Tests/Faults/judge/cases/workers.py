"""Rows W: workers that die, freeze, and stop."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from ..ledger import Death, read_runs
from ..processes import until
from ..producers import short_tasks
from ..proxy import DOWN, UP, Proxy, Tap
from ..scene import Scene, Skip
from ..topology import Worker
from ..verdict import Bars
from . import case

#: A lease, a sweep, and room for one start.
TAKEN_OVER = 15.0


@case("W1", "a slot's process dies mid-task", seeds=4, seconds=25)
def slot_dies(scene: Scene) -> Bars:
    if "--processes" not in worker_help(scene):
        raise Skip("this worker has no --processes")
    scene.start_redis()
    worker = scene.start_worker(concurrency=2, flags=("--processes", "2"))
    until(worker.process.children, 20, "the worker's processes")
    for _ in range(50 if scene.is_full else 8):
        task = scene.send(0.8)[0]
        scene.await_starts([task])
        time.sleep(scene.random.random() * 0.5)
        runs = [start for start in read_runs(scene.journal) if start.task == task]
        if runs[-1].ended is None and runs[-1].pid != worker.process.pid:
            scene.kill_child(runs[-1].node, runs[-1].pid)
            scene.await_starts([task], within=20, times=len(runs) + 1)
    scene.settle()
    scene.check(worker.process.is_alive, "the supervisor ended with its child")
    return Bars(recovery=2, accepted=8)


@case("W2", "a whole worker dies mid-task, another one lives", seeds=3, seconds=45)
def worker_dies(scene: Scene) -> Bars:
    scene.start_redis()
    scene.start_worker("survivor", concurrency=16)
    victims = [scene.start_worker(concurrency=3) for _ in range(2)]
    producer = scene.produce(6, lambda chance: [0.5 + chance.random() * 2])
    for number in range(17 if scene.is_full else 4):
        victim = victims[number % 2]
        until(lambda victim=victim: scene.held_by(victim.name), 20, "the victim to hold something")
        time.sleep(scene.random.random())
        scene.kill(victim)
        victim.restart()
        time.sleep(1)
    producer.stop()
    scene.settle()
    return Bars(recovery=TAKEN_OVER)


@case("W3", "a worker dies between the claim and the start", seeds=6, seconds=50)
def dies_mid_claim(scene: Scene) -> Bars:
    scene.start_redis()
    proxy = Proxy(scene.redis.port)
    scene.finally_do(proxy.close)
    victim = scene.start_worker("failpoint", url=proxy.url, concurrency=2)

    # The fail-point: Redis has given the message out, and the worker never sees it. A claim names the queue before the
    # message; the answer that only wakes an idle worker does not, and nothing is held yet when that one passes.
    def die_at_the_claim(direction: str, data: bytes) -> bool:
        is_claim = b"\r\n$6\r\ncelery\r\n$" in data and b"samples.journal" in data
        if direction == DOWN and is_claim and victim.process.is_alive:
            os.killpg(victim.process.pid, signal.SIGKILL)
            return False
        return True

    proxy.tap(die_at_the_claim)
    lost_in_claim = scene.send()
    until(lambda: not victim.process.is_alive, 20, "the worker to die at its claim")
    proxy.tap(None)
    scene.kill(victim)
    scene.check(scene.deaths[-1].held == set(lost_in_claim), "the fail-point missed: the dead worker held nothing")
    scene.start_worker("survivor")
    # The storm: kills at any instant, among tasks that do nothing.
    storm = [scene.start_worker(f"storm{n}", concurrency=8) for n in range(2)]
    kills = 50 if scene.is_full else 8
    scene.flood(kills * 300)
    producer = scene.produce(100)
    for number in range(kills):
        one = storm[number % 2]
        until(lambda one=one: one.process.said().count("worker is ready") > number // 2, 20, "the next victim")
        time.sleep(scene.random.random() * 0.4)
        scene.kill(one)
        one.restart()
    producer.stop()
    scene.settle()
    scene.await_starts(lost_in_claim)
    return Bars(recovery=TAKEN_OVER)


@case("W4", "a worker dies around the acknowledgement", seeds=4, seconds=60)
def dies_mid_ack(scene: Scene) -> Bars:
    scene.start_redis()
    for point in ("before the write", "after the write") * (5 if scene.is_full else 1):
        proxy = Proxy(scene.redis.port)
        scene.finally_do(proxy.close)
        victim = scene.start_worker(url=proxy.url, concurrency=1)
        proxy.tap(_die_at_the_end(victim, is_written=point == "after the write"))
        scene.send(0.2)
        until(lambda victim=victim: not victim.process.is_alive, 20, f"the worker to die {point} of a result")
        scene.kill(victim)
    survivor = scene.start_worker("survivor")
    scene.settle()
    scene.check(survivor.process.is_alive, "the survivor ended")
    # What was written before the death is final: it may not run again. Two minutes of "active" would be a failure too.
    twice = [task for task, count in _starts_by_task(scene).items() if count > 2]
    scene.check(not twice, f"started more than twice: {twice}")
    return Bars(recovery=None)


def _die_at_the_end(victim: Worker, is_written: bool) -> Tap:
    """A tap that kills the worker when its result passes: not yet written, or written and not yet answered."""
    is_passing = False

    def tap(direction: str, data: bytes) -> bool:
        nonlocal is_passing
        if direction == UP and b"SUCCESS" in data:
            if not is_written:
                os.killpg(victim.process.pid, signal.SIGKILL)
                return False
            is_passing = True
        elif direction == DOWN and is_passing:
            os.killpg(victim.process.pid, signal.SIGKILL)
            return False
        return True

    return tap


@case("W5", "a zombie: stopped for longer than its lease, then woken", seeds=2, seconds=45)
def zombie(scene: Scene) -> Bars:
    scene.start_redis()
    frozen = scene.start_worker("frozen", concurrency=2)
    # Deaf bodies wake up with something to write; cooperative ones are to be cancelled.
    tasks = scene.send(8.0, "deaf") + scene.send(8.0, "sleep")
    scene.await_starts(tasks)
    other = scene.start_worker("other")
    frozen.process.freeze()
    at = time.monotonic()
    pids = frozenset({frozen.process.pid, *frozen.process.children()})
    scene.deaths.append(Death(pids, at, frozenset(tasks)))
    time.sleep(60 if scene.is_full else 5)
    scene.await_starts(tasks, within=20, times=2)
    until(lambda: len(_ended(scene)) == 2, 20, "the other worker to finish")
    frozen.process.thaw()
    until(lambda: frozen.refusals >= 2, 20, "the woken worker to notice that its leases are gone")
    scene.settle()
    counts = _starts_by_task(scene)
    scene.check(all(counts[task] == 2 for task in tasks), f"started {sorted(counts.values())} times, expected 2 each")
    scene.check(frozen.process.is_alive and other.process.is_alive, "a worker ended")
    with scene.redis.client() as client:
        lost = client.zcard("skirret:lost")
    scene.check(lost >= 2, f"{lost} leases are on record as lost, expected 2")
    # The woken one works again.
    scene.send(count=20)
    scene.settle()
    return Bars(recovery=TAKEN_OVER, refused=2)


@case("W6", "SIGTERM with tasks longer than the grace", seeds=2, seconds=30)
def stop_with_long_tasks(scene: Scene) -> Bars:
    grace = 5
    scene.start_redis()
    worker = scene.start_worker("leaving", concurrency=4, grace=grace)
    long_ones = scene.send(12.0, "sleep", count=2) + scene.send(12.0, "deaf", count=2)
    scene.await_starts(long_ones)
    waiting = scene.send(0, "sleep", count=10)
    at = time.monotonic()
    worker.process.signal(signal.SIGTERM)
    time.sleep(scene.random.random() * 0.3)
    worker.process.signal(scene.random.choice([signal.SIGTERM, signal.SIGINT]))
    scene.left_behind(worker, at + grace + 3)
    time.sleep(2.5)
    with scene.redis.client() as client:
        scene.check(client.llen("celery") == len(waiting), "a worker that stops still claimed")
        leases = client.zrange("skirret:leases", 0, -1, withscores=True)
        now = int(client.time()[0]) * 1000
        scene.check(len(leases) == 4 and all(end > now + 6000 for _, end in leases), "it stopped renewing its leases")
    try:
        worker.process.wait(grace + 2 - 2.5)
        scene.notes.append(f"exit after {time.monotonic() - at:.1f} s with code {worker.process.code}")
    except AssertionError:
        scene.faults.append(f"still alive {grace + 2} s after SIGTERM with a grace of {grace} s")
        scene.kill(worker)
    with scene.redis.client() as client:
        queued = client.llen("celery")
        scene.check(queued == 14, f"{queued} messages in the queue, expected 14: ten waiting and four handed back")
        scene.check(client.hlen("skirret:crashes") == 0, "a stop in order cost an attempt")
    scene.start_worker("next", concurrency=16)
    scene.settle()
    return Bars()


@case("W6I", "SIGTERM when idle", is_alone=True, seconds=10)
def stop_when_idle(scene: Scene) -> Bars:
    scene.start_redis()
    times = []
    for number, kind in enumerate([signal.SIGTERM, signal.SIGINT] * (10 if scene.is_full else 2)):
        worker = scene.start_worker(f"idle{number}")
        scene.send()
        scene.settle()
        at = time.monotonic()
        worker.process.signal(kind)
        worker.process.wait(10)
        times.append(time.monotonic() - at)
        scene.check(worker.process.code == 0, f"exit code {worker.process.code}")
    scene.notes.append(f"idle exit within {max(times):.2f} s")
    scene.check(max(times) <= 0.5, f"an idle worker took {max(times):.2f} s to leave, 0.5 s are allowed")
    return Bars()


@case("W9", "chaos", seeds=2, seconds=75)
def chaos(scene: Scene) -> Bars:
    """Every few seconds one fault: a kill, a freeze longer or shorter than a lease, a stop, Redis killed or flushed."""
    scene.start_redis(fsync="everysec")
    fleet = [scene.start_worker(concurrency=8) for _ in range(3)]
    scene.start_worker("survivor", concurrency=8)
    producer = scene.produce(200 if scene.is_full else 60, short_tasks)
    end = time.monotonic() + scene.settings.length(30, 600)
    while time.monotonic() < end:
        _strike(scene, scene.random.choice(fleet))
        time.sleep(2 + scene.random.random() * 3)
    producer.stop()
    scene.settle(120)
    with scene.redis.client() as client:
        repairs = int(client.hget("skirret:repairs", "count") or 0)
    scene.check(repairs == 0, f"{repairs} repairs of invariants")
    return Bars(needs_recovery=False)


def _strike(scene: Scene, victim: Worker) -> None:
    match scene.random.choice(["kill", "kill", "stop", "nap", "redis", "scripts", "connections"]):
        case "kill":
            scene.kill(victim)
            victim.restart()
        case "stop":
            victim.process.signal(signal.SIGTERM)
            scene.left_behind(victim, time.monotonic() + 30)
            victim.process.wait(40)
            victim.restart()
        case "nap":
            victim.process.freeze()
            time.sleep(1 + scene.random.random() * 4)
            victim.process.thaw()
        case "redis":
            scene.redis.kill()
            time.sleep(scene.random.random() * 2)
            scene.redis.start()
        case "scripts":
            with scene.redis.client() as client:
                client.script_flush()
        case "connections":
            with scene.redis.client() as client:
                client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def worker_help(scene: Scene) -> str:
    """What this worker's own help says, to know what is built."""
    return subprocess.run([*scene.settings.worker, "--help"], capture_output=True, text=True).stdout


def _starts_by_task(scene: Scene) -> dict[str, int]:
    counts: dict[str, int] = {}
    for start in read_runs(scene.journal):
        counts[start.task] = counts.get(start.task, 0) + 1
    return counts


def _ended(scene: Scene) -> set[str]:
    return {start.task for start in read_runs(scene.journal) if start.ended is not None}
