"""Worker processes under a supervisor: deaths, recycling, hard limits, zombies."""

import os
import random
import signal
import time

import pytest
from conftest import until


def test_the_task_of_a_killed_process_starts_again_within_two_seconds(house):
    """W1; SKIRRET_FULL repeats it two hundred times."""
    worker = house.worker("--processes", "2", "-c", "2", "-n", "w1@h")
    worker.wait_until_ready(2)
    seed = random.Random(20261122)
    slowest = 0.0
    for _ in range(200 if os.environ.get("SKIRRET_FULL") else 10):
        task = house.run(0.7)
        _, pid = house.started(task)
        time.sleep(seed.uniform(0, 0.5))  # the fault's own place
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        house.started(task, times=2)
        slowest = max(slowest, time.monotonic() - began)
        assert house.result(task, 10)["status"] == "SUCCESS"
        assert len(house.journal.lines("start", task)) == 2
    assert slowest <= 2
    until(lambda: len(worker.children()) == 2, 5, "two processes again")
    assert "signal 9 (SIGKILL)" in worker.said()


def test_what_kills_its_process_three_times_is_dead_with_the_reason(house):
    worker = house.worker("--processes", "1", "-c", "2")
    worker.wait_until_ready()
    poison = house.run(0, "kill")
    failure = house.result(poison, 20)
    assert failure["status"] == "FAILURE"
    assert failure["result"]["exc_type"] == "WorkerLostError"
    assert len(house.journal.lines("start", poison)) == 3
    (letter,) = house.redis.hvals("skirret:dead:letters")
    assert "signal 9 (SIGKILL)" in letter and "worker is ready" in letter, "signal and last output are kept"
    assert house.result(house.run(0), 10)["status"] == "SUCCESS"


def test_members_stop_when_their_supervisor_dies(house):
    worker = house.worker("--processes", "2", "--grace", "1")
    worker.wait_until_ready(2)
    children = worker.children()
    worker.process.kill()
    for child in children:
        until(lambda: not os.path.exists(f"/proc/{child}") or _is_zombie(child), 5, f"the end of {child}")


def _is_zombie(pid: int) -> bool:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "Z"


def test_a_frozen_process_loses_its_task_and_writes_nothing(house):
    """W5."""
    zombie = house.worker("-c", "1", "-n", "zombie@h")
    zombie.wait_until_ready()
    task = house.run(2)
    house.started(task)
    zombie.signal(signal.SIGSTOP)
    other = house.worker("-c", "1", "-n", "other@h")
    node, _ = house.started(task, times=2)
    assert node == "other@h"
    result = house.result(task, 20)
    zombie.signal(signal.SIGCONT)
    until(lambda: "lost the lease" in zombie.said(), 15, f"the refusal; it said {zombie.said()}")
    assert house.result(task, 1) == result
    assert len(house.journal.lines("start", task)) == 2
    assert other.process.poll() is None


def test_the_supervisor_vouches_for_processes_that_run_and_for_no_other(house):
    worker = house.worker("--processes", "2", "-c", "1", "-n", "w1@h")
    worker.wait_until_ready(2)

    def vouched() -> dict[str, float]:
        return dict(house.redis.zrange("skirret:workers:vouched", 0, -1, withscores=True))

    before = until(lambda: len(vouched()) == 2 and vouched(), 10, "both processes to be vouched for")
    node, pid = house.started(house.run(30))
    (other,) = before.keys() - {node}
    os.kill(pid, signal.SIGSTOP)
    # The beat that was under way may still have seen it run.
    until(lambda: vouched()[other] > before[other], 10, "a beat")
    stopped = vouched()
    until(lambda: vouched()[other] > stopped[other], 10, "the next beat")
    assert vouched()[node] == stopped[node]
    os.kill(pid, signal.SIGCONT)
    until(lambda: vouched().get(node, 0) > stopped[node], 10, "the process to be vouched for again")


def test_a_process_retires_by_task_count_without_losing_anything(house):
    worker = house.worker("--processes", "1", "-c", "2", "--max-tasks-per-child", "3")
    worker.wait_until_ready()
    tasks = [house.run(0.05) for _ in range(10)]
    for task in tasks:
        assert house.result(task, 20)["status"] == "SUCCESS"
    pids = {pid for _, pid in house.journal.lines("start")}
    assert len(pids) >= 3
    assert len(house.journal.lines("start")) == 10


@pytest.mark.parametrize("conduct", ["deaf", "burn"])
def test_a_hard_limit_ends_the_process_and_spares_the_neighbour(house, conduct):
    from celery import Celery

    worker = house.worker("--processes", "1", "-c", "2")
    worker.wait_until_ready()
    neighbour = house.run(3)
    house.started(neighbour)
    app = Celery(broker=house.url, backend=house.url)
    sent = app.send_task("samples.journal", [str(house.journal.path), 60, conduct], time_limit=1)
    failure = house.result(sent.id, 10)
    assert failure["result"]["exc_type"] == "TimeLimitExceeded"
    assert failure["result"]["exc_message"] == [1]
    house.started(neighbour, times=2)
    until(lambda: "exit code 124" in worker.said(), 5, "the process's end")
    assert house.redis.hlen("skirret:crashes") == 0
    assert house.result(neighbour, 15)["status"] == "SUCCESS"
    app.close()
