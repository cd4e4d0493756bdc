"""Schedules that code writes, as rows of django_celery_beat; Skirret's beat reads them."""

import json
import logging

from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from core.models import CoreSettings

logger = logging.getLogger(__name__)

CRON_PARTS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")


def parse_cron_expression(cron_expression):
    """`"0 4 * * 1-5"` as the columns of a crontab row; `ValueError` unless it has five parts."""
    parts = (cron_expression or "").split()
    if len(parts) != len(CRON_PARTS):
        raise ValueError("Cron expression must have 5 parts: minute hour day month weekday")
    columns = dict(zip(CRON_PARTS, parts, strict=True))
    return {name: columns[name] for name in ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")}


def create_or_update_periodic_task(
    task_name, celery_task_path, kwargs=None, interval_hours=0, cron_expression="", enabled=True
):
    """The schedule called `task_name`, made or changed. A cron expression wins over the interval.

    With neither, the row is kept and switched off, so that what it once was is not forgotten.
    """
    with transaction.atomic():
        before = PeriodicTask.objects.filter(name=task_name).first()
        crontab, interval = None, None
        if cron_expression:
            columns = parse_cron_expression(cron_expression)
            crontab, _ = CrontabSchedule.objects.get_or_create(
                **columns, timezone=CoreSettings.get_system_time_zone()
            )
        else:
            every = max(int(interval_hours or 0), 1)
            interval, _ = IntervalSchedule.objects.get_or_create(every=every, period=IntervalSchedule.HOURS)
        task, _ = PeriodicTask.objects.update_or_create(
            name=task_name,
            defaults={
                "task": celery_task_path,
                "kwargs": json.dumps(kwargs or {}),
                "crontab": crontab,
                "interval": interval,
                "enabled": bool(enabled and (cron_expression or interval_hours)),
            },
        )
        if before:
            _remove_if_unused(before.crontab, before.interval)
    return task


def delete_periodic_task(task_name):
    """Removes the schedule called `task_name`; False if there is none."""
    with transaction.atomic():
        task = PeriodicTask.objects.filter(name=task_name).first()
        if task is None:
            logger.warning("no periodic task is called %s", task_name)
            return False
        crontab, interval = task.crontab, task.interval
        task.delete()
        _remove_if_unused(crontab, interval)
    return True


def _remove_if_unused(*schedules):
    for schedule in schedules:
        if schedule and not schedule.periodictask_set.exists():
            schedule.delete()
