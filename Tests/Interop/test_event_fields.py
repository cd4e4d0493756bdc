"""Every event of ours has the fields of Celery's own, of the same kinds, under the same routing key."""

from __future__ import annotations

import contextlib
import threading

import celery
import pytest
import redis
from conftest import until

#: Kinds that both may send for one field.
NUMBERS = {"int", "float"}


class Ear:
    """Collects the events of a fleet."""

    def __init__(self, app: celery.Celery) -> None:
        self.app, self.events = app, []
        self.ready = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        assert self.ready.wait(20)

    def _listen(self) -> None:
        with self.app.connection_for_read() as connection:
            receiver = self.app.events.Receiver(connection)
            with receiver.consumer_context(wakeup=False):
                self.ready.set()
            receiver.handlers = {"*": self.events.append}
            with contextlib.suppress(OSError, redis.ConnectionError):  # the broker ends before this thread
                receiver.capture(wakeup=False)

    def of(self, task: str) -> dict[str, dict]:
        return {event["type"]: event for event in list(self.events) if event.get("uuid") == task}


def shape(event: dict) -> dict[str, str]:
    """The kind of each field; what the receiver adds is left out."""
    kinds = {name: type(value).__name__ for name, value in event.items() if name != "local_received"}
    kinds = {name: "number" if kind in NUMBERS else kind for name, kind in kinds.items()}
    # Swift's errors have none, unless the task gives one.
    return {name: "text or none" if name == "traceback" else kind for name, kind in kinds.items()}


@pytest.fixture(scope="module")
def ear(fleet):
    ear = Ear(fleet.app)
    fleet.skirret("ours@fields", "-E", "-Q", "ours")
    fleet.python("theirs@fields", "-E", "-Q", "theirs")
    return ear


def pair(fleet, ear, task: str, last: str, *args, **options):
    """The events of one task on both workers, by type: ours, theirs."""
    found = []
    for queue in ("ours", "theirs"):
        sent = fleet.send(task, *args, queue=queue, **options)
        until(lambda: last in ear.of(sent.id), what=f"{last} on {queue} in {ear.of(sent.id)}")
        found.append(ear.of(sent.id))
    return found


@pytest.mark.parametrize(
    ("task", "args", "options", "types"),
    [
        ("samples.add", (2, 3), {}, ("task-received", "task-started", "task-succeeded")),
        ("samples.fail", ("boom",), {}, ("task-received", "task-started", "task-failed")),
        ("samples.flaky", (1,), {}, ("task-retried", "task-succeeded")),
        ("samples.add", (1, 1), {"expires": -1}, ("task-revoked",)),
        ("samples.add", (1, 1), {"countdown": 0.5, "expires": 60}, ("task-received", "task-succeeded")),
    ],
)
def test_task_events(fleet, ear, task, args, options, types):
    ours, theirs = pair(fleet, ear, task, types[-1], *args, **options)
    for kind in types:
        assert shape(ours[kind]) == shape(theirs[kind]), kind
    differing = ("uuid", "root_id", "hostname", "pid", "clock", "timestamp", "local_received", "runtime", "traceback", "eta", "expires")
    for kind in types:
        # Celery prints the request for a retry there, ours what led to it.
        left_out = (*differing, "exception") if kind == "task-retried" else differing
        mine = {name: value for name, value in ours[kind].items() if name not in left_out}
        assert mine == {name: value for name, value in theirs[kind].items() if name not in left_out}, kind


def test_worker_events(fleet, ear):
    def heard(kind: str, node: str):
        return next((event for event in list(ear.events) if event["type"] == kind and event["hostname"] == node), None)

    for kind in ("worker-online", "worker-heartbeat"):
        for node in ("ours@fields", "theirs@fields"):
            until(lambda: heard(kind, node), what=f"{kind} of {node}")
        assert shape(heard(kind, "ours@fields")) == shape(heard(kind, "theirs@fields")), kind
    fleet.stop("ours@fields")
    fleet.stop("theirs@fields")
    for node in ("ours@fields", "theirs@fields"):
        until(lambda: heard("worker-offline", node), what=f"worker-offline of {node}")
    assert shape(heard("worker-offline", "ours@fields")) == shape(heard("worker-offline", "theirs@fields"))


def test_sent_events(fleet, ear):
    """`skirret call --sent-event` tells what a Celery client with task_send_sent_event tells."""
    fleet.app.conf.task_send_sent_event = True
    theirs = fleet.send("samples.add", 2, 3, queue="ours", countdown=60, expires=120, priority=3)
    ours = fleet.cli(
        "call", "samples.add", "--args", "[2, 3]", "--queue", "ours", "--countdown", "60", "--expires", "120",
        "--priority", "3", "--sent-event",
    ).strip()  # fmt: skip
    fleet.app.conf.task_send_sent_event = False
    for sent in (ours, theirs.id):
        until(lambda: "task-sent" in ear.of(sent), what=f"task-sent of {sent}")
    mine, wanted = ear.of(ours)["task-sent"], ear.of(theirs.id)["task-sent"]
    assert shape(mine) == shape(wanted)
    for name in ("name", "kwargs", "queue", "exchange", "routing_key", "retries", "parent_id", "type"):
        assert mine[name] == wanted[name], name
    assert mine["root_id"] == mine["uuid"] and mine["hostname"].startswith("gen")
