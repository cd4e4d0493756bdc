"""The running server from outside: its API, its Redis, its database and its processes."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
import requests
from celery import Celery
from frames import Frames
from generated import Generators
from origin import Origin
from report import Report, Skip

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/Plugins/fixtures"
#: Our own workers take from this queue and the server's do not: a check knows who runs its tasks.
OWN_QUEUE = "acceptance"


def until(found: Callable[[], Any], seconds: float, what: str, pause: float = 0.05) -> Any:
    """The first truthy answer."""
    end = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(pause)


class House:
    def __init__(self, arguments, report: Report) -> None:
        self.url = arguments.url.rstrip("/")
        self.token = arguments.token_file.read_text().strip()
        self.data = arguments.data_dir.resolve()
        self.skirret = arguments.skirret.resolve() if arguments.skirret else None
        self.report = report
        self.scratch = tempfile.TemporaryDirectory(prefix="skirret-acceptance-")
        self.generators = Generators(arguments.generators, Path(self.scratch.name))
        self.origin = Origin()
        self.is_full = bool(os.environ.get("SKIRRET_FULL"))
        #: What checks leave for each other: ids of sources, readings.
        self.known: dict[str, Any] = {}
        self._undo: list[Callable[[], None]] = []
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {self.token}"
        socket = self.data / "redis/redis.sock"
        self.redis_url = arguments.redis or f"unix://{socket}?db=0"
        self.celery_url = arguments.redis or f"redis+socket://{socket}?virtual_host=0"
        self.redis = redis.Redis.from_url(self.redis_url, decode_responses=True)
        self.celery = Celery("acceptance", broker=self.celery_url, backend=self.celery_url)
        self.frames = Frames(self.url, self.token)

    # --- API

    def ask(self, method: str, path: str, body: object = None, timeout: float = 60, **headers: str):
        return self._http.request(method, self.url + path, json=body, timeout=timeout, headers=headers)

    def get(self, path: str) -> Any:
        return self._good(self.ask("GET", path))

    def post(self, path: str, body: object = None) -> Any:
        return self._good(self.ask("POST", path, {} if body is None else body))

    def patch(self, path: str, body: object) -> Any:
        return self._good(self.ask("PATCH", path, body))

    def upload(self, path: str, data: dict, files: dict) -> requests.Response:
        return self._http.post(self.url + path, data=data, files=files, timeout=60)

    @staticmethod
    def _good(answer: requests.Response) -> Any:
        assert answer.ok, f"{answer.request.method} {answer.request.path_url}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def plugins(self) -> dict[str, dict]:
        return {row["key"]: row for row in self.get("/api/plugins/plugins/")["plugins"]}

    def enable(self, key: str, enabled: bool = True) -> dict:
        return self.post(f"/api/plugins/plugins/{key}/enabled/", {"enabled": enabled})

    def run(self, key: str, action: str, params: dict | None = None) -> Any:
        body = {"action": action, "params": params or {}}
        return self.post(f"/api/plugins/plugins/{key}/run/", body)["result"]

    def finished(self, task: str, seconds: float) -> dict:
        """What `/api/tasks/` says of a task once it is over."""
        return until(
            lambda: (row := self.get(f"/api/tasks/{task}/"))["ready"] and row, seconds, f"task {task} to be over"
        )

    # --- database

    def rows(self, sql: str, *values: object) -> list[tuple]:
        with sqlite3.connect(f"file:{self.data}/skirret.db?mode=ro", uri=True, timeout=10) as connection:
            return connection.execute(sql, values).fetchall()

    def count(self, sql: str, *values: object) -> int:
        return self.rows(f"SELECT count(*) FROM {sql}", *values)[0][0]

    def django(self, code: str) -> str:
        """Runs code in a Django of its own on the same database, as plugins see it; returns what it printed."""
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT / "Sources/PluginRuntime/Python"), "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "dispatcharr.settings", "SKIRRET_DATABASE": str(self.data / "skirret.db"),
            "SKIRRET_DATA_DIR": str(self.data), "SKIRRET_BROKER_URL": self.celery_url,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{code}"],
            env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    # --- processes

    def executable(self) -> str:
        if self.skirret is None or not self.skirret.exists():
            raise Skip(f"needs the skirret executable, and --skirret names {self.skirret}")
        return str(self.skirret)

    def environment(self) -> dict[str, str]:
        """For `skirret` commands beside the server: the same data folder and broker."""
        environment = {**os.environ, "SKIRRET_DATA_DIR": str(self.data)}
        environment.setdefault("SKIRRET_PYTHON", str(ROOT / ".venv/bin/python"))
        if not self.redis_url.startswith("unix:"):
            environment["SKIRRET_REDIS_URL"] = self.redis_url
        return environment

    def command(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.executable(), *arguments], env=self.environment(), capture_output=True, text=True, timeout=seconds
        )

    def owner(self, task: str) -> str | None:
        """The worker that holds a task's message now."""
        for text in self.redis.hvals("skirret:owners"):
            if f'"{task}"' in text:
                return json.loads(text)["worker"]
        return None

    # --- tidying up

    def afterwards(self, undo: Callable[[], None]) -> None:
        self._undo.append(undo)

    def close(self) -> None:
        for undo in reversed(self._undo):
            try:
                undo()
            except Exception as error:
                print(f"not tidied up: {error}")
        self.frames.close()
        self.origin.close()
        self.scratch.cleanup()


class OwnWorker:
    """A `skirret worker` of this script's own, in a session of its own, on a queue of its own."""

    def __init__(self, house: House, name: str, queue: str = OWN_QUEUE) -> None:
        self.name, self._house = f"{name}@acceptance", house
        self.log = Path(house.scratch.name) / f"{name}.log"
        command = [house.executable(), "worker", "--samples", "--name", self.name, "--queues", queue]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--concurrency", "4"], env=house.environment(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            until(self._is_known, 30, f"worker {self.name} to be ready")
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}; it said: {self.log.read_text()[-1000:]}") from None

    def _is_known(self) -> bool:
        assert self.process.poll() is None, f"the worker ended; it said: {self.log.read_text()[-1000:]}"
        return any(row["name"] == self.name for row in self._house.get("/api/workers/")["workers"])

    def kill(self) -> None:
        """kill -9 of the whole group, as when a machine's plug is pulled."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def stop(self) -> None:
        """A gentle end; whatever it holds goes back."""
        self.process.terminate()
        try:
            self.process.wait(45)
        except subprocess.TimeoutExpired:
            self.kill()

    def __enter__(self) -> OwnWorker:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
