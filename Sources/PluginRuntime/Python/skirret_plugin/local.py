"""A plugin on this machine without a server: its real host, a private Redis, a fresh database, and a worker's stand-in.

    with Local("my_plugin") as local:
        plugin = local.start()
        plugin.run("clean", {"limit": 5}, settings={"suffix": " HD"})

Code outside the plugin may use the models too (`from apps.channels.models import Channel`): both see the same rows.
"""

import contextlib
import os
import shutil
import sys
import tempfile

from skirret_host.describe import describe_plugin, entry_file

from .driver import HostServer
from .place import SOURCES, copy_database, host_environment, make_tables, start_redis
from .worker import Worker

#: The product's limits; see PluginLimits.swift.
LIMITS = {"memory_bytes": 512 << 20, "files": 256, "processes": 64, "file_bytes": 1 << 30}
#: Seconds that an action may take.
SECONDS = 60.0
#: Frames by which a plugin says something without being asked.
SAYINGS = ("log", "event", "update", "progress")


class Unusable(Exception):
    """Why a plugin cannot be started here, and what to do."""


class PluginFailed(Exception):
    """The plugin raised; the text is its traceback."""

    def __init__(self, error):
        super().__init__(error["traceback"].rstrip() or f"{error['type']}: {error['message']}")
        #: The exception's class and text, as the plugin's card shows them.
        self.type, self.message = error["type"], error["message"]


class Local:
    """What a plugin needs around it; ends with everything it started."""

    def __init__(self, folder, database=None, sandbox=True):
        """`database` names a file to work on a copy of; without it the tables are empty.

        `sandbox`: whether the plugin reaches only what it reaches in a server, where this kernel can hold it.
        """
        self.folder = os.path.abspath(folder)
        if entry_file(self.folder) is None:
            raise Unusable(f"{folder} is no plugin: it has neither plugin.py nor __init__.py")
        for program, package in (("redis-server", "redis-server"), ("timeout", "coreutils")):
            if not shutil.which(program):
                raise Unusable(f"{program} is not installed: apt install {package}")
        self.description = describe_plugin(self.folder)
        self._ending = contextlib.ExitStack()
        self._given = database
        self.sandbox = {} if sandbox else None

    def __enter__(self):
        with contextlib.ExitStack() as building:
            data = tempfile.mkdtemp(prefix="skirret-")  # short: a socket's path has at most 107 bytes
            building.callback(shutil.rmtree, data, ignore_errors=True)
            self._template, database = os.path.join(data, "template.db"), os.path.join(data, "skirret.db")
            self._uploads = os.path.join(data, "uploads")
            os.mkdir(self._uploads)
            redis, socket_path = start_redis(data)
            building.callback(redis.wait)
            building.callback(redis.kill)
            self.environment = host_environment(socket_path, database, data, os.path.dirname(self.folder))
            if packages := _packages():
                self.environment["SKIRRET_PLUGIN_PACKAGES"] = packages
            self._use_models()
            self._make_template()
            self.worker = Worker(socket_path)
            building.callback(self.worker.close)
            self.host = HostServer(self.environment)
            building.callback(self.host.close)
            building.callback(self.host.end_plugins)
            self._ending = building.pop_all()
        self.reset()
        return self

    def __exit__(self, *_):
        self._ending.close()

    def start(self, seconds=SECONDS):
        """The plugin, in a process of its own, enabled."""
        from apps.plugins.models import PluginConfig

        about = {name: self.description[name] for name in ("name", "version", "description")}
        row, _ = PluginConfig.objects.update_or_create(
            key=self.description["key"], defaults={**about, "enabled": True, "ever_enabled": True}
        )
        plugin = LocalPlugin(self, row, seconds)
        self.worker.serve(plugin)
        return plugin

    def reset(self):
        """Rows and Redis as they were in the beginning, and no plugin running."""
        from django.db import connections

        self.worker.serve(None)
        self.host.end_plugins()
        self.worker.empty()
        connections.close_all()
        copy_database(self._template, self.environment["SKIRRET_DATABASE"])

    def store(self, files):
        """Copies of files, where the API puts uploads, by form field."""
        stored = {}
        for field, paths in files.items():
            for path in paths if isinstance(paths, list) else [paths]:
                copy = shutil.copy(path, tempfile.mkdtemp(dir=self._uploads))
                about = {"path": copy, "name": os.path.basename(path), "size": os.path.getsize(copy)}
                stored.setdefault(field, []).append({**about, "content_type": "application/octet-stream"})
        return stored

    def _make_template(self):
        given = self._given or os.environ.get("SKIRRET_TEST_DATABASE")
        if given is None:
            make_tables()
        elif not os.path.isfile(given):
            raise Unusable(f"{given}: there is no such database")
        copy_database(given or self.environment["SKIRRET_DATABASE"], self._template)

    def _use_models(self):
        if "django" in sys.modules and (settings := os.environ.get("DJANGO_SETTINGS_MODULE")) not in (None, SETTINGS):
            raise Unusable(f"this process has a Django of its own already ({settings})")
        wanted = {
            name: value for name, value in self.environment.items() if name.startswith(("SKIRRET_", "DISPATCHARR_"))
        }
        os.environ.update({**wanted, "DJANGO_SETTINGS_MODULE": SETTINGS})
        if str(SOURCES) not in sys.path:
            sys.path.append(str(SOURCES))
        import django

        django.setup()


SETTINGS = "dispatcharr.settings"


def _packages():
    """Where `install` has put packages, if it was told by the environment of this command."""
    from skirret_host import requirements

    return requirements.root()


class LocalPlugin:
    """One plugin as a test or the command line sees it."""

    def __init__(self, local, row, seconds):
        self._local, self._row, self.seconds = local, row, seconds
        self.key = row.key
        self._process = local.host.spawn(local.folder, LIMITS, key=row.key, sandbox=local.sandbox)
        self._heard = []

    # What it is asked

    def run(self, action, params=None, *, settings=None, files=None, seconds=None):
        """The result of an action, as the API gives it; `PluginFailed` when it raises."""
        files = self._local.store(files or {})
        return self._ask("run", seconds, settings, action=action, params=params or {}, files=files)

    def resource(self, resource, params=None, *, settings=None, seconds=None):
        """What a page is given."""
        return self._ask("resource", seconds, settings, resource=resource, params=params or {})

    def hook(self, event, payload=None, *, settings=None):
        """Results by id of the actions that listen to an event."""
        listening = [one["id"] for one in self.describe()["actions"] if event in one.get("events", ())]
        params = {"event": event, "payload": {name: value for name, value in (payload or {}).items() if value}}
        return {action: self.run(action, params, settings=settings) for action in listening}

    def describe(self):
        """Fields, actions, pages and tasks, as the loaded code has them; what was dropped is in `warnings`."""
        return self._ask("describe", None, None)

    def stop(self, reason="disable"):
        """The answer of `stop(context)`."""
        return self._ask("stop", None, None, reason=reason)

    # What it said and did

    @property
    def settings(self):
        """What is saved."""
        self._row.refresh_from_db()
        return self._row.settings

    @settings.setter
    def settings(self, saved):
        type(self._row).objects.filter(pk=self._row.pk).update(settings=saved)

    @property
    def events(self):
        """(name, payload) of every `emit_event`, in order."""
        return [(one["event"], one["payload"]) for one in self._said("event")]

    @property
    def updates(self):
        """The data of every `send_websocket_update`."""
        return [one["data"] for one in self._said("update")]

    @property
    def progress(self):
        """(percent, message) of every `report_progress`."""
        return [(one["percent"], one["message"]) for one in self._said("progress")]

    @property
    def logs(self):
        """(level, message) of every line."""
        return [(one["level"], one["message"]) for one in self._said("log")]

    @property
    def tasks(self):
        """What was enqueued, in order: `name`, `args`, `kwargs`, and what became of it."""
        return self._local.worker.tasks

    @property
    def answers(self):
        """What Skirret's own tasks return when they are waited for: {name: value, or function of the arguments}."""
        return self._local.worker.answers

    def settle(self, seconds=None):
        """Waits until no task is left; returns `tasks`."""
        return self._local.worker.settle(seconds or self.seconds)

    def wait_for(self, kind, matches=lambda one: True, seconds=10):
        """The first `event`, `log`, `update` or `progress` that a thread of the plugin has sent or will send."""
        for one in self._said(kind):
            if matches(one):
                return one
        found = self._process.frames.take(lambda one: one["type"] == kind and matches(one), f"a {kind}", seconds)
        self._heard.append(found)
        return found

    def task(self, name, args, kwargs, task_id):
        """Runs one of the plugin's own tasks, as a worker does."""
        return self._ask("task", None, None, name=name, args=args, kwargs=kwargs, task_id=task_id)

    def said(self):
        """Log lines, events, updates and progress since this was asked last, in order."""
        new = self._process.frames.take_those(lambda one: one["type"] in SAYINGS)
        self._heard += new
        return new

    def printed(self):
        """What it has printed so far, by lines."""
        return [line for name in ("stdout", "stderr") for line in self._process.output_so_far(name).splitlines()]

    def _said(self, kind):
        self.said()
        return [one for one in self._heard if one["type"] == kind]

    def _ask(self, method, seconds, settings, **frame):
        about = {name: getattr(self._row, name) for name in ("key", "name", "version", "description")}
        settings = self.settings if settings is None else settings
        number = self._process.call(method, plugin={**about, "enabled": True}, settings=settings, **frame)
        limit = seconds or self.seconds
        try:
            answer = self._process.answer(number, limit)
        except AssertionError as error:
            if "the socket ended" in str(error):
                ended = self._process.exited()
                why = f"the plugin's process ended: signal {ended['signal']}, code {ended['code']}"
                raise Died(self._process, why) from None
            self._process.cancel(number)
            answer = self._after_cancel(number, limit)
        if answer["type"] == "error":
            raise PluginFailed(answer["error"])
        return answer["result"]

    def _after_cancel(self, number, limit):
        try:
            return self._process.answer(number, 2)
        except AssertionError:
            self._process.kill()
            raise Died(self._process, f"no answer within {limit:g} s, nor to a cancel; killed") from None


class Died(Exception):
    """The plugin's process is gone; the text says how, and what it printed last."""

    def __init__(self, process, why):
        process.exited()
        lines = (process.output("stdout") + process.output("stderr")).splitlines()[-20:]
        super().__init__("\n".join([why, *lines]))
