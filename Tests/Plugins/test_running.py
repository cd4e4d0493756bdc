"""Plugins in a whole Skirret: what Python sends is done by Swift's worker, and what Swift calls is answered."""

import functools
import http.server
import json
import shutil
import textwrap
import threading

import pytest

from conftest import FIXTURES
from running import Running, executable
from test_requirements import make_wheel

TELLER = """
    from core.utils import RedisClient, log_system_event

    class Plugin:
        actions = [{"id": "tell"}, {"id": "wait"}, {"id": "dispatch"}, {"id": "work"}]
        def run(self, action, params, context):
            return getattr(self, action)(params, context)
        def tell(self, params, context):
            log_system_event(params["event"], account_name="one", streams_created=0, streams_updated=4)
        def wait(self, params, context):
            from apps.epg.tasks import refresh_all_epg_data
            return refresh_all_epg_data()
        def dispatch(self, params, context):
            return {"task": context["dispatch_task"]("work", {"n": 7}, time_limit=90)}
        def work(self, params, context):
            context["report_progress"](50, "half way")
            RedisClient.get_client().rpush("seen:work", params["n"])
            return {"n": params["n"]}
"""
LISTENER = """
    import json
    from core.utils import RedisClient

    class Plugin:
        actions = [{"id": "on_refresh", "events": ["m3u_refresh"]}]
        def run(self, action, params, context):
            seen = [action, params, context["plugin"]["key"], context["settings"]]
            RedisClient.get_client().rpush(f"seen:{context['plugin']['key']}", json.dumps(seen))
            if context["plugin"]["key"] == "raiser":
                raise KeyError("url")
"""
LEADER = """
    from core.utils import RedisClient

    class Plugin:
        def on_leader_acquired(self, context):
            RedisClient.get_client().rpush("seen:leader", "acquired")
        def on_leader_lost(self, context):
            RedisClient.get_client().rpush("seen:leader", "lost")
        def run(self, action, params, context):
            return {}
"""
CANVAS = """
    import json, threading
    from celery import chain, chord, current_app, group, shared_task
    from django_celery_beat.models import IntervalSchedule, PeriodicTask
    from apps.epg.tasks import refresh_all_epg_data as native
    from core.utils import RedisClient

    @shared_task
    def note(value, label):
        RedisClient.get_client().rpush(f"noted:{label}", json.dumps(value))
        return value

    @shared_task(name="canvas.double")
    def double(number):
        return 2 * number

    @shared_task(bind=True, max_retries=3)
    def stubborn(self, label):
        if self.request.retries < 2:
            raise self.retry(countdown=0)
        note(self.request.retries, label)

    @shared_task
    def broken():
        raise KeyError("url")

    class Plugin:
        def run(self, action, params, context):
            return getattr(self, action)(action)
        def chain(self, label):
            return {"task": chain(native.si(), note.s(label), native.si()).delay().id}
        def group(self, label):
            group(native.si(), double.s(4), note.si([1], label)).delay()
        def chord(self, label):
            chord([native.si(), double.s(4), chain(double.s(1), double.s())])(note.s(label))
        def thread(self, label):
            threading.Thread(target=lambda: chain(double.s(3), native.si(), note.s(label)).delay()).start()
        def wait(self, label):
            return {"got": group(double.s(5), native.si()).delay().get(timeout=60)}
        def by_name(self, label):
            current_app.send_task("_dispatcharr_plugin_canvas.plugin.note", args=[[2]], kwargs={"label": label})
        def links(self, label):
            double.apply_async([6], link=note.s(label))
            broken.apply_async(link_error=note.si("failed", f"{label}:error"))
        def retry(self, label):
            stubborn.delay(label)
        def schedule(self, label):
            second, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
            PeriodicTask.objects.create(
                name="once", task="_dispatcharr_plugin_canvas.plugin.note", interval=second, one_off=True,
                args=json.dumps([[3], label]))
"""
PACKED = """
    import needed_below

    class Plugin:
        def run(self, action, params, context):
            return {"value": needed_below.VALUE}
"""
COMPUTED = LISTENER.replace(
    "        actions = [", "        @property\n        def actions(self):\n            return ["
)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    program = executable()
    if program is None:
        pytest.skip("no skirret executable: swift build --product skirret, or name one in SKIRRET_TEST_EXECUTABLE")
    folder = tmp_path_factory.mktemp("running")
    for name, source in {
        "teller": TELLER, "listener": LISTENER, "raiser": LISTENER, "computed": COMPUTED, "off": LISTENER,
        "leader": LEADER, "packed": PACKED, "canvas": CANVAS,
    }.items():  # fmt: skip
        (folder / "plugins" / name).mkdir(parents=True)
        (folder / "plugins" / name / "plugin.py").write_text(textwrap.dedent(source))
    (folder / "plugins/packed/requirements.txt").write_text("needed_below>=1")
    shutil.copytree(FIXTURES / "gallery", folder / "plugins/gallery")
    (folder / "data").mkdir()
    (folder / "wheels").mkdir()
    server = Running(
        program, folder / "data", folder / "plugins", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(folder / "wheels")
    )
    server.wheels = folder / "wheels"
    assert server.ask("POST", "/api/plugins/plugins/reload/", {})[0] == 200
    for name in ("teller", "listener", "raiser", "computed"):
        server.enable(name)
    yield server
    server.close()


def failures(running):
    """Celery's results of the tasks that failed."""
    results = [json.loads(running.redis.get(key)) for key in running.redis.scan_iter("celery-task-meta-*")]
    return [result["result"] for result in results if result["status"] == "FAILURE"]


def test_an_event_reaches_every_enabled_listener_once_and_no_other(running):
    running.run("teller", "tell", {"event": "channel_start"})
    running.run("teller", "tell", {"event": "m3u_refresh"})
    told = {"event": "m3u_refresh", "payload": {"account_name": "one", "streams_updated": 4}}
    for key in ("listener", "raiser", "computed"):
        running.until(lambda key=key: running.redis.llen(f"seen:{key}"), f"the hook of {key}")
        (seen,) = running.redis.lrange(f"seen:{key}", 0, -1)
        assert json.loads(seen) == ["on_refresh", told, key, {}]
    # The one whose hook raised has a failed task of its own; nobody else noticed.
    failed = running.until(lambda: failures(running), "the failure of one hook")
    assert [(one["exc_type"], one["exc_message"]) for one in failed] == [("KeyError", ["url"])]
    assert running.redis.exists("seen:off") == 0


def test_a_direct_call_runs_the_native_task_and_waits(running):
    assert running.run("teller", "wait") == {"status": "ok", "result": "EPG data refreshed."}


def test_a_dispatched_action_runs_as_a_task_of_its_own(running):
    task = running.run("teller", "dispatch")["task"]
    assert running.redis.blpop("seen:work", timeout=60) == ("seen:work", "7")
    done = running.until(lambda: running.redis.get(f"celery-task-meta-{task}"), "its result")
    assert (json.loads(done)["status"], json.loads(done)["result"]) == ("SUCCESS", {"n": 7})


@pytest.mark.parametrize("action, noted", [
    ("chain", "EPG data refreshed."), ("group", [1]), ("chord", ["EPG data refreshed.", 8, 4]), ("by_name", [2]),
    ("thread", "EPG data refreshed."), ("links", 12), ("retry", 2), ("schedule", [3]),
])  # fmt: skip
def test_native_tasks_and_a_plugins_own_run_together(running, action, noted):
    running.enable("canvas")
    running.run("canvas", action)
    _, value = running.redis.blpop(f"noted:{action}", timeout=60) or (None, "null")
    assert json.loads(value) == noted
    if action == "links":
        assert running.redis.blpop("noted:links:error", timeout=60)[1] == '"failed"'


def test_a_plugin_waits_for_a_group_of_both(running):
    running.enable("canvas")
    assert running.run("canvas", "wait") == {"got": [10, "EPG data refreshed."]}


def test_the_first_upload_reaches_a_plugin_that_runs_already(running):
    """The plugin is held to folders that exist when it starts."""
    running.enable("gallery")
    running.run("gallery", "touch", {"rowId": 1})
    result = running.upload("gallery", "submit", "list.m3u", b"#EXTM3U")
    assert result["files"] == {"file": "list.m3u"}


def test_an_enabled_plugin_leads_until_it_is_switched_off(running):
    running.enable("leader")
    assert running.redis.blpop("seen:leader", timeout=60) == ("seen:leader", "acquired")
    assert 0 < running.redis.ttl("skirret:plugins:leader:leader") <= 30
    running.enable("leader", False)
    assert running.redis.blpop("seen:leader", timeout=60) == ("seen:leader", "lost")
    assert running.redis.exists("skirret:plugins:leader:leader") == 0


def test_the_packages_that_somebody_asks_for_are_installed_with_progress(running):
    running.enable("packed")
    status, refused = running.ask("POST", "/api/plugins/plugins/packed/run/", {"action": "go", "params": {}})
    assert status >= 400 and "needs the Python package 'needed_below'" in json.dumps(refused), refused
    assert card(running, "packed")["requirements"] == {"state": "missing", "error": None}
    # What its code says when it is loaded is on its card, too.
    assert "needs the Python package 'needed_below'" in card(running, "packed")["load_error"]

    def install():
        status, answer = running.ask("POST", "/api/plugins/plugins/packed/requirements/")
        assert status == 202, answer
        path = f"/api/tasks/{answer['task_id']}/"
        return running.until(lambda: (task := running.ask("GET", path)[1])["ready"] and task, "the installation", 60)

    assert install()["state"] == "FAILURE"  # the index is empty
    failed = card(running, "packed")["requirements"]
    assert failed["state"] == "failed" and "needed_below" in failed["error"], failed
    make_wheel(running.wheels, "needed_below", "2.0", "VALUE = 8\n")
    task = install()
    assert task["state"] == "SUCCESS", task
    lines = [line["message"] for line in running.ask("GET", f"/api/tasks/{task['task_id']}/logs/")[1]["logs"]]
    assert any("Installing needed-below==2.0" in line.replace("_", "-") for line in lines), lines
    assert card(running, "packed")["requirements"] == {"state": "ready", "error": None}
    # Other packages are another plugin: the next call has them.
    assert running.run("packed", "go") == {"value": 8}


def card(running, key):
    """A plugin's row as the web app gets it."""
    rows = running.ask("GET", "/api/plugins/plugins/")[1]["plugins"]
    return next(row for row in rows if row["key"] == key)


def test_a_refresh_that_ran_here_reaches_the_hooks(running, tmp_path):
    (tmp_path / "list.m3u").write_text("#EXTM3U\n#EXTINF:-1,News\nhttp://127.0.0.1/1\n")
    running.redis.delete("seen:listener")
    files = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), files)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{web.server_port}/list.m3u"
    source = {"name": "Local", "server_url": url, "account_type": "STD", "refresh_interval": 0}
    status, account = running.ask("POST", "/api/m3u/accounts/", source)
    assert status == 201, account
    status, answer = running.ask("POST", f"/api/m3u/refresh/{account['id']}/")
    assert status in (200, 202), answer
    seen = running.until(lambda: running.redis.lpop("seen:listener"), "the hook of the refresh", 120)
    action, params, _, _ = json.loads(seen)
    assert (action, params["event"]) == ("on_refresh", "m3u_refresh")
    payload = params["payload"]
    assert payload["account_name"] == "Local" and payload["streams_created"] == 1 and payload["elapsed_time"] > 0
    assert "streams_deleted" not in payload
    web.shutdown()
    web.server_close()


SPEAKER = """
    import os
    from core.utils import RedisClient

    class Plugin:
        actions = [{"id": "where"}]
        def run(self, action, params, context):
            RedisClient.get_client().rpush("seen:where", os.getppid())
            import time
            time.sleep(params["seconds"])
            return {"parent": os.getppid()}
        def stop(self, context):
            RedisClient.get_client().rpush("seen:stop", f"{context['reason']} {os.getppid()}")
"""


@pytest.fixture
def fleet(tmp_path):
    """A Skirret with two worker processes, a plugin that tells how it is stopped, and one that leads."""
    program = executable()
    if program is None:
        pytest.skip("no skirret executable: swift build --product skirret, or name one in SKIRRET_TEST_EXECUTABLE")
    for name, source in {"speaker": SPEAKER, "leader": LEADER}.items():
        (tmp_path / "plugins" / name).mkdir(parents=True)
        (tmp_path / "plugins" / name / "plugin.py").write_text(textwrap.dedent(source))
    (tmp_path / "data").mkdir()
    server = Running(program, tmp_path / "data", tmp_path / "plugins", "--worker-processes", "2")
    assert server.ask("POST", "/api/plugins/plugins/reload/", {})[0] == 200
    yield server
    server.close()


def occupy(fleet):
    """Runs the speaker until each worker process has a process of it; the fork servers of both."""

    def everywhere():
        body = {"action": "where", "params": {"seconds": 0.2}}
        headers = [fleet.start("POST", "/api/plugins/plugins/speaker/run/", body) for _ in range(6)]
        for one in headers:
            one.join()
        found = set(fleet.redis.lrange("seen:where", 0, -1))
        return len(found) == 2 and found

    return fleet.until(everywhere, "a process of the plugin in both workers", 60)


def test_a_stop_reaches_every_worker_that_runs_the_plugin_with_its_reason(fleet):
    fleet.enable("speaker")
    for reason, act in {
        "reload": lambda: fleet.ask("POST", "/api/plugins/plugins/reload/", {}),
        "disable": lambda: fleet.enable("speaker", False),
    }.items():
        parents = occupy(fleet)
        fleet.redis.delete("seen:stop", "seen:where")
        act()
        told = set(fleet.redis.lrange("seen:stop", 0, -1))  # they were waited for
        assert told == {f"{reason} {parent}" for parent in parents}


def test_a_plugin_with_leader_hooks_leads_from_the_start_and_hears_of_the_end(fleet, tmp_path):
    fleet.enable("leader")
    assert fleet.redis.blpop("seen:leader", timeout=20) == ("seen:leader", "acquired")
    fleet.close()
    again = Running(executable(), tmp_path / "data", tmp_path / "plugins", "--worker-processes", "2")
    try:
        # It was told of the end, in whichever worker led then.
        assert again.redis.lpop("seen:leader") == "lost"
        # Nobody called it: it runs because it has to lead.
        again.until(lambda: again.redis.lpop("seen:leader") == "acquired", "a leader", 60)
        again.until(lambda: again.redis.ttl("skirret:plugins:leader:leader") > 0, "its lease", 60)
    finally:
        again.close()


def test_safe_mode_says_so(tmp_path):
    program = executable()
    if program is None:
        pytest.skip("no skirret executable: swift build --product skirret, or name one in SKIRRET_TEST_EXECUTABLE")
    (tmp_path / "plugins/speaker").mkdir(parents=True)
    (tmp_path / "plugins/speaker/plugin.py").write_text(textwrap.dedent(SPEAKER))
    (tmp_path / "data").mkdir()
    server = Running(program, tmp_path / "data", tmp_path / "plugins", "--safe-mode")
    try:
        assert server.ask("POST", "/api/plugins/plugins/reload/", {})[0] == 200
        server.enable("speaker")
        status, answer = server.ask("POST", "/api/plugins/plugins/speaker/run/", {"action": "where"})
        assert (status, answer["code"]) == (409, "safe_mode") and "--safe-mode" in answer["error"], answer
    finally:
        server.close()
