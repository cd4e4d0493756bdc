"""Point 7: Python's Celery and the command line call the Swift worker."""

from __future__ import annotations

import json

from celery import Celery
from house import OWN_QUEUE, House, OwnWorker


def python_celery_gets_its_result_from_a_swift_worker(house: House) -> None:
    app = Celery(broker=house.celery_url, backend=house.celery_url)
    app.conf.task_default_queue = OWN_QUEUE
    with OwnWorker(house, "samples"):
        answer = app.send_task("samples.add", [2, 3]).get(timeout=10)
    assert answer == 5, answer


def the_command_line_gets_the_same(house: House) -> None:
    with OwnWorker(house, "samples"):
        done = house.command("call", "samples.add", "--args", "[2,3]", "--queue", OWN_QUEUE, "--wait")
        assert (done.returncode, done.stdout.strip()) == (0, "5"), f"{done.returncode} {done.stdout} {done.stderr}"
        done = house.command("call", "samples.fail", "--args", '["no"]', "--queue", OWN_QUEUE, "--wait", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["state"] == "FAILURE", f"{done.returncode} {done.stdout} {done.stderr}"


CHECKS = [python_celery_gets_its_result_from_a_swift_worker, the_command_line_gets_the_same]
