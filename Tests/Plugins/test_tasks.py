"""Dispatcharr's tasks: each has its name and arguments, is enqueued as Celery does it, and waits when called."""

import base64
import json

import pytest

#: Name and signature of every task that Dispatcharr 0.29 registers and that can be asked for from outside.
TASKS = """
    apps.m3u.tasks.refresh_m3u_accounts()
    apps.m3u.tasks.refresh_single_m3u_account(account_id)
    apps.m3u.tasks.refresh_m3u_groups(account_id, use_cache=False, full_refresh=False, scan_start_time=None)
    apps.m3u.tasks.sync_auto_channels(account_id, scan_start_time=None)
    apps.m3u.tasks.refresh_account_profiles(account_id)
    apps.m3u.tasks.refresh_account_info(profile_id)
    apps.m3u.tasks.check_account_expirations()
    apps.epg.tasks.refresh_all_epg_data()
    apps.epg.tasks.refresh_epg_data(source_id, force=False, _file_defer_retry=0)
    apps.epg.tasks.parse_programs_for_tvg_id(epg_id, force=False, _defer_retry=0)
    apps.epg.tasks.build_programme_index_task(source_id)
    apps.epg.tasks.fetch_schedules_direct_stations(source_id)
    apps.epg.tasks.fetch_sd_mapped_guide_batch(source_id, force=False, _defer_retry=0)
    apps.epg.tasks.fetch_sd_guide_for_epg(epg_id, force=False, _defer_retry=0)
    apps.channels.tasks.match_epg_channels()
    apps.channels.tasks.match_selected_channels_epg(channel_ids)
    apps.channels.tasks.match_single_channel_epg(channel_id)
    apps.channels.tasks.evaluate_series_rules(tvg_id=None)
    apps.channels.tasks.reschedule_upcoming_recordings_for_offset_change()
    apps.channels.tasks.rebuild_recurring_rule(rule_id, horizon_days=14)
    apps.channels.tasks.maintain_recurring_recordings()
    apps.channels.tasks.purge_recurring_rule(rule_id)
    apps.channels.tasks.run_recording(recording_id, channel_id, start_time_str, end_time_str)
    apps.channels.tasks.recover_recordings_on_startup()
    apps.channels.tasks.comskip_process_recording(recording_id)
    apps.channels.tasks.prefetch_recording_artwork(recording_id)
    apps.channels.tasks.bulk_create_channels_from_streams(\
stream_ids, channel_profile_ids=None, starting_channel_number=None)
    apps.channels.tasks.set_channels_names_from_epg(channel_ids)
    apps.channels.tasks.set_channels_logos_from_epg(channel_ids=None, epg_source_id=None)
    apps.channels.tasks.set_channels_tvg_ids_from_epg(channel_ids)
    apps.vod.tasks.refresh_vod_content(account_id)
    apps.vod.tasks.batch_refresh_series_episodes(account_id, series_ids=None)
    apps.vod.tasks.cleanup_orphaned_vod_content(stale_days=0, scan_start_time=None, account_id=None)
    apps.vod.tasks.refresh_movie_advanced_data(m3u_movie_relation_id, force_refresh=False)
    core.tasks.beat_periodic_task()
    core.tasks.scan_and_process_files()
    core.tasks.rehash_streams(keys)
    core.tasks.check_for_version_update()
    apps.backups.tasks.create_backup_task()
    apps.backups.tasks.restore_backup_task(filename)
    apps.backups.tasks.scheduled_backup_task(retention_count=0)
    apps.plugins.tasks.refresh_plugin_repos()
    apps.proxy.tasks.fetch_channel_stats()
"""

#: (time limit, soft time limit) in seconds, of the tasks that have one.
LIMITS = {
    "apps.m3u.tasks.refresh_single_m3u_account": [3600, 3500],
    "apps.epg.tasks.refresh_epg_data": [14400, None],
    "apps.epg.tasks.parse_programs_for_tvg_id": [3600, 3500],
}


def listed():
    """Name and signature by line of `TASKS`."""
    for line in TASKS.split("\n"):
        if line.strip():
            name, _, arguments = line.strip().partition("(")
            yield name, f"({arguments}"


def test_every_task_has_its_name_and_its_arguments(inside):
    seen = inside(
        """
        import importlib, inspect
        from celery import current_app, Task
        result = {}
        for name in NAMES:
            module, _, function = name.rpartition(".")
            task = getattr(importlib.import_module(module), function)
            assert isinstance(task, Task) and current_app.tasks[name].name == task.name == name
            result[name] = str(inspect.signature(task.run))
        """.replace("NAMES", repr([name for name, _ in listed()]))
    )
    assert seen == dict(listed())


def test_no_task_of_ours_is_missing_from_the_list(inside):
    registered = inside("from celery import current_app; result = sorted(current_app.tasks)")
    ours = {name for name in registered if name.startswith(("apps.", "core."))}
    assert ours == {name for name, _ in listed()}


def test_every_task_is_enqueued_as_a_celery_message(inside, redis):
    sent = {}
    for name, signature in listed():
        wanted = [part.strip() for part in signature.strip("()").split(",") if part.strip() and "=" not in part]
        sent[name] = list(range(1, len(wanted) + 1))
    inside(
        f"""
        from celery import current_app
        for name, arguments in {sent!r}.items():
            current_app.tasks[name].delay(*arguments)
        """
    )
    for name, arguments in sent.items():
        message = json.loads(redis.rpop("dvr" if name.endswith(".run_recording") else "celery"))
        args, kwargs, embed = json.loads(base64.b64decode(message["body"]))
        assert (message["headers"]["task"], args, kwargs) == (name, arguments, {})
        assert message["headers"]["timelimit"] == LIMITS.get(name, [None, None])
        assert set(embed) == {"callbacks", "errbacks", "chain", "chord"}
    assert redis.llen("celery") == redis.llen("dvr") == 0


@pytest.mark.parametrize(
    "call, task, arguments",
    [
        ("apps.channels.tasks.match_channels_to_epg.delay()", "match_epg_channels", []),
        ("apps.channels.tasks.match_channels_to_epg.delay([4, 5])", "match_selected_channels_epg", [[4, 5]]),
        ("apps.channels.tasks.match_channels_to_epg.apply_async(args=[[6]])", "match_selected_channels_epg", [[6]]),
    ],
)
def test_the_older_name_of_the_matching_task_is_enqueued_under_the_new_one(inside, enqueued, call, task, arguments):
    inside(f"import apps.channels.tasks\n{call}")
    assert enqueued() == [(f"apps.channels.tasks.{task}", arguments)]


def test_a_native_task_cannot_be_waited_for_inside_a_transaction(inside, redis):
    error = inside.plugin.fail(
        "go",
        {
            "code": "from django.db import transaction\nfrom apps.epg.tasks import refresh_epg_data\n"
            "with transaction.atomic():\n    refresh_epg_data(3)\n"
        },
    )
    assert error["type"] == "TransactionManagementError"
    assert "apps.epg.tasks.refresh_epg_data" in error["message"] and "transaction.atomic" in error["message"]
    assert redis.llen("celery") == 0
