"""System events reach the actions that listen to them, each by a message of its own, whatever else goes wrong."""

import base64
import json
from datetime import datetime, timezone

import pytest

LISTENER = """
    class Plugin:
        actions = [
            {"id": "on_refresh", "events": ["m3u_refresh", "epg_refresh"]}, {"id": "by_hand"},
            {"id": "also", "events": ["m3u_refresh"]},
        ]
        def run(self, action, params, context):
            return {}
"""
COMPUTED = """
    class Plugin:
        @property
        def actions(self):
            return [{"id": "late", "events": ["m3u_refresh"]}]
"""


@pytest.fixture
def hooks(inside, make_plugin, redis, tmp_path):
    """Three plugins in one folder, one of them off; logs an event in a fourth and returns the messages sent."""
    make_plugin("listener", LISTENER)
    make_plugin("computed", COMPUTED)
    make_plugin("switched_off", LISTENER)
    inside(
        f"""
        from apps.plugins.loader import PluginManager
        from apps.plugins.models import PluginConfig
        PluginManager.get().plugins_dir = {str(tmp_path)!r}
        PluginConfig.objects.all().delete()
        for key in ("listener", "computed", "switched_off"):
            PluginConfig.objects.create(key=key, name=key, enabled=key != "switched_off")
        """
    )

    def log(code):
        inside(f"from core.utils import dispatch_event_system, log_system_event\n{code}")
        sent = []
        while message := redis.rpop("celery"):
            message = json.loads(message)
            args = json.loads(base64.b64decode(message["body"]))[0]
            sent.append((message["headers"], args))
        return sent

    yield log
    inside(
        """
        from apps.plugins.models import PluginConfig
        from core.models import SystemEvent
        PluginConfig.objects.all().delete()
        SystemEvent.objects.all().delete()
        """
    )


def test_each_listening_action_of_an_enabled_plugin_gets_its_own_message(hooks):
    sent = hooks("log_system_event('m3u_refresh', account_name='one', streams_created=3, streams_deleted=0)")
    expected = {"event": "m3u_refresh", "payload": {"account_name": "one", "streams_created": 3}}
    assert [args for _, args in sent] == [["listener", action, expected, {}] for action in ("on_refresh", "also")]
    for headers, _ in sent:
        assert (headers["task"], headers["timelimit"]) == ("skirret.plugins.run_action", [3600, None])
    assert [args[1] for _, args in hooks("log_system_event('epg_refresh', programs=1)")] == ["on_refresh"]
    assert hooks("log_system_event('channel_start')") == []


def test_actions_that_are_computed_are_known_from_what_the_loaded_code_said(hooks, redis, tmp_path):
    from test_describe import describe

    (mark,) = [plugin["fingerprint"] for plugin in describe(tmp_path) if plugin["key"] == "computed"]
    said = {"fingerprint": mark, "description": {"actions": [{"id": "late", "events": ["m3u_refresh"]}]}}
    redis.hset("skirret:api:plugins:described", "computed", json.dumps(said))
    assert [args[0] for _, args in hooks("dispatch_event_system('m3u_refresh')")] == [
        "computed",
        "listener",
        "listener",
    ]
    said["fingerprint"] = "of the code before"
    redis.hset("skirret:api:plugins:described", "computed", json.dumps(said))
    assert [args[0] for _, args in hooks("dispatch_event_system('m3u_refresh')")] == ["listener", "listener"]
    (tmp_path / "computed/plugin.py").unlink()  # as a folder looks that this process may not read
    assert [args[0] for _, args in hooks("dispatch_event_system('m3u_refresh')")] == [
        "computed",
        "listener",
        "listener",
    ]


def test_what_spoils_one_hook_spoils_no_other(hooks, redis, tmp_path):
    (tmp_path / "computed/plugin.py").write_text("class Plugin(:")
    redis.set("skirret:api:plugins:described", "not a hash")
    assert len(hooks("dispatch_event_system('m3u_refresh')")) == 2


def test_a_payload_is_plain_json_and_what_is_none_is_logged(hooks, inside):
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    sent = hooks(f"import datetime\ndispatch_event_system('epg_refresh', at={moment!r}, of={{'empty': []}}, zero=0)")
    assert sent[0][1][2]["payload"] == {"at": "2026-01-02T03:04:05Z", "of": {"empty": []}}
    assert hooks("dispatch_event_system('epg_refresh', broken={1, 2})") == []
    lines = [frame["message"] for frame in inside.plugin.frames.take_all("log")]
    assert any("payload.broken: a set cannot be written as JSON" in line for line in lines), lines


def test_hooks_wait_for_the_commit_and_a_rollback_calls_none(hooks):
    sent = hooks(
        """
from django.db import transaction
from core.utils import RedisClient
try:
    with transaction.atomic():
        log_system_event("epg_refresh", source_name="never")
        raise ValueError
except ValueError:
    pass
with transaction.atomic():
    log_system_event("epg_refresh", source_name="once")
    assert RedisClient.get_client().llen("celery") == 0
"""
    )
    assert [args[2]["payload"] for _, args in sent] == [{"source_name": "once"}]
