"""What follows when settings are saved."""

from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django_celery_beat.models import CrontabSchedule, PeriodicTasks

from core.models import SYSTEM_SETTINGS_KEY, CoreSettings


@receiver(pre_save, sender=CoreSettings)
def remember_time_zone(sender, instance, raw=False, **kwargs):
    """The zone that is stored, for `move_schedules` to compare."""
    is_system = instance.key == SYSTEM_SETTINGS_KEY and not raw
    instance._stored_time_zone = CoreSettings.get_system_time_zone() if is_system else None


@receiver(post_save, sender=CoreSettings)
def move_schedules(sender, instance, raw=False, **kwargs):
    """Schedules by the clock follow the system's time zone; those in another zone of their own stay."""
    before = getattr(instance, "_stored_time_zone", None)
    after = (instance.value or {}).get("time_zone") if isinstance(instance.value, dict) else None
    if raw or not before or not after or before == after:
        return
    if CrontabSchedule.objects.filter(timezone=before).update(timezone=after):
        PeriodicTasks.update_changed()  # `update` sends no signal, and beat looks here
