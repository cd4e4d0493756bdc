"""What plugins see of a streaming proxy, and ask of it: the keys of a real one, written here as it writes them."""

import json
import time

import pytest

CHANNEL = "6f1c2a50-0000-4000-8000-000000000001"


@pytest.fixture
def playing(redis):
    """A channel with a viewer, and one more in the set that is gone."""
    now = time.time()
    redis.hset(
        f"live:channel:{CHANNEL}:metadata",
        mapping={
            "state": "active", "url": "http://origin.example/1.ts", "init_time": str(now - 100), "owner": "host:7",
            "channel_name": "News", "stream_id": "5", "m3u_profile": "2", "total_bytes": str(25_000_000),
            "video_codec": "h264", "source_fps": "50.0", "logo_id": "unknown", "state_changed_at": str(now - 90),
        },
    )  # fmt: skip
    redis.set(f"live:channel:{CHANNEL}:input:buffer:index", 42)
    redis.sadd(f"live:channel:{CHANNEL}:clients", "viewer", "gone")
    redis.hset(
        f"live:channel:{CHANNEL}:clients:viewer",
        mapping={"user_agent": "TiviMate", "ip_address": "192.0.2.7", "connected_at": str(now - 60), "bytes_sent": "9"},
    )
    return redis


def test_the_status_of_a_channel_is_read_from_the_proxys_keys(playing, inside):
    basic, detailed, nothing, stats = inside(
        f"""
        from apps.proxy.live_proxy.channel_status import ChannelStatus, build_live_channel_stats_data
        from core.utils import RedisClient
        result = [
            ChannelStatus.get_basic_channel_info("{CHANNEL}"), ChannelStatus.get_detailed_channel_info("{CHANNEL}"),
            ChannelStatus.get_basic_channel_info("other"), build_live_channel_stats_data(RedisClient.get_buffer()),
        ]
        """
    )
    assert nothing is None
    assert (basic["state"], basic["owner"], basic["buffer_index"]) == ("active", "host:7", 42)
    assert (basic["stream_id"], basic["m3u_profile_id"], basic["source_fps"]) == (5, 2, 50.0)
    assert "logo_id" not in basic, "a field that cannot be read is left out"
    assert 99 < basic["uptime"] < 110 and basic["avg_bitrate"].startswith(("1.9", "2.0"))
    assert [client["client_id"] for client in basic["clients"]] == ["viewer"] and basic["client_count"] == 1
    assert playing.smembers(f"live:channel:{CHANNEL}:clients") == {b"viewer"}
    assert detailed["total_data"] == "23.84 MB" and 89 < detailed["state_duration"] < 100
    assert detailed["clients"][0]["bytes_sent"] == 9
    assert [channel["channel_id"] for channel in stats["channels"]] == [CHANNEL] and stats["count"] == 1


def test_a_stop_is_published_and_stays_for_who_was_busy(playing, inside):
    with playing.pubsub(ignore_subscribe_messages=True) as topic:
        topic.subscribe(f"live:events:{CHANNEL}")
        topic.get_message(timeout=5)
        stopped, unknown, active = inside(
            f"""
            from apps.proxy.live_proxy.services.channel_service import ChannelService
            result = [ChannelService.stop_channel("{CHANNEL}"), ChannelService.stop_channel("other"),
                      ChannelService.is_channel_teardown_active("{CHANNEL}")]
            ChannelService.stop_channels(["{CHANNEL}", None, "other"])
            """
        )
        event = json.loads(topic.get_message(timeout=5)["data"])
    assert (stopped["status"], stopped["previous_state"], stopped["listeners"]) == ("success", {"state": "active"}, 1)
    assert unknown == {"status": "error", "message": "Channel not found"} and active
    assert (event["event"], event["channel_id"]) == ("channel_stop", CHANNEL)
    assert playing.hget(f"live:channel:{CHANNEL}:metadata", "state") == b"stopping"
    assert 0 < playing.ttl(f"live:channel:{CHANNEL}:stopping") <= 60


def test_viewers_are_cut_and_sources_switched(playing, inside):
    client, switched, started = inside(
        f"""
        from apps.channels.models import Stream
        from apps.proxy.live_proxy.server import ProxyServer
        from apps.proxy.live_proxy.services.channel_service import ChannelService
        stream = Stream.objects.create(name="Backup", url="http://origin.example/2.ts")
        result = [ChannelService.stop_client("{CHANNEL}", "viewer"),
                  ChannelService.change_stream_url("{CHANNEL}", target_stream_id=stream.pk)]
        try:
            ProxyServer.get_instance().initialize_channel("http://origin.example", "{CHANNEL}")
        except NotImplementedError as error:
            result.append(str(error))
        """
    )
    assert client["stop_key_set"] and playing.exists(f"live:channel:{CHANNEL}:client:viewer:stop")
    assert switched["url"] == "http://origin.example/2.ts"
    assert "streams nothing" in started


def test_connections_of_accounts_are_counted_with_the_proxies(redis, inside):
    seen = inside(
        """
        from apps.channels.models import Channel, ChannelStream, Stream
        from apps.m3u import connection_pool as pool
        from apps.m3u.models import M3UAccount, ServerGroup
        from core.utils import RedisClient

        redis = RedisClient.get_client()
        group = ServerGroup.objects.create(name="Shared")
        login = {"account_type": "XC", "username": "U ", "password": "p", "max_streams": 1, "server_group": group}
        one, two = (M3UAccount.objects.create(name=name, **login).profiles.get() for name in ("pool 1", "pool 2"))
        channel = Channel.objects.create(name="Pool")
        stream = Stream.objects.create(name="Pool", url="http://x.example/live/u/p/1.ts", m3u_account=one.m3u_account)
        ChannelStream.objects.create(channel=channel, stream=stream)

        result = [channel.get_stream() == (stream.pk, one.pk, None, True), channel.get_stream()[3]]
        result += [pool.get_profile_connection_count(one, redis), pool.pool_has_capacity_for_profile(two, redis)]
        result += [pool.reserve_profile_slot(two, redis), pool.get_profile_connection_count(two, redis)]
        result += [channel.update_stream_profile(two.pk), pool.get_profile_connection_count(two, redis)]
        result += [channel.release_stream(), channel.release_stream()]
        result += [pool.pool_has_capacity_for_profile(one, redis), pool.get_credential_connection_count(one, redis)]
        """
    )
    assert seen == [True, False, 1, False, [False, 0, "credential_full"], 0, True, 1, True, False, True, 0]


def test_a_shared_login_is_counted_down_once_for_each_connection_of_a_profile(inside):
    assert inside(
        """
        from apps.m3u import connection_pool as pool
        from apps.m3u.models import M3UAccount, ServerGroup
        group = ServerGroup.objects.create(name="Of one profile")
        account = M3UAccount.objects.create(
            name="pool 3", account_type="XC", username="u", password="p", max_streams=2, server_group=group)
        profile = account.profiles.get()
        counted = lambda: pool.get_credential_connection_count(profile)
        result = [pool.reserve_profile_slot(profile)[0], pool.reserve_profile_slot(profile)[0], counted()]
        for _ in range(3):
            pool.release_profile_slot(profile.pk)
            result.append(counted())
        """
    ) == [True, True, 2, 1, 0, 0]


def test_film_connections_are_read_and_forgotten_when_idle(redis, inside):
    now = time.time()
    for session, watched in (("idle", 0), ("busy", 1)):
        redis.hset(
            f"vod_persistent_connection:{session}",
            mapping={
                "session_id": session, "stream_url": "http://x.example/movie/u/p/1.mkv", "headers": '{"a": "b"}',
                "m3u_profile_id": "77", "active_streams": watched, "last_activity": str(now - 4000),
                "content_name": "Film", "content_length": "", "bytes_sent": "12",
            },
        )  # fmt: skip
    redis.set("profile_connections:77", 2)
    seen = inside(
        """
        from apps.proxy.vod_proxy.multi_worker_connection_manager import (
            MultiWorkerVODConnectionManager, RedisBackedVODConnection,
        )
        manager = MultiWorkerVODConnectionManager.get_instance()
        busy = RedisBackedVODConnection("busy", manager.redis_client)
        state = busy._get_connection_state()
        result = [state.headers, state.m3u_profile_id, state.content_length, state.bytes_sent, state.active_streams]
        result += [manager.cleanup_stale_persistent_connections(), manager.get_session_info("idle")]
        assert busy._acquire_lock() and not busy._acquire_lock()
        state.active_streams = 0
        busy._save_connection_state(state)
        busy._release_lock()
        result += [manager.get_session_info("busy")["content_name"], manager.cleanup_persistent_connection("busy")]
        """
    )
    assert seen == [{"a": "b"}, 77, None, 12, 1, 1, {}, "Film", True]
    assert redis.get("profile_connections:77") == b"0" and not redis.keys("vod_*")


def test_the_older_names_of_the_proxy_say_what_they_are_called_now(server, make_plugin):
    plugin = server.spawn(make_plugin("old", "from apps.proxy.ts_proxy.server import ProxyServer\n"))
    assert "apps.proxy.live_proxy" in plugin.fail("go")["message"]


def test_the_proxys_settings_have_their_older_place(inside):
    assert inside(
        """
        from apps.proxy.config import BaseConfig, TSConfig
        from core.models import CoreSettings
        result = [TSConfig.get_buffering_timeout(), TSConfig.FAILOVER_GRACE_PERIOD]
        CoreSettings._update_group("proxy_settings", "Proxy Settings", {"buffering_timeout": 7})
        result += [BaseConfig.get_buffering_timeout(), BaseConfig.get_proxy_settings()["redis_chunk_ttl"]]
        CoreSettings.objects.filter(key="proxy_settings").delete()
        """
    ) == [15, 20, 7, 60]
