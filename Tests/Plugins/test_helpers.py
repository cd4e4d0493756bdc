"""The helper modules that plugins import: the Xtream client, locks, clients of Redis, addresses, notices."""

import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest


class XtreamServer(http.server.BaseHTTPRequestHandler):
    """Answers player_api.php as a server of that kind does."""

    answers = {
        None: {"user_info": {"username": "u", "auth": 1, "exp_date": "1900000000"}, "server_info": {"port": "80"}},
        "get_live_categories": [{"category_id": "1", "category_name": "News"}],
        "get_live_streams": [{"stream_id": 7}],
        "get_vod_info": [],
        "get_series": "<html>",
        "get_series_info": {
            "info": {"plot": ["A tale"], "releaseDate": "2019-05-01", "rating": "0"},
            "episodes": [
                [{"id": 70, "episode_num": "1", "title": "Special", "container_extension": "mkv"}],
                [
                    {
                        "id": "71",
                        "episode_num": 1,
                        "title": "Pilot",
                        "info": {"air_date": "2020-02-03", "rating": 8.123},
                    },
                    {"id": "72", "episode_num": 1, "title": "Pilot", "info": {"air_date": "2020-02-03"}},
                    "not an episode",
                ],
            ],
        },
    }

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        if query.get("password") != ["s3cret"]:
            return self.send_error(403)
        answer = self.answers[query.get("action", [None])[0]]
        data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.server.asked.append((urlsplit(self.path).path, query, self.headers["User-Agent"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def xtream():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), XtreamServer) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_xtream_client_signs_in_by_itself_and_says_what_is_wrong(xtream, inside):
    seen = inside(
        f"""
        from core.xtream_codes import Client, normalize_server_url
        address = "http://127.0.0.1:{xtream.server_port}"
        with Client(address + "/base/player_api.php?x=1", "u", "s3cret", user_agent="Test/1") as client:
            result = [client.get_live_categories()[0]["category_name"], client.get_live_category_streams(1),
                      client.get_vod_info(5), client.get_account_info()["user_info"]["exp_date"],
                      client.get_stream_url(7).removeprefix(address)]
            for ask in (client.get_series, lambda: Client(address, "u", "wrong").authenticate()):
                try:
                    ask()
                except ValueError as error:
                    result.append(str(error).replace(address, ""))
        try:
            Client("http://127.0.0.1:1", "u", "s3cret").authenticate()
        except OSError as error:
            result.append("s3cret" in str(error) or "cannot be asked" not in str(error))
        result.append(normalize_server_url(" http://x.example:80/a/get.php?u=1 "))
        """
    )
    assert seen[:5] == ["News", [{"stream_id": 7}], {}, "1900000000", "/base/live/u/s3cret/7.ts"]
    assert seen[5] == "get_series: the server's answer is an HTML page: '<html>'"
    assert seen[6] == "log-in:  answered HTTP 403"
    assert seen[7:] == [False, "http://x.example:80/a"]
    paths, queries, agents = zip(*xtream.asked, strict=True)
    assert set(paths) == {"/base/player_api.php"} and set(agents) == {"Test/1"}
    assert [query.get("action", ["log-in"])[0] for query in queries] == [
        "log-in", "get_live_categories", "get_live_streams", "get_vod_info", "get_series",
    ]  # fmt: skip
    assert queries[2]["category_id"] == ["1"]


def test_a_persistent_lock_is_freed_by_its_holder_only(redis, inside):
    seen = inside(
        """
        import threading
        from core.utils import RedisClient
        from dispatcharr.persistent_lock import PersistentLock
        redis = RedisClient.get_client()
        mine, other = (PersistentLock(redis, "lock:account:1", lock_timeout=30) for _ in range(2))
        result = [mine.acquire(), other.acquire(), mine.has_lock, other.has_lock, other.release(), mine.refresh()]
        result.append(0 < redis.ttl("lock:account:1") <= 30)
        thread = threading.Thread(target=lambda: result.append(mine.release()))
        thread.start()
        thread.join()
        result += [other.acquire(), mine.refresh(), mine.release()]
        """
    )
    assert seen == [True, False, True, False, False, True, True, True, True, False, False]


def test_django_redis_gives_the_client_behind_the_cache(redis, inside):
    redis.set("epg_content:1", "x")
    assert inside(
        """
        from django_redis import get_redis_connection
        client = get_redis_connection("default")
        keys = list(client.scan_iter(match="epg_content:*"))
        result = [client.get("epg_content:1").decode(), client.delete(*keys)]
        """
    ) == ["x", 1]


def test_the_cache_gives_back_what_was_put_in_and_holds_no_objects(redis, inside):
    assert inside(
        """
        import datetime, decimal, uuid
        from apps.channels.models import Channel
        from apps.m3u.models import M3UAccount
        from django.core.cache import cache
        from django.utils import timezone
        from django.utils.safestring import mark_safe
        now = timezone.now()
        values = [
            {1: "a", (2, "x"): {"__skirret__": [1]}}, {"a": {1, 2}, "b": frozenset("x"), "c": (1, [2])}, b"\\xff", now,
            now.date(), now.time(), now - now, datetime.timedelta(days=2, microseconds=1), decimal.Decimal("1.50"),
            uuid.uuid4(), float("inf"), [None, True, 1.5, "ü"], 7, "7", mark_safe("<b>"), M3UAccount.Status.IDLE,
        ]
        cache.set_many({str(index): value for index, value in enumerate(values)})
        back = [cache.get(str(index)) for index in range(len(values))]
        result = [back == values, [type(one).__name__ for one in back][-4:], cache.incr("12")]
        loop = []
        loop.append(loop)
        for refused in (Channel(name="x"), lambda: 1, loop):
            try:
                cache.set("refused", refused)
            except TypeError as error:
                result.append(str(error).partition(":")[0])
        """
    ) == [
        True, ["int", "str", "str", "str"], 8, "the cache holds plain values, not a Channel",
        "the cache holds plain values, not a function",
        "the cache holds no value that contains itself, or is nested that deep",
    ]  # fmt: skip


def test_small_helpers(inside):
    assert inside(
        """
        from types import SimpleNamespace
        from core.utils import *
        from dispatcharr.db.process_label import get_process_role

        def address(path="/x", scheme="http", host="tv.lan", **meta):
            request = SimpleNamespace(scheme=scheme, META=meta, get_host=lambda: host)
            return build_absolute_uri_with_port(request, path)

        @monitor_memory_usage
        def add(a, b):
            return a + b

        result = [
            address(), address(host="tv.lan:9191"), address(SERVER_PORT="9191"),
            address(HTTP_X_FORWARDED_HOST="tv.example", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_PORT="443"),
            is_protected_path("/data/uploads/a"), is_protected_path("/data/uploads2/a"), is_protected_path(None),
            resolve_safe_local_data_path("/data/logos/../../etc/passwd"), add(1, 2), get_process_role(),
        ]
        """
    ) == [
        "http://tv.lan/x", "http://tv.lan:9191/x", "http://tv.lan:9191/x", "https://tv.example/x",
        True, False, False, None, 3, "uwsgi",
    ]  # fmt: skip


def test_notices_and_settings_are_written_once(inside):
    assert inside(
        """
        from core.models import CoreSettings, StreamProfile, SystemNotification, UserAgent
        from django.core.exceptions import ValidationError

        first, made = SystemNotification.create_version_notification("1.2", "http://x.example")
        again, made_again = SystemNotification.create_version_notification("1.2")
        result = [first == again, made, made_again, again.notification_key, again.admin_only]

        CoreSettings._update_group("stream_settings", "Stream Settings", {"default_user_agent": None})
        result.append(CoreSettings.get_default_user_agent().partition("/")[0])
        agent = UserAgent.objects.create(name="Mine", user_agent="Mine/1")
        CoreSettings._update_group("stream_settings", "Stream Settings", {"default_user_agent": agent.pk})
        result.append(CoreSettings.get_default_user_agent())
        result.append(CoreSettings.set_dvr_comskip_custom_path(" /x ") == CoreSettings.get_dvr_comskip_custom_path())

        locked = StreamProfile.objects.create(name="Locked", command="ffmpeg", locked=True)
        result.append(StreamProfile.update(locked.pk, user_agent=agent).user_agent == agent)
        try:
            StreamProfile.update(locked.pk, command="other")
        except ValidationError as error:
            result.append(error.message)
        """
    ) == [
        True, True, False, "version-1.2", True, "Dispatcharr", "Mine/1", True, True,
        "Cannot modify command of a locked profile.",
    ]  # fmt: skip


def test_the_manager_knows_this_plugin_as_it_is_now(inside):
    assert inside(
        """
        from apps.plugins.loader import PluginManager
        from apps.plugins.models import PluginConfig
        PluginConfig.objects.update_or_create(key="my_plugin", defaults={"name": "My", "enabled": False})
        manager = PluginManager.get()
        mine = manager.get_plugin("my_plugin")
        result = [mine.name, mine.loaded, mine.folder_name, mine.instance, [action["id"] for action in mine.actions],
                  manager.update_settings("my_plugin", {"limit": 2}), manager.get_plugin("nobody")]
        PluginConfig.objects.filter(key="my_plugin").delete()
        """
    ) == ["My Plugin", False, "my_plugin", None, ["do_work"], {"limit": 2}, None]


def test_the_episodes_of_a_series_are_fetched_and_stored_once(xtream, inside):
    code = """
        from apps.m3u.models import M3UAccount
        from apps.vod.models import Episode, M3USeriesRelation, Series
        from apps.vod.tasks import refresh_series_episodes

        account, _ = M3UAccount.objects.get_or_create(
            name="Episodes", account_type="XC", defaults={"server_url": ADDRESS, "username": "u", "password": "s3cret"}
        )
        series, _ = Series.objects.get_or_create(name="Told", tmdb_id="told")
        relation, _ = M3USeriesRelation.objects.get_or_create(
            m3u_account=account, series=series, external_series_id="9"
        )
        refresh_series_episodes(account, series, "9")
        relation.refresh_from_db()
        series.refresh_from_db()
        episodes = Episode.objects.filter(series=series)
        result = [
            [str(one) for one in episodes], [one.m3u_relations.count() for one in episodes],
            str(episodes[1].air_date), series.year, series.description, relation.custom_properties["episodes_fetched"],
            [str(one.uuid) for one in episodes],
            episodes[0].m3u_relations.first().get_stream_url().removeprefix(ADDRESS),
        ]
        """.replace("ADDRESS", repr(f"http://127.0.0.1:{xtream.server_port}"))
    first = inside(code)
    assert first[0] == ["Told S00E01 Special", "Told S01E01 Pilot"] and first[1] == [1, 2]
    assert first[2:6] == ["2020-02-03", 2019, "A tale", True]
    assert first[7] == "/series/u/s3cret/70.mkv"
    assert inside(code) == first, "a second time changes nothing, the identities least"
