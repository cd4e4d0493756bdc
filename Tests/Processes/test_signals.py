"""What signals do to a worker, and that every one of them leads where it should."""

import itertools
import signal
import time

import pytest
from conftest import until


@pytest.mark.parametrize("flags", [(), ("--processes", "2")], ids=["alone", "pool"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_ends_at_once(house, flags, number):
    worker = house.worker(*flags)
    worker.wait_until_ready(2 if flags else 1)
    worker.signal(number)
    code, seconds = worker.exit(10)
    assert code == 0
    assert seconds < 0.5 + 0.5 * bool(flags), "promise: 0.5 s idle; a pool has its members to wait for"


@pytest.mark.parametrize("order", list(itertools.permutations([signal.SIGTSTP, signal.SIGQUIT, signal.SIGCONT], 3))[:3])
def test_any_order_of_signals_leads_to_an_exit(house, order):
    worker = house.worker()
    worker.wait_until_ready()
    for number in [*order, signal.SIGTERM, signal.SIGTSTP, signal.SIGCONT, signal.SIGTERM, signal.SIGINT]:
        if worker.process.poll() is None:
            worker.signal(number)
    assert worker.exit(10)[0] == 0


def test_quiet_finishes_and_takes_no_more_until_it_continues(house):
    worker = house.worker("-c", "4")
    worker.wait_until_ready()
    running = house.run(1)
    house.started(running)
    worker.signal(signal.SIGTSTP)
    until(lambda: "quiet" in worker.said(), 5, "the word that it is quiet")
    waiting = house.run(0)
    assert house.result(running, 10)["status"] == "SUCCESS"
    time.sleep(1.2)  # longer than the claim loop's pulse: it had every chance
    assert house.journal.lines("start", waiting) == []
    worker.signal(signal.SIGCONT)
    assert house.result(waiting, 10)["status"] == "SUCCESS"


def test_quit_says_what_every_task_is_doing_and_ends_nothing(house):
    worker = house.worker("--processes", "2", "-c", "1")
    worker.wait_until_ready(2)
    tasks = [house.run(5) for _ in range(2)]
    for task in tasks:
        house.started(task)
    worker.signal(signal.SIGQUIT)
    for task in tasks:
        until(lambda: f"samples.journal[{task}] attempt 1, running for" in worker.said(), 5, f"{task} in the dump")
    assert "2 of 2 processes" in worker.said()
    assert worker.process.poll() is None


@pytest.mark.parametrize("conduct", ["sleep", "deaf", "burn"])
@pytest.mark.parametrize("flags", [(), ("--processes", "1")], ids=["alone", "pool"])
def test_a_task_longer_than_the_grace_goes_back_at_no_cost(house, conduct, flags):
    """W6, with a body that listens, one that does not, and several that hold every thread of the process."""
    worker = house.worker("--grace", "1", "-c", "4", *flags)
    worker.wait_until_ready()
    tasks = [house.run(60, conduct) for _ in range(4 if conduct == "burn" else 1)]
    house.started(tasks[0])
    worker.signal(signal.SIGTERM)
    code, seconds = worker.exit(10)
    assert code == 0
    assert seconds < 1 + 2 + 0.5
    assert house.redis.llen("celery") == len(tasks)
    assert house.redis.hlen("unacked") == 0
    assert house.redis.hlen("skirret:crashes") == 0


def test_a_second_interrupt_ends_the_grace(house):
    worker = house.worker("--grace", "60")
    worker.wait_until_ready()
    house.started(house.run(60))
    worker.signal(signal.SIGINT)
    until(lambda: "stopping" in worker.said(), 5, "the beginning of the stop")
    assert worker.process.poll() is None
    worker.signal(signal.SIGINT)
    assert worker.exit(3)[0] == 0
    assert house.redis.llen("celery") == 1
