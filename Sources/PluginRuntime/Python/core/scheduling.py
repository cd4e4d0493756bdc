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


def status_after_switch(source, idle, disabled, update_fields=None):
    """The status of an account or guide source that is being saved: switching it off or on changes it."""
    if source.pk is None or (update_fields is not None and "is_active" not in update_fields):
        return source.status
    was_active = type(source).objects.filter(pk=source.pk).values_list("is_active", flat=True).first()
    if was_active in (None, source.is_active):
        return source.status
    return idle if source.is_active else disabled


# A save that names none of these leaves the schedule as it is.
SCHEDULING_FIELDS = {"refresh_interval", "is_active", "refresh_task"}


def schedule_refresh_of(source, celery_task_path, kwargs, update_fields=None):
    """Keeps the periodic row of an account or guide source in step with its interval or cron expression."""
    if update_fields is not None and not SCHEDULING_FIELDS & set(update_fields):
        return
    crontab = source.refresh_task.crontab if source.refresh_task is not None else None
    expression = getattr(source, "_cron_expression", None)
    if expression is None and crontab is not None:
        expression = " ".join(getattr(crontab, part) for part in CRON_PARTS)
    row = create_or_update_periodic_task(
        task_name=source.refresh_task_name,
        celery_task_path=celery_task_path,
        kwargs=kwargs,
        interval_hours=int(source.refresh_interval or 0),
        cron_expression=expression or "",
        enabled=bool(source.is_active and (source.refresh_interval or expression)),
    )
    if row is not None and source.refresh_task_id != row.pk:
        # Past `save`, which would come back here.
        type(source).objects.filter(pk=source.pk).update(refresh_task=row)
        source.refresh_task = row


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
