"""A whole Skirret with the plugin host of this source tree, for what only the two sides together can show."""

import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import redis
import requests

from place import SOURCES

ROOT = SOURCES.parent.parent.parent
#: Seconds until `serve` is ready; a debug build on a busy machine takes ten.
PATIENCE = 60


def executable():
    """The `skirret` to test with: `SKIRRET_TEST_EXECUTABLE`, else the debug build; None when there is none."""
    path = pathlib.Path(os.environ.get("SKIRRET_TEST_EXECUTABLE") or ROOT / ".build/debug/skirret")
    return path if os.access(path, os.X_OK) else None


class Running:
    """`skirret serve` on a free port, with a data folder of its own."""

    def __init__(self, program, data, plugins, *flags, **variables):
        self.data, self.plugins = data, plugins
        self._log = open(data / "serve.log", "w+b")
        environment = {**os.environ, "SKIRRET_PYTHON": sys.executable, "SKIRRET_PYTHON_TREE": str(SOURCES), **variables}
        self.process = subprocess.Popen(
            [program, "serve", "--data-dir", data, "--plugins-dir", plugins, "--port", "0", *flags],
            env=environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, start_new_session=True,
        )  # fmt: skip
        self.url = self.until(self._address, "the server to be ready", PATIENCE)
        self._token = (data / "admin-token").read_text().strip()
        self.redis = redis.Redis(unix_socket_path=str(data / "redis/redis.sock"), decode_responses=True)

    def log(self):
        """What the server said."""
        return (self.data / "serve.log").read_text(errors="replace")

    def _address(self):
        assert self.process.poll() is None, f"the server ended:\n{self.log()[-4000:]}"
        found = re.search(r"^Skirret is ready at (http://\S+)", self.log(), re.MULTILINE)
        return found and found[1].rstrip("/.")

    @staticmethod
    def until(found, what, seconds=60):
        """The first true answer."""
        end = time.monotonic() + seconds
        while not (answer := found()):
            assert time.monotonic() < end, f"waited {seconds} s for {what}"
            time.sleep(0.05)
        return answer

    def ask(self, method, path, body=None):
        """(status, JSON) of a request."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def start(self, method, path, body):
        """A thread that asks, for several requests at a time."""
        thread = threading.Thread(target=self.ask, args=(method, path, body))
        thread.start()
        return thread

    def enable(self, key, enabled=True):
        status, answer = self.ask("POST", f"/api/plugins/plugins/{key}/enabled/", {"enabled": enabled})
        assert status == 200, answer

    def run(self, key, action, params=None):
        """The result of an action."""
        body = {"action": action, "params": params or {}}
        status, answer = self.ask("POST", f"/api/plugins/plugins/{key}/run/", body)
        assert status == 200, answer
        return answer["result"]

    def upload(self, key, action, name, data):
        """The result of an action that is given a file."""
        headers = {"Authorization": f"Bearer {self._token}"}
        url = f"{self.url}/api/plugins/plugins/{key}/run/"
        form = {"action": action, "params": "{}"}
        answer = requests.post(url, headers=headers, data=form, files={"file": (name, data)}, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.redis.close()
        self._log.close()
