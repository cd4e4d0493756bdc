"""What follows when a guide source is saved or removed."""

import os
import re

from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from apps.epg.models import EPGData, EPGSource
from apps.epg.tasks import fetch_schedules_direct_stations, refresh_epg_data
from core.after_commit import enqueue
from core.scheduling import delete_periodic_task, schedule_refresh_of, status_after_switch
from core.utils import is_protected_path, send_websocket_update


@receiver(pre_save, sender=EPGSource)
def set_status_from_activity(sender, instance, raw=False, update_fields=None, **kwargs):
    if not raw:
        idle, disabled = EPGSource.STATUS_IDLE, EPGSource.STATUS_DISABLED
        instance.status = status_after_switch(instance, idle, disabled, update_fields)


@receiver(post_save, sender=EPGSource)
def fetch_new_source(sender, instance, created, raw=False, **kwargs):
    if raw or not created or not instance.is_active:
        return
    if instance.source_type == "schedules_direct":
        enqueue(fetch_schedules_direct_stations, instance.pk, countdown=3)
    elif instance.source_type != "dummy":
        enqueue(refresh_epg_data, instance.pk)


@receiver(post_save, sender=EPGSource)
def make_dummy_guide(sender, instance, raw=False, **kwargs):
    """A dummy source has one guide channel, `dummy_<name>`, and nothing to fetch."""
    if raw or instance.source_type != "dummy":
        return
    slug = re.sub(r"\W", "", re.sub(r"[ -]", "_", instance.name)).lower()
    guide, created = EPGData.objects.update_or_create(
        tvg_id=f"dummy_{slug}", epg_source=instance, defaults={"name": instance.name}
    )
    if created:
        data = {"source_id": instance.pk, "source_name": instance.name, "epg_data_id": guide.pk}
        send_websocket_update("updates", "update", {"type": "epg_data_created", **data})


@receiver(post_save, sender=EPGSource)
def schedule_refresh(sender, instance, raw=False, update_fields=None, **kwargs):
    if not raw and instance.source_type != "dummy":
        schedule_refresh_of(instance, "apps.epg.tasks.refresh_epg_data", {"source_id": instance.pk}, update_fields)


@receiver(post_delete, sender=EPGSource)
def unschedule_refresh(sender, instance, **kwargs):
    if instance.refresh_task_id is not None:
        delete_periodic_task(f"epg_source-refresh-{instance.pk}")


@receiver(post_delete, sender=EPGSource)
def remove_cached_files(sender, instance, **kwargs):
    """What was downloaded goes with the source; what somebody put there stays."""
    for path in filter(None, (instance.file_path, instance.extracted_file_path)):
        if os.path.isfile(path) and not is_protected_path(path):
            os.remove(path)
