"""What follows when a plugin saves rows: schedules, tasks, and rows that belong to them."""

import json
from datetime import datetime, timezone

REFRESH_GROUPS = "apps.m3u.tasks.refresh_m3u_groups"
PARSE = "apps.epg.tasks.parse_programs_for_tvg_id"


def test_what_follows_expires_where_no_worker_knows_it(inside, redis):
    inside(
        """
        from apps.m3u.models import M3UAccount
        M3UAccount.objects.create(name="Expires")
        """
    )
    headers = json.loads(redis.rpop("celery"))["headers"]
    assert headers["task"] == REFRESH_GROUPS
    left = datetime.fromisoformat(headers["expires"]) - datetime.now(timezone.utc)
    assert 1700 < left.total_seconds() <= 1800


def test_a_new_account_fetches_its_groups_once_it_is_committed(inside, enqueued):
    number = inside(
        """
        from apps.m3u.models import M3UAccount
        from django.db import transaction
        from core.utils import RedisClient

        with transaction.atomic():
            account = M3UAccount.objects.create(name="Signals")
            waiting = RedisClient.get_client().llen("celery")
        try:
            with transaction.atomic():
                M3UAccount.objects.create(name="Never")
                raise ValueError
        except ValueError:
            pass
        M3UAccount.objects.create(name="Signals XC", account_type="XC")
        result = [account.pk, waiting, M3UAccount.objects.filter(name="Never").exists()]
        """
    )
    assert number[1:] == [0, False]
    assert enqueued() == [(REFRESH_GROUPS, [number[0]])]


def test_an_xtream_profile_takes_its_end_from_the_server(inside):
    seen = inside(
        """
        from apps.m3u.models import M3UAccount
        profile = M3UAccount.objects.create(name="Ends", account_type="XC").profiles.get()
        about = {"exp_date": "1900000000", "status": "Active", "max_connections": "2"}
        profile.custom_properties = {"user_info": about}
        profile.save(update_fields=["custom_properties"])
        profile.refresh_from_db()
        by_hand = M3UAccount.objects.create(name="By hand").profiles.get()
        by_hand.custom_properties = profile.custom_properties
        by_hand.save()
        result = [profile.exp_date.isoformat(), profile.get_account_status(), profile.get_max_connections(),
                  by_hand.exp_date]
        """
    )
    assert seen == ["2030-03-17T17:46:40+00:00", "Active", "2", None]


def test_guide_sources_are_fetched_switched_and_removed(inside, enqueued, tmp_path):
    seen = inside(
        f"""
        import os
        from apps.epg.models import EPGData, EPGSource
        file = {str(tmp_path / "cached.xml")!r}
        open(file, "w").close()
        source = EPGSource.objects.create(name="Signals", source_type="xmltv", file_path=file)
        EPGSource.objects.create(name="Off", source_type="xmltv", is_active=False)
        dummy = EPGSource.objects.create(name="My Dummy-Guide!", source_type="dummy")
        source.is_active = False
        source.save()
        result = [source.pk, source.status, list(dummy.epgs.values_list("tvg_id", "name"))]
        source.delete()
        result.append(os.path.exists(file))
        """
    )
    number, *rest = seen
    assert rest == ["disabled", [["dummy_my_dummy_guide", "My Dummy-Guide!"]], False]
    assert enqueued() == [("apps.epg.tasks.refresh_epg_data", [number])]
    (update,) = inside.plugin.frames.take_all("update")
    assert update["data"]["type"] == "epg_data_created" and update["data"]["source_name"] == "My Dummy-Guide!"


def test_a_channel_that_is_mapped_fetches_its_programmes(inside, enqueued):
    first, second = inside(
        """
        from apps.channels.models import Channel, ChannelOverride
        from apps.epg.models import EPGData, EPGSource
        source = EPGSource.objects.create(name="Mapped", source_type="xmltv", is_active=False)
        dummy = EPGSource.objects.create(name="Mapped dummy", source_type="dummy")
        first, second = (EPGData.objects.create(tvg_id=name, name=name, epg_source=source) for name in ("a", "b"))
        channel = Channel.objects.create(name="Mapped")
        channel.epg_data = first
        channel.save()
        channel.save()
        channel.name = "Renamed"
        channel.save(update_fields=["name"])
        override = ChannelOverride.objects.create(channel=channel, epg_data=second)
        assert override.has_any_override()
        override.save()
        Channel.objects.filter(pk=channel.pk).update(epg_data=second)
        channel.epg_data = dummy.epgs.get()
        channel.save()
        result = [first.pk, second.pk]
        """
    )
    assert enqueued() == [(PARSE, [first]), (PARSE, [second])]


def test_a_recording_is_scheduled_moved_and_removed(inside, enqueued):
    seen = inside(
        """
        from datetime import timedelta
        from apps.channels.models import Channel, Recording
        from django.utils import timezone
        from django_celery_beat.models import ClockedSchedule, PeriodicTask

        channel = Channel.objects.create(name="Recorded")
        start = timezone.now().replace(microsecond=0) + timedelta(days=1)
        recording = Recording.objects.create(channel=channel, start_time=start, end_time=start + timedelta(hours=1))
        row = PeriodicTask.objects.get(name=recording.task_id)
        result = [recording.pk, row.name, row.task, row.args, row.one_off, row.clocked.clocked_time == start]
        recording.start_time += timedelta(minutes=5)
        recording.save()
        row = PeriodicTask.objects.get(name=recording.task_id)
        result.append(row.clocked.clocked_time == recording.start_time)
        result.append(ClockedSchedule.objects.filter(clocked_time=start).count())
        gone = start - timedelta(days=3)
        past = Recording.objects.create(channel=channel, start_time=gone, end_time=gone + timedelta(hours=1))
        result.append(past.task_id)
        recording.delete()
        result.append(PeriodicTask.objects.filter(name=row.name).count())
        """
    )
    number, name, task, args, *rest = seen
    assert (name, task) == (f"dvr-recording-{number}", "apps.channels.tasks.run_recording")
    assert json.loads(args)[0] == number and rest == [True, True, True, 0, None, 0]


def test_schedules_by_the_clock_follow_the_systems_time_zone(inside):
    assert inside(
        """
        from core.models import CoreSettings
        from core.scheduling import create_or_update_periodic_task
        from django_celery_beat.models import CrontabSchedule, PeriodicTasks

        CoreSettings.set_system_time_zone("UTC")
        task = create_or_update_periodic_task("zoned", "a.b", cron_expression="0 4 * * *")
        own = CrontabSchedule.objects.create(hour="5", timezone="Asia/Tokyo")
        changed = PeriodicTasks.last_change()
        CoreSettings.set_system_time_zone("Europe/Berlin")
        task.crontab.refresh_from_db()
        own.refresh_from_db()
        result = [str(task.crontab.timezone), str(own.timezone), PeriodicTasks.last_change() > changed]
        CoreSettings.set_system_time_zone("UTC")
        task.crontab.refresh_from_db()
        result.append(str(task.crontab.timezone))
        """
    ) == ["Europe/Berlin", "Asia/Tokyo", True, "UTC"]


def test_events_run_the_actions_that_listen(inside, enqueued, make_plugin, redis):
    inside(
        """
        from apps.channels.models import Channel, Stream
        from apps.m3u.models import M3UAccount
        from apps.plugins.models import PluginConfig
        from core.utils import RedisClient, log_system_event

        PluginConfig.objects.update_or_create(key="listener", defaults={"name": "listener", "enabled": True})
        account = M3UAccount.objects.create(name="Events", account_type="XC")
        channel = Channel.objects.create(name="Heard")
        stream = Stream.objects.create(name="S", url="http://origin.example/s", m3u_account=account)
        redis = RedisClient.get_client()
        redis.set(f"channel_stream:{channel.pk}", stream.pk)
        redis.set(f"stream_profile:{stream.pk}", account.profiles.get().pk)
        log_system_event("channel_start", channel_id=channel.uuid, viewers=3, errors=0)
        log_system_event("nobody_listens")
        """,
    )
    assert enqueued() == []
    listener = inside.plugin.server.spawn(make_plugin("listener", LISTENER), key="listener")
    result = listener.run("log")
    (task, args) = enqueued().pop()
    assert task == "skirret.plugins.run_action" and args[:2] == ["listener", "heard"]
    assert args[2] == {
        "event": "channel_start",
        "payload": {
            "viewers": 3, "channel_name": "Heard", "stream_name": "S", "stream_url": "http://origin.example/s",
            "channel_url": "http://origin.example/s", "provider_name": "Events", "profile_used": "Events Default",
        },
    }  # fmt: skip
    assert result["kept"] == 2


def test_transactions_that_read_and_then_write_wait_for_each_other(server, make_plugin):
    source = """
        from core.models import CoreSettings
        from django.db import transaction

        class Plugin:
            def run(self, action, params, context):
                for _ in range(40):
                    with transaction.atomic():
                        rows = CoreSettings.objects.select_for_update()
                        row, _ = rows.get_or_create(key="count", defaults={"value": {"n": 0}})
                        row.value = {"n": row.value["n"] + 1}
                        row.save()
                return row.value
    """
    plugins = [server.spawn(make_plugin(name, source)) for name in ("one", "two")]
    calls = [plugin.call("run", action="count") for plugin in plugins for _ in range(2)]
    answers = [plugin.answer(number) for plugin, number in zip([plugins[0]] * 2 + [plugins[1]] * 2, calls, strict=True)]
    assert [answer.get("error") for answer in answers] == [None] * 4
    assert max(answer["result"]["n"] for answer in answers) == 160, "no increment is lost"


def test_an_action_dispatches_another_as_a_task(inside, enqueued, redis):
    inside("""result = context["dispatch_task"]("slow", {"n": 1})""")
    assert json.loads(redis.lindex("celery", 0))["headers"]["timelimit"] == [3600, None]
    assert enqueued() == [("skirret.plugins.run_action", ["runner", "slow", {"n": 1}, {}])]


LISTENER = """
    import os
    os.environ["DISPATCHARR_PLUGINS_DIR"] = os.path.dirname(os.path.dirname(__file__))

    class Plugin:
        @property
        def actions(self):
            return [{"id": "log"}, {"id": "heard", "events": ["channel_start"]}]

        def run(self, action, params, context):
            from apps.channels.models import Channel
            from core.models import SystemEvent
            from core.utils import log_system_event

            channel = Channel.objects.get(name="Heard")
            log_system_event("channel_start", channel_id=channel.uuid, viewers=3, errors=0)
            return {"kept": SystemEvent.objects.filter(channel_id=channel.uuid).count()}
"""
