"""A worker whose every thread is kept busy by bodies that block: whoever asks it still gets an answer."""

import os
import time

import pytest
from conftest import until

#: As many as a Swift process has threads for tasks.
THREADS = len(os.sched_getaffinity(0))


@pytest.mark.parametrize("flags", [(), ("--processes", "1")], ids=["alone", "pool"])
def test_a_worker_full_of_blocking_bodies_answers_and_keeps_its_leases(house, flags):
    from celery import Celery

    worker = house.worker("-c", str(THREADS + 2), "-n", "busy@h", *flags)
    worker.wait_until_ready()
    tasks = [house.run(20, "burn") for _ in range(THREADS + 2)]
    until(lambda: len(house.journal.lines("start")) >= THREADS, 20, "a body on every thread")
    node = "busy-1@h" if flags else "busy@h"
    app = Celery(broker=house.url, backend=house.url)
    try:
        for _ in range(3):
            began = time.monotonic()
            assert app.control.ping(destination=[node], timeout=5) == [{node: {"ok": "pong"}}]
            active = app.control.inspect(destination=[node], timeout=5).active()
            assert active is not None, f"no answer to `inspect active`; it said {worker.said()}"
            assert {task["id"] for task in active[node]} <= set(tasks) and active[node]
            print(f"two answers took {time.monotonic() - began:.2f} s")
        leases = dict(house.redis.zrange("skirret:leases", 0, -1, withscores=True))
        until(
            lambda: all(end > leases[token] for token, end in house.redis.zscan_iter("skirret:leases")), 10,
            "all leases to be renewed",
        )  # fmt: skip
    finally:
        app.close()
    assert not house.journal.lines("end"), "the bodies ended before the questions did: this showed nothing"


def test_what_finds_no_thread_goes_to_a_worker_that_has_one(house):
    for _ in range(THREADS):
        house.run(60, "burn")
    tasks = [house.run(0) for _ in range(2)]
    # It has slots for all of these, so it takes them; nothing can run in the last two.
    house.worker("-c", str(THREADS + 2), "-n", "busy@h").wait_until_ready()
    until(lambda: len(house.journal.lines("start")) >= THREADS, 20, "a body on every thread")
    house.worker("-c", "2", "-n", "free@h").wait_until_ready()
    for task in tasks:
        assert house.result(task, 10)["status"] == "SUCCESS"
    ended = [node for node, _ in house.journal.lines("end")]
    assert ended == ["free@h"] * len(tasks), "the bodies ended before: this showed nothing"
