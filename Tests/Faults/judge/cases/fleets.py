"""The mixed fleet: Python's Celery and ours on one queue."""

from __future__ import annotations

import signal
import time

import redis

from ..ledger import AcceptedLog
from ..processes import until
from ..scene import PREFIX, Scene, Skip, task_id
from ..topology import PythonWorker
from ..verdict import Bars
from . import case

#: Seconds after which a Python worker's sweep takes an abandoned message; ours renew theirs every four.
VISIBILITY = 8


@case("MIX", "two Python workers and two of ours on one queue, random kills", seeds=1, seconds=110)
def mixed_fleet(scene: Scene) -> Bars:
    """A Python worker is killed when it has nothing in its memory alone.

    kombu takes a message off the queue and records it in a second step: a kill in between loses it for good,
    which is kombu's own (measured: up to 2 of 1,000), and no other worker can mend it.
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
        end = time.monotonic() + (600 if scene.is_full else 60)
        while time.monotonic() < end:
            time.sleep(1 + scene.random.random() * 3)
            match scene.random.choice(["ours", "ours", "python", "stop ours", "stop python"]):
                case "ours":
                    victim = scene.random.choice(ours)
                    scene.kill(victim)
                case "stop ours":
                    victim = scene.random.choice(ours)
                    victim.process.signal(signal.SIGTERM)
                    scene.left_behind(victim, time.monotonic() + 20)
                    victim.process.wait(40)
                case "python":
                    victim = scene.random.choice(pythons)
                    if not _freeze_whole(scene, client, victim):
                        continue
                    scene.kill(victim)
                case _:
                    victim = scene.random.choice(pythons)
                    victim.process.signal(signal.SIGTERM)
                    scene.left_behind(victim, time.monotonic() + 20)
                    victim.process.wait(40)
            victim.restart()
        producer.stop()
        # A Python worker looks for abandoned messages when it starts, and then every hundred seconds.
        end = time.monotonic() + 150
        while time.monotonic() < end and client.hlen("unacked"):
            time.sleep(VISIBILITY + 2)
            if client.hlen("unacked"):
                pythons[0].process.kill() if not pythons[0].process.is_alive else _replace(scene, pythons[0])
    scene.settle(60)
    by_node = {node: sum(start.node == node for start in scene.runs()) for node in _nodes(scene)}
    scene.notes.append("starts by worker: " + ", ".join(f"{node} {count}" for node, count in sorted(by_node.items())))
    scene.notes.append(f"{len(scene.deaths)} ends of workers")
    # A message that a dead Python worker held has no owner record; its restoration is Celery's.
    return Bars(accepted=100, needs_recovery=False)


def _replace(scene: Scene, worker: PythonWorker) -> None:
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
