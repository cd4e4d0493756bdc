"""Flower from PyPI lists our worker and its tasks, and its buttons work.

The Python with Flower is FLOWER_PYTHON, or the one that runs these tests; without Flower there this is skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import pytest
from conftest import until
from smoke import free_port

PYTHON = os.environ.get("FLOWER_PYTHON", sys.executable)
NODE = "w1@flower"


class Flower:
    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **fields):
        return self._ask(path + ("?" + urllib.parse.urlencode(fields) if fields else ""), None)

    def post(self, path: str, **fields):
        return self._ask(path, urllib.parse.urlencode(fields).encode())

    def _ask(self, path: str, body: bytes | None):
        with urllib.request.urlopen(self.url + path, body, timeout=30) as answer:
            return json.loads(answer.read())

    def answers(self) -> bool:
        try:
            return self.get("/api/workers", refresh=1) is not None
        except (urllib.error.URLError, OSError):
            return False


@pytest.fixture(scope="module")
def flower(fleet):
    if subprocess.run([PYTHON, "-c", "import flower"], capture_output=True).returncode:
        pytest.skip(f"no Flower in {PYTHON}; FLOWER_PYTHON names one that has it")
    # Started without -E: Flower's own enable_events turns task events on.
    fleet.skirret(NODE, "-c", "2", "--remote-control", "all")
    port = free_port()
    command = [PYTHON, "-m", "celery", "-b", fleet.broker, "--result-backend", fleet.broker, "flower"]
    command += [f"--port={port}", "--address=127.0.0.1", "--logging=warning"]
    with open(fleet.folder / "flower.log", "wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=fleet.folder,
            env={**os.environ, "FLOWER_UNAUTHENTICATED_API": "true"},
        )  # fmt: skip
    try:
        flower = Flower(f"http://127.0.0.1:{port}")
        until(flower.answers, 60, f"Flower; it said {(fleet.folder / 'flower.log').read_text()}")
        until(lambda: NODE in flower.get("/api/workers", refresh=1), 30, "Flower to list the worker")
        yield flower
    finally:
        process.kill()
        process.wait()


def test_the_worker_is_listed(flower):
    worker = flower.get("/api/workers", refresh=1, workername=NODE)[NODE]
    assert worker["stats"]["pool"]["max-concurrency"] == 2
    assert [queue["name"] for queue in worker["active_queues"]] == ["celery", "dvr"]
    assert any(name.startswith("samples.add") for name in worker["registered"])
    assert worker["conf"]["task_acks_late"] is True
    until(lambda: flower.get("/api/workers", status=1).get(NODE), what="the worker to count as online")


def test_tasks_are_listed_with_their_states(fleet, flower):
    probes: set[str] = set()

    def is_heard() -> bool:
        """Flower turns task events on every few seconds; tasks before that are none of its."""
        probe = fleet.send("samples.add", 1, 1)
        assert probe.get(timeout=20) == 2
        probes.add(probe.id)  # its events may still be on their way: the next look finds it
        return not probes.isdisjoint(flower.get("/api/tasks"))

    until(is_heard, 30, "Flower to turn task events on")
    added, failed = fleet.send("samples.add", 2, 3), fleet.send("samples.fail", "boom")
    assert added.get(timeout=20) == 5
    tasks = until(
        lambda: (tasks := flower.get("/api/tasks")).get(added.id, {}).get("state") == "SUCCESS"
        and tasks.get(failed.id, {}).get("state") == "FAILURE"
        and tasks,
        what="both tasks in Flower",
    )
    assert tasks[added.id]["worker"] == NODE and tasks[added.id]["name"] == "samples.add"
    assert tasks[added.id]["result"] == "5" and tasks[added.id]["args"] == "(2, 3)"
    assert tasks[failed.id]["exception"] == "ValueError('boom')"
    assert tasks[added.id]["runtime"] is not None


def test_buttons(flower):
    assert "message" in flower.post(f"/api/worker/pool/grow/{NODE}", n=2)
    assert flower.get("/api/workers", refresh=1)[NODE]["stats"]["pool"]["max-concurrency"] == 4
    flower.post(f"/api/worker/pool/shrink/{NODE}", n=1)
    assert flower.get("/api/workers", refresh=1)[NODE]["stats"]["pool"]["max-concurrency"] == 3
    flower.post(f"/api/worker/queue/add-consumer/{NODE}", queue="extra")
    names = {queue["name"] for queue in flower.get("/api/workers", refresh=1)[NODE]["active_queues"]}
    assert names == {"celery", "dvr", "extra"}
    flower.post(f"/api/worker/queue/cancel-consumer/{NODE}", queue="extra")


def test_revoking(fleet, flower):
    running = fleet.send("samples.sleep", 60)
    until(lambda: flower.get("/api/tasks").get(running.id, {}).get("state") == "STARTED", what="the task to start")
    flower.post(f"/api/task/revoke/{running.id}", terminate="true")
    until(lambda: flower.get("/api/tasks").get(running.id, {}).get("state") == "REVOKED", what="it to be revoked")


def test_shutdown(fleet, flower):
    flower.post(f"/api/worker/shutdown/{NODE}")
    assert fleet.processes.pop(NODE).wait(30) == 0
    until(lambda: flower.get("/api/workers", status=1).get(NODE) is False, what="Flower to see it offline")
