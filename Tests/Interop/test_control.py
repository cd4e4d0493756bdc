"""`celery inspect`, `celery control` and `celery status` against our worker, every command; the same from ours."""

from __future__ import annotations

import json

import pytest
from conftest import until

W1 = "w1@interop"


@pytest.fixture(scope="module")
def worker(fleet):
    fleet.skirret(W1, "-c", "3", "--remote-control", "all")
    return fleet


def test_status(worker):
    assert f"{W1}: OK" in worker.celery("status")
    assert json.loads(worker.celery("status", "--json").split("\n")[0])[W1] == {"ok": "pong"}


@pytest.mark.parametrize(
    "method",
    "active active_queues clock conf memdump memsample ping registered report reserved revoked scheduled stats".split(),
)
def test_inspect_prints_an_answer(worker, method):
    printed = worker.celery("inspect", method, "-t", "5", "-d", W1)
    assert f"{W1}: OK" in printed and "1 node online" in printed


def test_what_runs_and_waits(worker):
    running, waiting = worker.send("samples.sleep", 60), worker.send("samples.add", 1, 2, countdown=600)
    (active,) = until(lambda: worker.inspect(W1, "active"), what="the task to be active")
    assert active["id"] == running.id and active["args"] == [60] and active["hostname"] == W1
    assert set(active) == {
        "id", "name", "args", "kwargs", "type", "hostname", "time_start", "acknowledged", "delivery_info", "worker_pid",
    }  # fmt: skip
    (scheduled,) = until(lambda: worker.inspect(W1, "scheduled"), what="the task to be scheduled")
    assert scheduled["request"]["id"] == waiting.id and scheduled["priority"] == 6 and "T" in scheduled["eta"]
    known = worker.inspect(W1, "query_task", running.id, waiting.id, "nobody")
    assert {id: state for id, (state, _) in known.items()} == {running.id: "active", waiting.id: "scheduled"}
    assert worker.control(W1, "revoke", waiting.id) == {"ok": f"tasks {{'{waiting.id}'}} flagged as revoked"}
    assert waiting.id in worker.inspect(W1, "revoked")
    assert worker.control(W1, "terminate", "SIGTERM", running.id) == {"ok": f"terminate: {running.id}"}
    until(lambda: running.state == waiting.state == "REVOKED", what="both to be revoked")


def test_stats_and_settings(worker):
    stats = worker.inspect(W1, "stats")
    assert stats["pool"]["max-concurrency"] == 3 and stats["broker"]["transport"] == "redis"
    assert {"total", "pid", "clock", "uptime", "prefetch_count", "rusage"} <= set(stats)
    assert worker.inspect(W1, "active_queues")[0]["exchange"]["name"] == "celery"
    assert "samples.add [max_retries=3]" in worker.inspect(W1, "registered", "max_retries")
    assert len(worker.inspect(W1, "conf", "true")) > len(worker.inspect(W1, "conf"))


def test_pool(worker):
    assert worker.control(W1, "pool_grow", "2") == {"ok": "pool will grow"}
    assert worker.inspect(W1, "stats")["pool"]["max-concurrency"] == 5
    assert worker.control(W1, "pool_shrink", "2") == {"ok": "pool will shrink"}
    assert "may have 1 to" in worker.control(W1, "pool_grow", "10000")["error"]
    assert worker.control(W1, "autoscale", "5", "1") == {"error": "ValueError('Autoscale not enabled')"}
    assert worker.control(W1, "pool_restart") == {"error": "ValueError('Pool restarts not enabled')"}


def test_limits_take_effect(worker):
    assert worker.control(W1, "time_limit", "samples.sleep", "0.3", "30") == {"ok": "time limits set successfully"}
    sleeper = worker.send("samples.sleep", 60)
    until(lambda: sleeper.state == "FAILURE", what="the time limit")
    assert type(sleeper.result).__name__ == "SoftTimeLimitExceeded"
    assert worker.control(W1, "rate_limit", "samples.echo", "10/m") == {"ok": "new rate limit set successfully"}
    assert "samples.echo [rate_limit=10/m]" in worker.inspect(W1, "registered")
    assert worker.control(W1, "rate_limit", "samples.echo", "0") == {"ok": "rate limit disabled successfully"}
    assert worker.control(W1, "rate_limit", "samples.nope", "1/m") == {"error": "unknown task"}


def test_consumers(worker):
    assert worker.control(W1, "add_consumer", "extra") == {"ok": "add consumer extra"}
    assert worker.send("samples.add", 2, 3, queue="extra").get(timeout=20) == 5
    assert worker.control(W1, "cancel_consumer", "extra") == {"ok": "no longer consuming from extra"}
    assert [queue["name"] for queue in worker.inspect(W1, "active_queues")] == ["celery", "dvr"]


def test_events_on_and_off(worker):
    assert worker.control(W1, "enable_events") == {"ok": "task events enabled"}
    assert worker.control(W1, "disable_events") == {"ok": "task events disabled"}
    assert worker.control(W1, "heartbeat") is None


def test_stamps(worker):
    answer = worker.control(W1, "revoke_by_stamped_headers", "customer=c1")
    # Celery's command line leaves pairs as they are; the answer names them.
    assert answer == {"ok": "headers {'customer': 'c1'} flagged as revoked, but not terminated"}
    signature = worker.app.signature("samples.add", args=(1, 1))
    signature.stamp(customer="c1")
    result = signature.apply_async()
    until(lambda: result.state == "REVOKED", what="a stamped task to be revoked")


def test_unknown_words(worker):
    assert worker.app.control.broadcast("nosuch", reply=True, destination=[W1], timeout=5) == [
        {W1: {"error": "KeyError('nosuch')"}}
    ]


# --- Ours asks ------------------------------------------------------------------------------------------------------


def test_our_commands_ask_both_kinds(worker):
    python = worker.python("py@interop")
    status = worker.cli("status", "--timeout", "3")
    assert f"->  {W1}: OK" in status and f"->  {python}: OK" in status and "2 nodes online." in status
    stats = json.loads(worker.cli("inspect", "stats", "--json", "-d", f"{W1},{python}", "-t", "5"))
    assert set(stats) == {W1, python} and stats[python]["pool"]["implementation"].startswith("celery")
    answers = json.loads(worker.cli("control", "pool_grow", "1", "-d", W1, "-t", "5", "--json"))
    assert answers == [{W1: {"ok": "pool will grow"}}]
    refused = worker.cli("control", "rate_limit", "samples.nope", "1/m", "-d", W1, "-t", "5", code=1)
    assert f"->  {W1}: ERROR" in refused and "unknown task" in refused
    assert "No nodes replied" in worker.cli("inspect", "ping", "-d", "nobody@here", code=69)
    assert "is none of its commands" in worker.cli("inspect", "pool_grow", code=64)
    assert "one word too many" in worker.cli("inspect", "ping", "now", code=64)
    assert worker.stop(python) == 0


def test_our_revoke_reaches_python(worker):
    python = worker.python("py@interop")
    worker.cli("revoke", "an-id-of-ours")
    until(lambda: "an-id-of-ours" in worker.inspect(python, "revoked"), what="the Python worker to know it")
    assert worker.stop(python) == 0


# --- Workers among themselves ---------------------------------------------------------------------------------------


def test_mingle_both_ways(worker):
    python = worker.python("py@interop")
    assert worker.control(python, "revoke", "python-knew-this") is not None
    ours = worker.skirret("late@interop")
    until(lambda: "python-knew-this" in worker.inspect(ours, "revoked"), what="ours to learn it")
    worker.stop(python)
    python = worker.python("py2@interop")
    assert "python-knew-this" in worker.inspect(python, "revoked"), "a new Python worker learns it from ours"
    worker.stop(python)
    worker.stop(ours)


def test_default_refuses_and_says_how(worker):
    ours = worker.skirret("careful@interop")
    for words in (["shutdown"], ["pool_grow", "10000"], ["rate_limit", "samples.add", "1/h"]):
        assert f"--remote-control standard,{words[0]}" in worker.control(ours, *words)["error"]
    assert worker.stop(ours) == 0


def test_shutdown(worker):
    ours = worker.skirret("short@interop", "--remote-control", "standard,shutdown")
    worker.celery("control", "shutdown", "-d", ours, code=None)
    assert worker.processes.pop(ours).wait(30) == 0
