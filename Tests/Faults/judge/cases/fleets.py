"""The mixed fleet: Python's Celery and ours on one queue."""

from __future__ import annotations

import signal
import time

import redis

from ..books import task_id
from ..ledger import AcceptedLog
from ..processes import until
from ..scene import Scene, Skip
from ..topology import PythonWorker, Worker
from ..verdict import Bars
from ..watcher import PREFIX
from . import case

#: Seconds after which a Python worker's sweep takes an abandoned message. Longer than our leases, or it would take
#: what a worker of ours may still write.
VISIBILITY = 15
#: Seconds that a worker stands still. Nothing keeps a Python worker that was taken for dead from writing when it wakes
#: up, so it never stands still for as long as that; ours may.
OUR_SHORT, OUR_LONG, PYTHON_LONGEST = 3.0, 16.0, 5.0
LEASE = 12.0


@case("FLEET", "two Python workers and two of ours on one queue, random kills", seeds=1, seconds=110)
def mixed_fleet(scene: Scene) -> Bars:
    """SIGKILL, SIGTERM, SIGSTOP and SIGCONT to any of them; who ended is replaced.

    Two things are Celery's own, and no other worker can mend them. kombu takes a message off the queue and records it
    in a second step: a kill in between loses it for good (measured: up to 2 of 1,000), so a Python worker is killed
    when nothing is in its memory alone. And what a killed one held is restored by another Python worker, which looks
    when it starts and then every hundred seconds.
    """
    try:
        import celery  # noqa: F401
    except ImportError:
        raise Skip("celery is not installed beside this Python") from None
    scene.start_redis(fsync="everysec")
    # A Python worker does not take out the crash count of a task that one of ours died under: that expires.
    scene.tolerated.add("skirret:crashes")
    ours = [scene.start_worker(f"ours{n}", concurrency=2) for n in range(2)]
    pythons = [scene.start_python(f"python{n}", VISIBILITY) for n in range(2)]
    producer = scene.produce(12, lambda chance: [round(chance.random() * 1.5, 3)])
    with scene.redis.client() as client:
        until(lambda: len(_nodes(scene)) == 4, 60, "all four workers to have worked")
        blows: dict[str, int] = {}
        end = time.monotonic() + scene.settings.length(30, 600)
        while time.monotonic() < end:
            time.sleep(1 + scene.random.random() * 3)
            blow = scene.random.choice(["kill ours", "kill ours", "kill python", "stop ours", "stop python",
                                        "freeze ours", "freeze python"])  # fmt: skip
            victim = scene.random.choice(ours if blow.endswith("ours") else pythons)
            if _strike(scene, client, blow.split()[0], victim):
                blows[blow] = blows.get(blow, 0) + 1
        producer.stop()
        end = time.monotonic() + 180
        while time.monotonic() < end and client.hlen("unacked"):
            # Starts look for abandoned messages at once, where time alone would take a hundred seconds.
            time.sleep(3)
            if any(time.time() - at > VISIBILITY for _, at in client.zrange("unacked_index", 0, 0, withscores=True)):
                _replace(scene, pythons[0])
                time.sleep(12)
    scene.settle(60)
    by_node = {node: sum(start.node == node for start in scene.runs()) for node in _nodes(scene)}
    scene.notes.append("starts by worker: " + ", ".join(f"{node} {count}" for node, count in sorted(by_node.items())))
    scene.notes.append("blows: " + ", ".join(f"{blow} {count}" for blow, count in sorted(blows.items())))
    # A message that a dead Python worker held has no owner record; its restoration is Celery's.
    return Bars(accepted=100, needs_recovery=False)


def _strike(scene: Scene, client: redis.Redis, how: str, victim: Worker | PythonWorker) -> bool:
    """Does it, and puts another worker into the place of one that ended; false when it could not be done now."""
    is_python = isinstance(victim, PythonWorker)
    match how:
        case "kill":
            if is_python and not _freeze_whole(scene, client, victim):
                return False
            scene.kill(victim)
            victim.restart()
        case "stop":
            _replace(scene, victim)
        case "freeze":
            longest = PYTHON_LONGEST if is_python else scene.random.choice([OUR_SHORT, OUR_LONG])
            length = longest * (0.7 + scene.random.random() * 0.3) if longest < OUR_LONG else longest
            at = time.monotonic()
            victim.process.freeze()
            time.sleep(length)
            victim.process.thaw()
            if length > LEASE:
                scene.left_behind(victim, at + LEASE)
    return True


def _replace(scene: Scene, worker: Worker | PythonWorker) -> None:
    worker.process.signal(signal.SIGTERM)
    scene.left_behind(worker, time.monotonic() + 20)
    worker.process.wait(40)
    worker.restart()


def _nodes(scene: Scene) -> set[str]:
    return {start.node for start in scene.runs()}


def _freeze_whole(scene: Scene, client: redis.Redis, worker: PythonWorker) -> bool:
    """Stops a worker at an instant at which every accepted task is somewhere in Redis."""
    for _ in range(20):
        worker.process.freeze()
        time.sleep(0.1)
        if not _missing(scene, client) or not _missing(scene, client):
            return True
        worker.process.thaw()
        time.sleep(scene.random.random() * 0.3)
    return False


def _missing(scene: Scene, client: redis.Redis) -> set[str]:
    """Accepted tasks that Redis does not know: in somebody's memory, unless they moved while this looked."""
    accepted = list(AcceptedLog.read(scene.folder / "accepted"))
    pipeline = client.pipeline(transaction=True)
    pipeline.mget([PREFIX + task for task in accepted])
    pipeline.lrange("celery", 0, -1)
    pipeline.hvals("unacked")
    results, queued, held = pipeline.execute()
    known = {task for task, text in zip(accepted, results, strict=True) if text}
    return set(accepted) - known - {task_id(text) for text in queued} - {task_id(text, is_held=True) for text in held}
