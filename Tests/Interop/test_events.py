"""`celery events --dump` shows what our worker does."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from conftest import until


def test_dump_shows_every_event(fleet):
    path = fleet.folder / "events.txt"
    with open(path, "wb") as log:
        dump = subprocess.Popen(
            [sys.executable, "-m", "celery", "-b", fleet.broker, "events", "--dump"],
            stdout=log, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:

        def seen(pattern: str) -> bool:
            return re.search(pattern, path.read_text(errors="replace")) is not None

        until(lambda: fleet.app.connection().default_channel.client.pubsub_numpat() > 0, what="the dump to listen")
        node = fleet.skirret("w1@events", "-E")
        added, failed = fleet.send("samples.add", 2, 3), fleet.send("samples.fail", "boom")
        flaky, late = fleet.send("samples.flaky", 1), fleet.send("samples.add", 1, 1, expires=-1)
        running = fleet.send("samples.sleep", 60)
        until(lambda: fleet.inspect(node, "active"), what="the task to run")
        fleet.app.control.revoke(running.id, terminate=True)
        for word, task in (
            ("received", added), ("started", added), ("succeeded", added), ("failed", failed), ("retried", flaky),
            ("succeeded", flaky), ("revoked", late), ("revoked", running),
        ):  # fmt: skip
            until(lambda: seen(rf"{node} \[.*\] task {word}: .*{task.id}"), what=f"{word} {task.id} in {path.read_text()}")
        assert fleet.stop(node) == 0
        for word in ("started", "heartbeat", "shutdown"):
            until(lambda: seen(rf"{node} \[.*\] {word}:? "), what=f"{word} in {path.read_text()}")
    finally:
        dump.kill()
        dump.wait()
