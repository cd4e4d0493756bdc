"""Data sources of plugins' pages, asked by API processes that die."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import textwrap
import time
import urllib.request

import pytest
from conftest import ROOT, SKIRRET, until

TOKEN = "token-of-the-processes-0123456789"

PLUGIN = """
    import pathlib
    import time

    JOURNAL = pathlib.Path(__file__).parent / "asked"


    class Plugin:
        name = "Counted"
        actions = [{"id": "count"}]

        def run(self, action, params, context):
            with JOURNAL.open("a") as journal:
                print("start", time.monotonic_ns(), file=journal, flush=True)
                time.sleep(0.2)
                print("end", time.monotonic_ns(), file=journal, flush=True)
            return {"n": time.monotonic_ns()}
"""


class Api:
    """One `skirret api`."""

    def __init__(self, house, data) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = house.folder / f"api-{self.port}.log"
        command = [SKIRRET, "api", "--redis", house.url, "--data-dir", data, "--port", str(self.port)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment(data), start_new_session=True)
        until(lambda: "API is ready" in self.log.read_text(), 30, f"the API; it said {self.log.read_text()}")

    def post(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/plugins/plugins/{path}/", json.dumps(body).encode(),
            {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)


def environment(data) -> dict:
    return {
        **os.environ, "SKIRRET_ADMIN_TOKEN": TOKEN, "DISPATCHARR_PLUGINS_DIR": str(data / "plugins"),
        "SKIRRET_PYTHON": os.environ.get("SKIRRET_PYTHON", str(ROOT / ".venv/bin/python")),
    }


@pytest.fixture
def fleet(house, tmp_path):
    """Two API processes and a worker over one database."""
    data = tmp_path / "data"
    (data / "plugins/counted").mkdir(parents=True)
    (data / "plugins/counted/plugin.py").write_text(textwrap.dedent(PLUGIN))
    apis = [Api(house, data), Api(house, data)]
    log = (house.folder / "worker.log").open("w")
    worker = subprocess.Popen(
        [SKIRRET, "worker", "--redis", house.url, "--data-dir", data], stdout=log, stderr=log, env=environment(data),
        start_new_session=True)
    yield apis
    for api in apis:
        api.kill()
    worker.send_signal(signal.SIGTERM)
    try:
        worker.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)
    log.close()


def test_another_process_goes_on_when_the_one_that_asks_is_killed(house, fleet, tmp_path):
    first, second = fleet
    journal = tmp_path / "data/plugins/counted/asked"

    def runs() -> list[list[str]]:
        return [line.split() for line in journal.read_text().splitlines()] if journal.exists() else []

    def count() -> int:
        return sum(what == "start" for what, _ in runs())

    until(lambda: second.post("counted/enabled", {"enabled": True})["enabled"], 30, "the plugin")
    wish = {"kind": "action", "name": "count", "params": {}, "interval": 1}
    said = [0.0]

    def asked(times: int, *pages: Api) -> bool:
        """Whether it was asked so often; the pages say meanwhile that they are there."""
        if time.monotonic() - said[0] > 5:
            said[0] = time.monotonic()
            for number, api in enumerate(pages):
                api.post("counted/ui/watch", {"watcher": f"page-number-{number}", **wish})
        return count() >= times

    # Both are told of it, so that each of them may be the one that asks.
    until(lambda: asked(3, first, second), 120, "three questions")
    first.kill()
    before = count()
    until(lambda: asked(before + 4, second), 120, "questions after the death")
    whole = [what for what, _ in runs()]
    whole = whole if whole[-1] == "end" else whole[:-1]
    assert whole == ["start", "end"] * (len(whole) // 2), f"two at a time: {runs()}"

    source = second.post("counted/ui/watch", {"watcher": "page-number-0", **wish})["source"]
    for watcher in ("page-number-0", "page-number-1"):
        second.post("counted/ui/unwatch", {"watcher": watcher, "sources": [source]})
    until(lambda: house.redis.zcard("skirret:api:sources:due") == 0, 60, "the end of the questions")
    after = count()
    time.sleep(2.5)
    assert count() == after
