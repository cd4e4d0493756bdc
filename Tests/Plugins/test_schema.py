"""The schema that Swift migrates and the models that plugins use are the same tables.

SKIRRET_TEST_DATABASE names a file that Swift has just migrated, for example by

    SKIRRET_MAKE_DATABASE=/tmp/made.db swift test --filter OpeningTests

Every test works on a copy of it. Without the variable everything here is skipped.
"""

import os
import re
import sqlite3
import sys
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATABASE = os.environ.get("SKIRRET_TEST_DATABASE")

if not DATABASE:
    print("test_schema.py skipped: SKIRRET_TEST_DATABASE names no database")
    pytest.skip("SKIRRET_TEST_DATABASE names no database that Swift has migrated", allow_module_level=True)

sys.path.insert(0, str(ROOT / "Sources/PluginRuntime/Python"))

APPS = ["accounts", "channels", "m3u", "epg", "vod", "plugins", "connect", "dashboard", "hdhr"]


@pytest.fixture(scope="module", autouse=True)
def django_on_a_copy(tmp_path_factory):
    copy = tmp_path_factory.mktemp("catalog") / "skirret.db"
    with sqlite3.connect(DATABASE) as made, sqlite3.connect(copy) as mine:
        made.backup(mine)

    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="only for tests",
        USE_TZ=True,
        TIME_ZONE="UTC",
        MEDIA_ROOT=str(copy.parent),
        AUTH_USER_MODEL="accounts.User",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_celery_beat", "core"]
        + [f"apps.{name}" for name in APPS],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(copy),
                "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 10},
            }
        },
    )
    django.setup()
    yield
    from django.db import connections

    connections.close_all()


def models():
    from django.apps import apps

    return [model for model in apps.get_models(include_auto_created=True) if not model._meta.swapped]


def squeezed(sql):
    return re.sub(r"\s+", "", sql or "").rstrip(";")


def test_there_are_models_for_every_table():
    from django.db import connection

    mine = {model._meta.db_table for model in models()}
    tables = {name for name in connection.introspection.table_names() if not name.startswith(("grdb_", "ledger", "fetched_file", "direct_token"))}
    assert tables - mine == {"django_migrations"}
    assert mine - tables == set()


def test_every_column_is_what_django_would_make():
    """The statements that Django's schema editor would run, against those that made the file."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        made = {squeezed(row[0]) for row in cursor.fetchall()}
    managed = {model: model._meta.managed for model in models()}
    try:
        for model in managed:
            model._meta.managed = True
        with connection.constraint_checks_disabled():
            editor = connection.schema_editor(collect_sql=True, atomic=False)
            with editor:
                for model in managed:
                    if not model._meta.auto_created:
                        editor.create_model(model)
            statements = [str(sql) for sql in editor.collected_sql]
    finally:
        for model, value in managed.items():
            model._meta.managed = value
    missing = [sql for sql in statements if sql.startswith("CREATE") and squeezed(sql) not in made]
    assert missing == []


def test_every_column_can_be_read():
    from django.db import connection

    for model in models():
        with connection.cursor() as cursor:
            description = connection.introspection.get_table_description(cursor, model._meta.db_table)
        columns = {column.name: column for column in description}
        fields = {field.column: field for field in model._meta.concrete_fields}
        assert set(columns) == set(fields), model
        for name, field in fields.items():
            assert columns[name].null_ok == field.null or field.primary_key, (model, name)
        list(model._default_manager.all()[:50])


def test_there_is_nothing_to_migrate():
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_the_seed_rows_are_there():
    from apps.m3u.models import M3UAccount
    from apps.plugins.models import PluginRepo
    from core.models import SETTINGS_GROUPS, CoreSettings, OutputProfile, StreamProfile, UserAgent

    assert [agent.name for agent in UserAgent.objects.order_by("pk")] == ["TiviMate", "VLC", "Chrome"]
    profiles = list(StreamProfile.objects.order_by("pk"))
    assert [profile.name for profile in profiles] == ["ffmpeg", "streamlink", "Proxy", "Redirect", "VLC"]
    assert all(profile.locked for profile in profiles)
    assert OutputProfile.objects.filter(locked=True).count() == 2
    assert M3UAccount.get_custom_account().pk == 1
    assert PluginRepo.objects.get().is_official
    for key, (name, defaults) in SETTINGS_GROUPS.items():
        row = CoreSettings.objects.get(key=key)
        assert row.name == name
        assert set(row.value) == set(defaults)
    assert CoreSettings.get_m3u_hash_key() == "url"
    assert CoreSettings.get_system_time_zone() == "UTC"
    assert CoreSettings.get_preferred_region() == "us"


def test_what_swift_wrote_is_what_django_reads():
    from apps.channels.models import ChannelGroupM3UAccount, Stream
    from apps.epg.models import EPGData, EPGSource
    from apps.m3u.models import M3UAccount
    from apps.plugins.models import PluginConfig

    plugin = PluginConfig.objects.filter(key="from_swift").first()
    if plugin is None:
        pytest.skip("the file holds only the seed rows, not those of the Swift test")
    assert (plugin.name, plugin.version, plugin.enabled) == ("Größe 東京", "1.2", False)
    assert plugin.settings == {"limit": 3, "ratio": 1.0, "words": ["ä"]}
    assert isinstance(plugin.settings["ratio"], float)
    assert plugin.created_at.tzinfo is not None
    assert abs(datetime.now(timezone.utc) - plugin.created_at) < timedelta(days=1)

    account = M3UAccount.objects.get(name="From Swift")
    assert account.refresh_task.name == f"m3u_account-refresh-{account.pk}"
    assert account.refresh_task.kwargs == f'{{"account_id": {account.pk}}}'
    assert (account.refresh_task.interval.every, account.refresh_task.interval.period) == (6, "hours")
    assert account.profiles.get().is_default

    stream = Stream.objects.get(m3u_account=account)
    assert (stream.name, stream.stream_chno, stream.custom_properties) == ("Ночной", 7.5, {"tvg-id": "n.1"})
    assert stream.last_seen == datetime.fromtimestamp(1_800_000_000.25, timezone.utc)
    assert Stream.objects.filter(last_seen=stream.last_seen).exists()
    assert ChannelGroupM3UAccount.objects.get(m3u_account=account).channel_group.name == "News"

    source = EPGSource.objects.get(name="Guide from Swift")
    crontab = source.refresh_task.crontab
    assert (crontab.minute, crontab.hour, crontab.day_of_week, str(crontab.timezone)) == ("30", "4", "1-5", "UTC")
    assert EPGData.objects.get(epg_source=source).tvg_id == "n.1"


def test_whole_seconds_compare_equal_whoever_wrote_them():
    from apps.epg.models import EPGData, ProgramData

    guide = EPGData.objects.create(tvg_id="t", name="T")
    start = datetime(2026, 3, 1, 18, 5, tzinfo=timezone.utc)
    programme = ProgramData.objects.create(
        epg=guide, start_time=start, end_time=start + timedelta(hours=1), title="T", custom_properties={"season": 1}
    )
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT start_time || '' FROM epg_programdata WHERE id = %s", [programme.pk])
        assert cursor.fetchone()[0] == "2026-03-01 18:05:00"
    assert ProgramData.objects.filter(start_time__lte=start, custom_properties__season=1).get() == programme
    guide.delete()
    assert not ProgramData.objects.filter(pk=programme.pk).exists()


def test_channels_streams_profiles_and_overrides():
    from apps.channels.models import (
        Channel,
        ChannelGroup,
        ChannelOverride,
        ChannelProfile,
        ChannelProfileMembership,
        ChannelStream,
        Logo,
        Stream,
    )

    group, _ = ChannelGroup.objects.get_or_create(name="Python")
    number = Channel.get_next_available_channel_number(500)
    channel = Channel.objects.create(name="One", channel_number=number, channel_group=group)
    assert isinstance(channel.uuid, uuid.UUID)
    assert Channel.get_next_available_channel_number(500) == number + 1
    stream = Stream.objects.create(
        name="By hand", url="http://example.net/x", tvg_id="one.tv", is_catchup=True, catchup_days=3
    )
    stream.refresh_from_db()
    assert stream.is_custom and stream.m3u_account.name == "custom"
    channel.streams.add(stream, through_defaults={"order": 1})
    channel.refresh_from_db()
    assert channel.tvg_id == "one.tv"
    link = ChannelStream.objects.get(channel=channel)
    link.save()
    channel.refresh_from_db()
    assert (channel.is_catchup, channel.catchup_days) == (True, 3)

    profile = ChannelProfile.objects.create(name="Everything")
    shown = ChannelProfileMembership.objects.filter(channel_profile=profile, enabled=True)
    assert shown.count() == Channel.objects.count()

    logo = Logo.objects.create(name="L", url="http://example.net/l.png")
    ChannelOverride.objects.create(channel=channel, name="Shown", logo=logo)
    effective = Channel.objects.with_effective_values(select_related_fks=True).get(pk=channel.pk)
    assert (effective.effective_name, effective.effective_channel_number) == ("Shown", number)
    assert effective.effective_logo_obj == logo
    assert effective.effective_channel_group_obj == group
    assert channel.get_stream_profile().name == "ffmpeg"

    Channel.objects.filter(pk=channel.pk).delete()
    assert not ChannelStream.objects.filter(pk=link.pk).exists()


def test_bulk_create_and_fetch_returns_old_and_new_rows():
    from apps.channels.models import ChannelGroup
    from apps.vod.models import VODCategory, VODLogo

    old = ChannelGroup.objects.create(name="old")
    rows = ChannelGroup.objects.bulk_create_and_fetch([ChannelGroup(name="old"), ChannelGroup(name="new")])
    assert {row.name for row in rows} == {"old", "new"} and old in rows
    logos = VODLogo.objects.bulk_create_and_fetch([VODLogo(name="a", url="http://example.net/a")])
    assert logos[0].pk
    both = [VODCategory(name="Drama", category_type="movie"), VODCategory(name="Drama", category_type="series")]
    assert len(VODCategory.objects.bulk_create_and_fetch(both)) == 2
    assert len(VODCategory.objects.bulk_create_and_fetch(both[:1])) == 1


def test_an_account_made_in_python_has_its_profile_and_its_schedule():
    from django_celery_beat.models import PeriodicTask

    from apps.m3u.models import M3UAccount

    pytest.importorskip("core.scheduling")
    account = M3UAccount.objects.create(name="By Python", max_streams=2, refresh_interval=3)
    profile = account.profiles.get()
    assert (profile.name, profile.is_default, profile.max_streams) == ("By Python Default", True, 2)
    assert (profile.search_pattern, profile.replace_pattern) == ("^(.*)$", "$1")
    task = PeriodicTask.objects.get(name=f"m3u_account-refresh-{account.pk}")
    assert task.enabled and task.interval.every == 3
    account.is_active = False
    account.save()
    task.refresh_from_db()
    assert account.status == "disabled" and not task.enabled
    assert account.get_user_agent().name == "TiviMate"
    account.delete()
    assert not PeriodicTask.objects.filter(pk=task.pk).exists()


def test_hash_keys_are_those_of_the_playlist_refresh():
    import hashlib

    from apps.channels.models import Stream

    def digest(text):
        return hashlib.sha256(text.encode()).hexdigest()

    assert Stream.generate_hash_key("n", "http://u", "t") == digest('{"url": "http://u"}')
    assert Stream.generate_hash_key("é", "u", None, ["name", "tvg_id", "m3u_id"], m3u_id=7) == digest(
        '{"m3u_id": 7, "name": "\\u00e9", "tvg_id": null}'
    )
    assert Stream.generate_hash_key("n", "u", "t", ["url"], m3u_id=7, account_type="XC", stream_id=42) == digest(
        '{"m3u_id": 7, "url": 42}'
    )
    assert Stream.generate_hash_key("n", "u", "t", ["nonsense"]) == digest('{"url": "u"}')


def test_profiles_build_commands_and_locked_ones_stay():
    from django.core.exceptions import ValidationError

    from core.models import StreamProfile

    ffmpeg = StreamProfile.objects.get(name="ffmpeg")
    command = ffmpeg.build_command("http://u?a=b c", "Agent 1")
    assert command[:5] == ["ffmpeg", "-user_agent", "Agent 1", "-i", "http://u?a=b c"]
    assert StreamProfile.objects.get(name="Proxy").build_command("u", "a") == []
    with pytest.raises(ValidationError, match="locked and cannot be deleted"):
        ffmpeg.delete()
    ffmpeg.command = "other"
    with pytest.raises(ValidationError):
        ffmpeg.save()


def test_vod_constraints_and_urls():
    from django.db import IntegrityError, transaction

    from apps.m3u.models import M3UAccount
    from apps.vod.models import Episode, M3UEpisodeRelation, M3UMovieRelation, Movie, Series

    movie = Movie.objects.create(name="Film", year=2020)
    with pytest.raises(IntegrityError), transaction.atomic():
        Movie.objects.create(name="Film", year=2020)
    Movie.objects.create(name="Film", year=2020, tmdb_id="1")
    account = M3UAccount.objects.create(
        name="XC", account_type="XC", server_url="http://x.example/", username="u", password="p"
    )
    relation = M3UMovieRelation.objects.create(
        m3u_account=account, movie=movie, stream_id="5", container_extension="mkv"
    )
    assert relation.get_stream_url() == "http://x.example/movie/u/p/5.mkv"
    series = Series.objects.create(name="S")
    episode = Episode.objects.create(name="E", series=series, season_number=1, episode_number=2)
    relation = M3UEpisodeRelation.objects.create(m3u_account=account, episode=episode, stream_id="6")
    assert relation.get_stream_url() == "http://x.example/series/u/p/6.mp4"
    assert list(Episode.objects.all()) == [episode]


def test_users_and_settings():
    from django.contrib.auth import authenticate, get_user_model

    from core.models import CoreSettings

    user = get_user_model().objects.create_superuser("boss", password="secret phrase")
    assert authenticate(username="boss", password="secret phrase") == user
    assert user.user_level == 10 and user.custom_properties == {}
    CoreSettings._update_group("dvr_settings", "DVR Settings", {"pre_offset_minutes": "4"})
    assert CoreSettings.get_dvr_pre_offset_minutes() == 4
    assert CoreSettings.get_dvr_comskip_mode() == "cut"
    CoreSettings._update_group("my_plugin", "Mine", {"a": 1})
    assert CoreSettings._update_group("my_plugin", "Mine", {"b": 2}) == {"a": 1, "b": 2}
