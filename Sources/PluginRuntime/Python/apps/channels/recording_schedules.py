"""When a recording starts: a row of beat that fires once, called `dvr-recording-<id>`."""

import json

from django.utils import timezone
from django_celery_beat.models import ClockedSchedule, PeriodicTask


def write(recording):
    """Schedules a recording for its start, or for now if that has passed; the row's name, None if all has passed."""
    now = timezone.now()
    start, end = _aware(recording.start_time), _aware(recording.end_time)
    if end is not None and end <= now:
        return None
    clocked, _ = ClockedSchedule.objects.get_or_create(clocked_time=max(start, now))
    arguments = [recording.pk, recording.channel_id, str(recording.start_time), str(recording.end_time)]
    task, _ = PeriodicTask.objects.update_or_create(
        name=f"dvr-recording-{recording.pk}",
        defaults={
            "task": "apps.channels.tasks.run_recording", "clocked": clocked, "args": json.dumps(arguments),
            "one_off": True, "enabled": True, "interval": None, "crontab": None, "solar": None,
        },
    )  # fmt: skip
    return task.name


def remove(name):
    """Removes the row, and its instant when nothing else is due then."""
    task = PeriodicTask.objects.filter(name=name).first() if name else None
    if task is None:
        return
    clocked = task.clocked
    task.delete()
    if clocked and not clocked.periodictask_set.exists():
        clocked.delete()


def _aware(moment):
    return timezone.make_aware(moment) if moment is not None and timezone.is_naive(moment) else moment
