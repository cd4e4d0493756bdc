"""Plugins in a whole Skirret: what Python sends is done by Swift's worker, and what Swift calls is answered."""

import json
import textwrap

import pytest

from running import Running, executable

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
COMPUTED = LISTENER.replace("        actions = [", "        @property\n        def actions(self):\n            return [")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    program = executable()
    if program is None:
        pytest.skip("no skirret executable: swift build --product skirret, or name one in SKIRRET_TEST_EXECUTABLE")
    folder = tmp_path_factory.mktemp("running")
    for name, source in {
        "teller": TELLER, "listener": LISTENER, "raiser": LISTENER, "computed": COMPUTED, "off": LISTENER,
    }.items():  # fmt: skip
        (folder / "plugins" / name).mkdir(parents=True)
        (folder / "plugins" / name / "plugin.py").write_text(textwrap.dedent(source))
    (folder / "data").mkdir()
    server = Running(program, folder / "data", folder / "plugins")
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
    assert running.redis.blpop("seen:work", timeout=20) == ("seen:work", "7")
    done = running.until(lambda: running.redis.get(f"celery-task-meta-{task}"), "its result")
    assert (json.loads(done)["status"], json.loads(done)["result"]) == ("SUCCESS", {"n": 7})
