"""What follows when channels, streams, profiles and recordings are saved."""

import hashlib

from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from apps.channels import recording_schedules
from apps.channels.models import (
    Channel,
    ChannelOverride,
    ChannelProfile,
    ChannelProfileMembership,
    ChannelStream,
    Recording,
    Stream,
)
from apps.channels.tasks import prefetch_recording_artwork
from apps.epg.tasks import fetch_sd_guide_for_epg, parse_programs_for_tvg_id
from apps.m3u.models import M3UAccount
from core.after_commit import enqueue


@receiver(post_save, sender=Stream)
def adopt_custom_stream(sender, instance, created, raw=False, **kwargs):
    """A stream without an account belongs to the account `custom` and is known by its id."""
    if raw or instance.m3u_account_id is not None:
        return
    account = M3UAccount.objects.filter(name="custom", locked=True).first()
    if account is None:
        return
    instance.m3u_account = account
    instance.is_custom = True
    instance.stream_hash = hashlib.sha256(f"custom_stream_{instance.pk}".encode()).hexdigest()
    Stream.objects.filter(pk=instance.pk).update(m3u_account=account, is_custom=True, stream_hash=instance.stream_hash)


@receiver(post_save, sender=ChannelProfile)
def fill_new_profile(sender, instance, created, raw=False, **kwargs):
    """A new profile shows every channel until somebody says otherwise."""
    if raw or not created:
        return
    ChannelProfileMembership.objects.bulk_create(
        [
            ChannelProfileMembership(channel_profile=instance, channel_id=channel_id)
            for channel_id in Channel.objects.values_list("pk", flat=True)
        ],
        ignore_conflicts=True,
        batch_size=500,
    )


@receiver(m2m_changed, sender=ChannelStream)
def take_tvg_id_from_stream(sender, instance, action, reverse, pk_set, **kwargs):
    if reverse or action != "post_add" or not pk_set or instance.tvg_id:
        return
    tvg_id = (
        Stream.objects.filter(pk__in=pk_set)
        .exclude(tvg_id__isnull=True)
        .exclude(tvg_id="")
        .order_by("pk")
        .values_list("tvg_id", flat=True)
        .first()
    )
    if tvg_id:
        instance.tvg_id = tvg_id
        instance.save(update_fields=["tvg_id", "updated_at"])


@receiver([post_save, post_delete], sender=ChannelStream)
def roll_up_catchup(sender, instance, raw=False, **kwargs):
    """A channel offers catch-up when one of its streams does, for as many days as the best one."""
    if raw:
        return
    rolled = Stream.objects.filter(channelstream__channel_id=instance.channel_id, is_catchup=True).aggregate(
        streams=models.Count("pk"), days=models.Max("catchup_days")
    )
    Channel.objects.filter(pk=instance.channel_id).update(
        is_catchup=rolled["streams"] > 0, catchup_days=rolled["days"] or 0
    )


@receiver(pre_save, sender=Channel)
@receiver(pre_save, sender=ChannelOverride)
def remember_guide(sender, instance, raw=False, **kwargs):
    """The guide channel of the stored row, for `fetch_programmes` to compare."""
    stored = sender.objects.filter(pk=instance.pk) if instance.pk and not raw else sender.objects.none()
    instance._stored_epg_data_id = stored.values_list("epg_data_id", flat=True).first()


@receiver(post_save, sender=Channel)
@receiver(post_save, sender=ChannelOverride)
def fetch_programmes(sender, instance, raw=False, update_fields=None, **kwargs):
    """A channel that is mapped to a guide channel needs its programmes. `update` and `bulk_update` skip this."""
    written = update_fields is None or {"epg_data", "epg_data_id"} & set(update_fields)
    if raw or not written or instance.epg_data_id in (None, instance._stored_epg_data_id):
        return
    source = instance.epg_data.epg_source
    if source is None or source.source_type == "dummy":
        return
    direct = source.source_type == "schedules_direct"
    enqueue(fetch_sd_guide_for_epg if direct else parse_programs_for_tvg_id, instance.epg_data_id)


@receiver(pre_save, sender=Recording)
def forget_outdated_schedule(sender, instance, raw=False, **kwargs):
    """A recording that is moved is scheduled anew, unless it runs: then it follows its row by itself."""
    stored = Recording.objects.filter(pk=instance.pk).first() if instance.pk and not raw else None
    if stored is None or not stored.task_id:
        return
    moved = any(getattr(stored, name) != getattr(instance, name) for name in ("start_time", "end_time", "channel_id"))
    if moved and (stored.custom_properties or {}).get("status") != "recording":
        recording_schedules.remove(stored.task_id)
        instance.task_id = None


@receiver(post_save, sender=Recording)
def schedule_recording(sender, instance, created, raw=False, update_fields=None, **kwargs):
    bookkeeping = {"custom_properties", "task_id", "end_time"}
    if raw or (not created and update_fields is not None and set(update_fields) <= bookkeeping):
        return
    if not instance.task_id:
        instance.task_id = recording_schedules.write(instance)
        Recording.objects.filter(pk=instance.pk).update(task_id=instance.task_id)
    if (instance.custom_properties or {}).get("status", "") not in ("recording", "completed", "stopped", "interrupted"):
        enqueue(prefetch_recording_artwork, instance.pk, countdown=1)


@receiver(post_delete, sender=Recording)
def unschedule_recording(sender, instance, **kwargs):
    recording_schedules.remove(instance.task_id)
