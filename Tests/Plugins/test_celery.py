"""Every task object is real Celery: what `.delay()` puts into Redis, and what waits for an answer."""

import base64
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from celery import Celery

from conftest import FIXTURES, SOURCES
from skirret_plugin.driver import HostServer, wait_for_socket

CALLER = """
    from celery import chain, shared_task

    @shared_task
    def bare(a, b=2):
        return a + b

    @shared_task(name="caller.named", bind=True)
    def named(self):
        return self.request.id

    @shared_task(bind=True, max_retries=2)
    def stubborn(self):
        if self.request.retries < 2:
            raise self.retry(countdown=0)
        return self.request.retries

    @shared_task
    def broken():
        raise KeyError("url")

    class Plugin:
        def run(self, action, params, context):
            return eval(params["code"])
"""


@pytest.fixture
def caller(server, make_plugin):
    plugin = server.spawn(make_plugin("caller", CALLER))
    return lambda code: plugin.run("eval", {"code": code})["result"]


def taken(redis, queue="celery"):
    """The oldest message of a queue: headers, properties, and the body's args and kwargs."""
    message = json.loads(redis.rpop(queue))
    args, kwargs, embed = json.loads(base64.b64decode(message["body"]))
    return message, args, kwargs, embed


def test_refresh_all_queues_two_real_celery_messages(server, redis):
    plugin = server.spawn(FIXTURES / "refresh_all")
    assert plugin.run("refresh_all") == {"status": "queued", "message": "Refresh jobs queued"}
    assert redis.llen("celery") == 2
    for name in ("apps.m3u.tasks.refresh_m3u_accounts", "apps.epg.tasks.refresh_all_epg_data"):
        message, args, kwargs, embed = taken(redis)
        assert message["headers"]["task"] == name
        assert (message["content-type"], args, kwargs) == ("application/json", [], {})
        assert embed == {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
        assert message["properties"]["delivery_info"] == {"exchange": "", "routing_key": "celery"}


def test_a_delay_opens_no_subscription(caller, redis):
    caller("__import__('apps.m3u.tasks').m3u.tasks.refresh_m3u_accounts.delay() and None")
    assert redis.execute_command("PUBSUB", "CHANNELS") == []


def test_options_routes_and_limits_are_on_the_message(caller, redis):
    caller("__import__('apps.m3u.tasks').m3u.tasks.refresh_single_m3u_account.apply_async([7], countdown=60).id")
    message, args, _, _ = taken(redis)
    assert args == [7] and message["headers"]["timelimit"] == [3600, 3500] and message["headers"]["eta"]
    caller("__import__('apps.channels.tasks').channels.tasks.run_recording.delay(1, 2, 'a', 'b').id")
    assert taken(redis, "dvr")[0]["headers"]["task"] == "apps.channels.tasks.run_recording"


def test_a_chain_of_native_tasks_carries_its_rest(caller, redis):
    caller(
        "chain(__import__('apps.m3u.tasks').m3u.tasks.refresh_single_m3u_account.si(1),"
        " __import__('apps.epg.tasks').epg.tasks.refresh_epg_data.si(source_id=2)).delay().id"
    )
    message, args, _, embed = taken(redis)
    assert args == [1]
    (rest,) = embed["chain"]
    assert (rest["task"], rest["kwargs"]) == ("apps.epg.tasks.refresh_epg_data", {"source_id": 2})


def test_wrong_arguments_are_refused_before_anything_is_sent(server, make_plugin, redis):
    plugin = server.spawn(make_plugin("caller", CALLER))
    code = "__import__('apps.m3u.tasks').m3u.tasks.refresh_single_m3u_account.delay()"
    assert "account_id" in plugin.fail("eval", {"code": code})["message"]
    assert redis.llen("celery") == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Celery's own use of SETEX
def test_calling_a_native_task_waits_for_a_worker(server, make_plugin, redis, redis_server):
    plugin = server.spawn(make_plugin("caller", CALLER))
    code = "__import__('core.tasks').tasks.rehash_streams(['url'])"
    number = plugin.call("run", action="eval", params={"code": code})
    _, message = redis.brpop("celery", timeout=10)
    headers = json.loads(message)["headers"]
    assert (headers["task"], headers["argsrepr"]) == ("core.tasks.rehash_streams", "(['url'],)")
    # What a worker does when it is done: real Celery stores the result and tells who waits.
    backend = Celery(backend=f"redis+socket://{redis_server}?virtual_host=0").backend
    backend.store_result(headers["id"], 5, "SUCCESS")
    assert plugin.answer(number)["result"] == {"status": "ok", "result": 5}


def test_functions_without_a_task_say_so_when_called(server, make_plugin):
    plugin = server.spawn(make_plugin("caller", CALLER))
    code = "__import__('apps.m3u.tasks').m3u.tasks.cleanup_streams(1)"
    error = plugin.fail("eval", {"code": code})
    assert error["type"] == "NotImplementedError" and "refresh_single_m3u_account" in error["message"]


def test_a_plugins_own_tasks_are_listed_by_the_names_schedules_use(server, make_plugin):
    plugin = server.spawn(make_plugin("caller", CALLER))
    listed = plugin.answer(plugin.call("describe"))["result"]["tasks"]
    prefix = "_dispatcharr_plugin_caller.plugin"
    assert listed == [f"{prefix}.bare", f"{prefix}.broken", f"{prefix}.stubborn", "caller.named"]


def test_a_plugins_own_tasks_run(server, make_plugin):
    plugin = server.spawn(make_plugin("caller", CALLER))
    prefix = "_dispatcharr_plugin_caller.plugin"

    def task(name, **frame):
        return plugin.answer(plugin.call("task", name=name, **{"args": [], "kwargs": {}, **frame}))

    assert task(f"{prefix}.bare", args=[1], kwargs={"b": 5})["result"] == 6
    assert task("caller.named", task_id="an-id")["result"] == "an-id"
    assert task(f"{prefix}.stubborn")["result"] == 2
    error = task(f"{prefix}.broken")["error"]
    assert error["type"] == "KeyError" and "plugin.py" in error["traceback"]
    assert task("caller.unknown")["error"]["type"] == "LookupError"


def test_a_plugins_own_task_can_be_queued(caller, redis):
    caller("bare.delay(3).id")
    message, args, _, _ = taken(redis)
    assert (message["headers"]["task"], args) == ("_dispatcharr_plugin_caller.plugin.bare", [3])


def test_the_plugin_manager_runs_here_what_is_here_and_queues_the_rest(server, make_plugin, redis):
    plugin = server.spawn(
        make_plugin(
            "managed",
            """
            from apps.plugins.loader import PluginManager
            from apps.plugins.models import PluginConfig

            class Plugin:
                fields = [{"id": "limit", "type": "number", "default": 5}]
                def run(self, action, params, context):
                    if action == "inner":
                        return {"limit": context["settings"]["limit"], "params": params}
                    if action == "enable":
                        return PluginConfig.objects.update_or_create(
                            key=params["key"], defaults={"name": params["key"], "enabled": True})[1]
                    return PluginManager.get().run_action(params["key"], "inner", {"x": 1})
            """,
        )
    )
    assert "not found" in plugin.fail("outer", {"key": "managed"})["message"]
    plugin.run("enable", {"key": "managed"})
    assert plugin.run("outer", {"key": "managed"}) == {"limit": 5, "params": {"x": 1}}
    plugin.run("enable", {"key": "my_plugin"})
    plugin.call("run", action="outer", params={"key": "my_plugin"})
    message = json.loads(redis.brpop("celery", timeout=10)[1])
    assert message["headers"]["task"] == "skirret.plugins.run_action"
    assert json.loads(base64.b64decode(message["body"]))[0] == ["my_plugin", "inner", {"x": 1}, {}]


def test_redis_helpers_and_locks(server, make_plugin, redis):
    plugin = server.spawn(
        make_plugin(
            "locks",
            """
            from core.utils import *
            from django.core.cache import cache

            class Plugin:
                def run(self, action, params, context):
                    client = RedisClient.get_client()
                    seen = [bool(acquire_task_lock("x", 1)), bool(acquire_task_lock("x", 1)),
                            is_task_lock_held("x", 1), client.get("task_lock_x_1"), client.ttl("task_lock_x_1")]
                    with TaskLockRenewer("x", 1):
                        release_task_lock("x", 1)
                    cache.set("n", 1)
                    bytes_client = RedisClient.get_buffer()
                    return [*seen, is_task_lock_held("x", 1), cache.incr("n"), cache.add("n", 5), bytes_client.ping()]
            """,
        )
    )
    assert plugin.run("go")["result"] == [True, False, True, "locked", 300, False, 2, False, True]


@pytest.fixture
def own_redis(tmp_path, environment):
    """A Redis that a test may freeze or kill, and a plugin whose broker it is."""
    path = os.path.join("/tmp", f"skirret-{os.getpid()}.sock")
    command = ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for_socket(path, process)
    server = HostServer({**environment, "SKIRRET_BROKER_URL": f"redis+socket://{path}?virtual_host=0"})
    yield process, server
    process.kill()
    process.wait()
    os.unlink(path)
    server.close()


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["gone", "frozen"])
@pytest.mark.parametrize("warm", [False, True], ids=["first-call", "connected-before"])
def test_a_delay_fails_within_two_seconds_when_redis_is_away(own_redis, fault, warm):
    process, server = own_redis
    plugin = server.spawn(FIXTURES / "refresh_all")
    plugin.run("refresh_all" if warm else "nothing")
    process.send_signal(fault)
    began = time.monotonic()
    error = plugin.fail("refresh_all")
    seconds = time.monotonic() - began
    assert error["type"] in ("OperationalError", "TimeoutError", "ConnectionError"), error["traceback"]
    # Two by its time-outs; the rest is for a machine that has more to do.
    assert seconds < 5, f"{seconds:.2f} s"


def test_the_settings_say_what_swift_expects():
    code = (
        "from dispatcharr.celery import app; import json; c = app.conf;"
        "print(json.dumps([app.main, c.accept_content, c.task_serializer, c.result_serializer]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    done = subprocess.run([sys.executable, "-B", "-c", code], env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout) == ["dispatcharr", ["json"], "json", "json"]
