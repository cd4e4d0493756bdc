"""Results in another Redis than messages: our workers and Celery's with the same two addresses, in both directions."""

from __future__ import annotations

import json
import sys

import celery
import pytest
import redis
from conftest import until


@pytest.fixture(scope="module")
def apart(fleet):
    """A worker of each kind, ours on `celery`, Celery's on `python`, whose results are in database 1."""
    backend = fleet.broker.rsplit("/", 1)[0] + "/1"
    fleet.app.conf.result_backend = backend
    fleet.backend = backend
    fleet.skirret("apart@interop", "--backend", backend)
    command = [sys.executable, "-m", "celery", "-A", "python_tasks", "-b", fleet.broker, "--result-backend", backend]
    fleet._start("python@interop", [*command, "worker", "-n", "python@interop", "-Q", "python", "-P", "solo"])
    return fleet


def names(url: str) -> list[str]:
    return sorted(name.decode() for name in redis.Redis.from_url(url).keys("celery-task*"))


def test_celery_s_client_reads_what_our_worker_stores(apart):
    assert apart.send("samples.add", 2, 3).get(timeout=20) == 5
    failed = apart.send("samples.fail", "no")
    with pytest.raises(Exception, match="no"):
        failed.get(timeout=20)
    assert names(apart.broker) == []
    assert f"celery-task-meta-{failed.id}" in names(apart.backend)


def test_our_client_reads_what_celery_s_worker_stores(apart):
    flags = ["--queue", "python", "--wait", "20", "--json", "--backend", apart.backend]
    out = apart.cli("call", "python.add", "--args", "[2,3]", *flags)
    assert json.loads(out)["result"] == 5
    assert names(apart.broker) == []


@pytest.mark.parametrize("places", [("celery", "python"), ("python", "celery")], ids=["ours-last", "celery-s-last"])
def test_a_chord_over_both_kinds_of_workers(apart, places):
    def add(x, y, queue):
        task = "samples.add" if queue == "celery" else "python.add"
        return celery.Signature(task, args=(x, y), app=apart.app, options={"queue": queue})

    header = [add(n, n, places[n % 2]) for n in range(6)]
    body = celery.Signature("samples.total", app=apart.app, options={"queue": "celery"})
    result = celery.chord(header, app=apart.app)(body)
    assert result.get(timeout=30) == 30
    group = result.parent.id
    backend = redis.Redis.from_url(apart.backend)
    until(lambda: backend.get(f"celery-taskset-meta-{group}.c") == b"done", what="the chord to be cleared away")
    assert backend.keys(f"celery-taskset-meta-{group}.[jtsd]") == []
    assert names(apart.broker) == []


def test_a_group_and_a_chain_end_in_the_backend(apart):
    steps = [
        celery.Signature("samples.add", args=(2, 2), app=apart.app, options={"queue": "celery"}),
        celery.Signature("python.add", args=(4,), app=apart.app, options={"queue": "python"}),
        celery.Signature("samples.add", args=(8,), app=apart.app, options={"queue": "celery"}),
    ]
    assert celery.chain(*steps, app=apart.app).apply_async().get(timeout=20) == 16
    assert celery.group(steps[:1] * 3, app=apart.app).apply_async().get(timeout=20) == [4, 4, 4]
    assert names(apart.broker) == []
