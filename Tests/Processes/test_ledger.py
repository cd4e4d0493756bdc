"""R4 and D2 for accepted work: whatever dies or forgets, an OK of the API comes true once."""

from __future__ import annotations

import concurrent.futures
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from conftest import SKIRRET, until

TOKEN = "token-of-the-ledger-test-0123456789"


class API:
    """One `skirret api` with the house's Redis."""

    def __init__(self, house, data: Path) -> None:
        self.house, self.data = house, data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    def start(self) -> None:
        log = (self.data / "api.log").open("a")
        self.process = subprocess.Popen(
            [SKIRRET, "api", "--redis", self.house.url, "--data-dir", self.data, "--port", str(self.port)],
            env={**os.environ, "SKIRRET_ADMIN_TOKEN": TOKEN}, stdout=log, stderr=log, start_new_session=True)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def ask(self, path: str, body=None):
        """Status and JSON; status 0 when nobody answered."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, {}
        except OSError:
            return 0, {}


def test_an_accepted_task_survives_kills_and_an_emptied_redis(house, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    api = API(house, data)
    api.start()
    try:
        until(lambda: api.ask("/health/ready")[0] == 200, 30, "the API")
        accepted: dict[str, int] = {}

        def send(number: int) -> None:
            status, answer = api.ask("/api/tasks/", {"task": "samples.add", "args": [number, 1]})
            if status == 202:
                accepted[answer["task_id"]] = number
            elif status == 429:
                time.sleep(0.5)

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            for wave in range(3):
                before = len(accepted)
                jobs = [threads.submit(send, wave * 100 + number) for number in range(80)]
                until(lambda: len(accepted) >= before + 20, 30, "twenty accepted tasks")
                # In the middle of commits and pushes; then Redis forgets what had been pushed.
                api.kill()
                house.redis.flushall()
                for job in jobs:
                    job.result()
                api.start()
                until(lambda: api.ask("/health/ready")[0] == 200, 30, "the API")
        # Another emptied Redis, with everybody alive.
        house.redis.flushall()
        worker = house.worker()
        worker.wait_until_ready()
        until(lambda: not open_tasks(api), 60, f"all to be over; open: {open_tasks(api)}")
        print(len(accepted), "accepted tasks survived three kills and four emptied Redises")
        for task, number in accepted.items():
            status, answer = api.ask(f"/api/tasks/{task}/")
            assert (status, answer.get("state"), answer.get("result")) == (200, "SUCCESS", number + 1), answer
    finally:
        api.kill()


def open_tasks(api: API) -> dict:
    states = api.ask("/api/tasks/summary/")[1].get("states", {"?": 1})
    return {name: count for name, count in states.items() if count and name not in ("SUCCESS", "FAILURE", "REVOKED")}
