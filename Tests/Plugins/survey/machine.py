"""Surveys one plugin. Runs in namespaces of its own; see `survey.py`, which starts it."""

import argparse
import base64
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

import place  # noqa: E402, F401
from skirret_plugin.driver import HostServer  # noqa: E402
from skirret_plugin.place import host_environment, make_database, run_with_models, start_redis  # noqa: E402

#: The product's defaults; see PluginLimits.swift.
LIMITS = {"memory_bytes": 512 << 20, "files": 256, "processes": 64, "file_bytes": 1 << 30}
#: Seconds without a line of log until a plugin without threads counts as quiet, how often one with threads is looked at,
#: and until what it does in the background is left alone.
QUIET, LOOK, LISTEN = 0.2, 1.0, 15.0

FILL = f"import sys; sys.path.insert(0, {str(TESTS)!r}); import django; django.setup(); import survey.rows as r; r.fill"


def main():
    """Builds the machine, surveys, writes the report."""
    arguments = _arguments()
    _root_with_own_data(arguments.place)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=False)
    data = pathlib.Path("/data")
    folder = data / "plugins" / arguments.folder.name
    shutil.copytree(arguments.folder, folder, symlinks=True)
    database = data / "skirret.db"
    redis_process, socket_path = start_redis(data)
    environment = host_environment(socket_path, database, data, data / "plugins")
    if packages := os.environ.get("SKIRRET_PLUGIN_PACKAGES"):
        environment["SKIRRET_PLUGIN_PACKAGES"] = packages
    make_database(database)
    listed = _described(environment)
    run_with_models(f"{FILL}({listed['key']!r})", environment)
    scenario = json.loads(arguments.scenario.read_text()).get(listed["name"], {})
    report = Survey(folder, listed, environment, socket_path, scenario, arguments.seconds).report()
    arguments.report.write_text(json.dumps(report))
    redis_process.kill()


def _arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--place", type=pathlib.Path)
    parser.add_argument("--scenario", type=pathlib.Path)
    return parser.parse_args()


def _root_with_own_data(place):
    """The same file system, except that /data is an empty folder of this survey's own."""
    root, data = place / "root", place / "data"
    root.mkdir()
    data.mkdir()
    (data / "plugins").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", root], check=True)
    for entry in pathlib.Path("/").iterdir():
        target = root / entry.name
        if entry.is_symlink():
            target.symlink_to(os.readlink(entry))
        elif entry.name == "proc":
            target.mkdir()
            subprocess.run(["mount", "-t", "proc", "proc", target], check=True)
        elif entry.is_dir() and entry.name != "data":
            target.mkdir()
            subprocess.run(["mount", "--rbind", entry, target], check=True)
    (root / "data").mkdir()
    subprocess.run(["mount", "--bind", data, root / "data"], check=True)
    here = os.getcwd()
    os.chroot(root)
    os.chdir(here)


def _described(environment):
    """What the catalogue shows of the plugin before it is enabled."""
    command = [sys.executable, "-B", "-m", "skirret_host.describe", environment["SKIRRET_PLUGINS_DIR"]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    plugins = json.loads(done.stdout)["plugins"]
    if not plugins:
        sys.exit("no plugin.py and no __init__.py: not a plugin")
    return plugins[0]


class Survey:
    """The host, the plugin's process, and what has been seen of them."""

    def __init__(self, folder, listed, environment, socket_path, scenario, seconds):
        import redis

        self.folder, self.listed, self.environment = folder, listed, environment
        self.scenario, self.seconds = scenario, seconds
        self.redis = redis.Redis(unix_socket_path=socket_path)
        self.host = HostServer(environment)
        self.plugin = None
        self.own_tasks = ()

    def report(self):
        """Loads, describes, runs every action, stops."""
        report = {"folder": self.folder.name, "listed": self.listed, "actions": [], "error": None}
        self._enqueued()  # what filling the database has caused
        described = self._call("describe", 60)
        if described["outcome"] != "result":
            return {**report, "error": described["message"]}
        seen = described["result"]
        report["described"] = seen
        self.own_tasks = seen["tasks"]
        report["absent"] = self._absent_imports()
        if "settings" in self.scenario:
            self._save_settings(self.scenario["settings"])
        for action in self._order(seen["actions"]):
            report["actions"].append(self._run(action))
        report["stop"] = self._call("stop", self.seconds, reason="disable")["outcome"]
        return report

    def _absent_imports(self):
        command = [sys.executable, "-B", str(TESTS / "survey/imports.py"), str(self.folder)]
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "dispatcharr.settings"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    def _order(self, actions):
        """As declared, but what ends or empties things last."""
        destructive = ("stop", "delete", "remove", "reset", "clear", "purge", "cleanup", "restore", "undo", "disable")
        return sorted(actions, key=lambda action: action["id"].startswith(destructive))

    def _run(self, action):
        params = self.scenario.get("params", {}).get(action["id"], {})
        if action.get("events"):
            params = {"event": action["events"][0], "payload": {"channel_name": "News One", "account_name": "Survey"}}
        began, threads = time.monotonic(), self._threads()
        answer = self._call("run", self.seconds, action=action["id"], params=params)
        answer["seconds"] = round(time.monotonic() - began, 2)
        answer["id"] = action["id"]
        answer["logged"] = self._listen(threads)
        messages = self._enqueued()
        answer["tasks"] = [message["headers"]["task"] for message in messages]
        own = [message for message in messages if message["headers"]["task"] in self.own_tasks]
        answer["tasks_run"] = [self._run_task(message) for message in own]
        return answer

    def _call(self, method, seconds, **frame):
        if self.plugin is None:
            self.plugin = self.host.spawn(self.folder, LIMITS, key=self.listed["key"], sandbox={})
        about = {**self._row(), "key": self.listed["key"], "enabled": True}
        try:
            number = self.plugin.call(method, plugin=about, settings=about.pop("settings"), **frame)
            answer = self._answer(number, seconds)
        except OSError as error:
            answer = self._died(str(error))
        return answer

    def _answer(self, number, seconds):
        for patience, cancel in ((seconds, True), (3, False)):
            deadline = time.monotonic() + patience
            while (left := deadline - time.monotonic()) > 0:
                try:
                    return _outcome(self.plugin.answer(number, min(left, 0.5)), cancelled=not cancel)
                except AssertionError as error:
                    if "the socket ended" in str(error):
                        return self._died(str(error)[:200])
            if cancel:
                self.plugin.cancel(number)
        self.plugin.kill()
        return self._died(f"no answer within {seconds:g} s, nor to a cancel")

    def _died(self, why):
        ended = self.plugin.exited()
        self.plugin = None
        return {"outcome": "died", "message": f"{why}; signal {ended['signal']}, code {ended['code']}"}

    def _threads(self):
        """How many the plugin has: most start one for the work and answer at once."""
        try:
            return len(os.listdir(f"/proc/{self.plugin.pid}/task")) if self.plugin is not None else 0
        except FileNotFoundError:  # it has died; the next call will say so
            return 0

    def _listen(self, threads):
        """Lines of error that come during or after a call, until the threads that it has started are done."""
        lines, deadline = [], time.monotonic() + LISTEN
        while self.plugin is not None and time.monotonic() < deadline:
            is_done = self._threads() <= threads
            try:
                patience = QUIET if is_done else LOOK
                frame = self.plugin.frames.take(lambda frame: frame["type"] in ("log", "update", "event"), "", patience)
            except AssertionError:
                if is_done:
                    break
                continue
            if frame["type"] == "log" and frame["level"] in ("warning", "error", "critical"):
                lines.append(f"{frame['level']}: {frame['message']}"[:2000])
        return lines[:200]

    def _enqueued(self):
        found = []
        for queue in ("celery", "dvr"):
            while message := self.redis.rpop(queue):
                found.append(json.loads(message))
        return found

    def _run_task(self, message):
        """One of the plugin's own tasks, as a worker hands it over."""
        args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
        headers = message["headers"]
        frame = {"name": headers["task"], "args": args, "kwargs": kwargs, "task_id": headers["id"]}
        answer = self._call("task", self.seconds, **frame)
        said = answer.get("message") or str(answer.get("result"))
        return {
            "name": headers["task"],
            "outcome": answer["outcome"],
            "said": said[:500],
            "logged": self._listen(self._threads()),
        }

    def _row(self):
        with sqlite3.connect(self.environment["SKIRRET_DATABASE"], timeout=10) as rows:
            query = "SELECT name, version, description, settings FROM plugins_pluginconfig WHERE key = ?"
            name, version, description, settings = rows.execute(query, [self.listed["key"]]).fetchone()
        return {"name": name, "version": version, "description": description, "settings": json.loads(settings)}

    def _save_settings(self, settings):
        with sqlite3.connect(self.environment["SKIRRET_DATABASE"], timeout=10) as rows:
            statement = "UPDATE plugins_pluginconfig SET settings = ? WHERE key = ?"
            rows.execute(statement, [json.dumps(settings), self.listed["key"]])


def _outcome(frame, cancelled):
    if frame["type"] == "result":
        return {"outcome": "result", "result": frame["result"]}
    error = frame["error"]
    message = f"{error['type']}: {error['message']}"
    where = [line.strip() for line in error["traceback"].splitlines() if line.strip().startswith("File ")]
    return {
        "outcome": "cancelled" if cancelled else "error",
        "message": message, "traceback": error["traceback"], "where": where[-1] if where else "",
    }  # fmt: skip


if __name__ == "__main__":
    main()
