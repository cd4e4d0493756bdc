"""Channels, the streams behind them, their groups, profiles, logos and recordings."""

import hashlib
import json
import uuid

from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from apps.channels.managers import BulkFetchManager, ChannelManager
from apps.epg.models import EPGData
from apps.m3u.models import M3UAccount
from core.models import CoreSettings, StreamProfile


class ChannelGroup(models.Model):
    name = models.TextField(unique=True)

    objects = BulkFetchManager()

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_channelgroup"

    def __str__(self):
        return self.name


class Logo(models.Model):
    name = models.CharField(max_length=255)
    url = models.TextField(unique=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_logo"

    def __str__(self):
        return self.name


class Stream(models.Model):
    name = models.CharField(max_length=512, default="Default Stream", db_index=True)
    url = models.URLField(max_length=4096, blank=True, null=True)
    m3u_account = models.ForeignKey(
        M3UAccount, on_delete=models.CASCADE, null=True, blank=True, related_name="streams"
    )
    logo_url = models.TextField(blank=True, null=True)
    tvg_id = models.CharField(max_length=255, blank=True, null=True)
    local_file = models.FileField(upload_to="uploads/", blank=True, null=True)
    current_viewers = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)
    channel_group = models.ForeignKey(
        ChannelGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="streams"
    )
    stream_profile = models.ForeignKey(
        StreamProfile, on_delete=models.SET_NULL, null=True, blank=True, related_name="streams"
    )
    is_custom = models.BooleanField(default=False)
    stream_hash = models.CharField(max_length=255, null=True, unique=True)
    last_seen = models.DateTimeField(db_index=True, default=timezone.now)
    is_stale = models.BooleanField(default=False, db_index=True)
    is_adult = models.BooleanField(default=False, db_index=True)
    custom_properties = models.JSONField(default=dict, blank=True, null=True)
    stream_id = models.IntegerField(null=True, blank=True, db_index=True)
    stream_chno = models.FloatField(null=True, blank=True, db_index=True)
    stream_stats = models.JSONField(null=True, blank=True)
    stream_stats_updated_at = models.DateTimeField(null=True, blank=True, db_index=True)
    is_catchup = models.BooleanField(default=False, db_index=True)
    catchup_days = models.PositiveIntegerField(default=0)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_stream"
        ordering = ["-updated_at"]

    def __str__(self):
        return self.name or self.url or f"Stream {self.pk}"

    @classmethod
    def generate_hash_key(
        cls, name, url, tvg_id, keys=None, m3u_id=None, group=None, account_type=None, stream_id=None
    ):
        """
        The identity of a playlist entry: a digest of the parts that `keys` names (a list, or the
        comma list of the setting `m3u_hash_key`). The URL of an Xtream stream holds credentials
        that change, so its stream id stands in for it, together with the account.
        """
        if keys is None:
            keys = CoreSettings.get_m3u_hash_key()
        if isinstance(keys, str):
            keys = keys.split(",")
        values = {"name": name, "url": url, "tvg_id": tvg_id, "m3u_id": m3u_id, "group": group}
        known = [key.strip() for key in keys if key.strip() in values]
        # With no usable key every entry would be the same stream.
        parts = {key: values[key] for key in known or ["url"]}
        if account_type == M3UAccount.Types.XC and "url" in parts and stream_id is not None:
            parts["url"] = stream_id
            parts["m3u_id"] = m3u_id
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @classmethod
    def update_or_create_by_hash(cls, hash_value, **fields_to_update):
        """Writes the fields to the stream with that hash, creating it when there is none; (stream, created)."""
        stream = cls.objects.filter(stream_hash=hash_value).first()
        if stream is None:
            return cls.objects.create(stream_hash=hash_value, **fields_to_update), True
        for name, value in fields_to_update.items():
            setattr(stream, name, value)
        stream.save(update_fields=[*fields_to_update, "updated_at"] if fields_to_update else None)
        return stream, False

    def get_stream_profile(self):
        return self.stream_profile or _default_stream_profile()


def _default_stream_profile():
    return StreamProfile.objects.filter(pk=CoreSettings.get_default_stream_profile_id()).first()


class Channel(models.Model):
    channel_number = models.FloatField(null=True, blank=True, db_index=True)
    name = models.CharField(max_length=512)
    logo = models.ForeignKey(Logo, on_delete=models.SET_NULL, null=True, blank=True, related_name="channels")
    streams = models.ManyToManyField(Stream, blank=True, through="ChannelStream", related_name="channels")
    channel_group = models.ForeignKey(
        ChannelGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="channels"
    )
    tvg_id = models.CharField(max_length=255, blank=True, null=True)
    tvc_guide_stationid = models.CharField(max_length=255, blank=True, null=True)
    epg_data = models.ForeignKey(
        EPGData, on_delete=models.SET_NULL, null=True, blank=True, related_name="channels"
    )
    stream_profile = models.ForeignKey(
        StreamProfile, on_delete=models.SET_NULL, null=True, blank=True, related_name="channels"
    )
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True, db_index=True)
    user_level = models.IntegerField(default=0)
    is_adult = models.BooleanField(default=False, db_index=True)
    auto_created = models.BooleanField(default=False)
    auto_created_by = models.ForeignKey(
        M3UAccount, on_delete=models.SET_NULL, null=True, blank=True, related_name="auto_created_channels"
    )
    is_catchup = models.BooleanField(default=False, db_index=True)
    catchup_days = models.PositiveIntegerField(default=0)
    hidden_from_output = models.BooleanField(default=False, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ChannelManager()

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_channel"

    def __str__(self):
        number = "" if self.channel_number is None else f"{self.channel_number:g} - "
        return f"{number}{self.name}"

    @classmethod
    def get_next_available_channel_number(cls, starting_from=1):
        """The smallest whole number from `starting_from` up that no channel shows."""
        own = cls.objects.filter(channel_number__gte=starting_from).values_list("channel_number", flat=True)
        overrides = ChannelOverride.objects.filter(channel_number__gte=starting_from).values_list(
            "channel_number", flat=True
        )
        taken = set(own) | set(overrides)
        number = starting_from
        while number in taken:
            number += 1
        return number

    def get_stream_profile(self):
        """The profile that plays this channel: its override's, its own, or the default."""
        return self.effective_stream_profile_obj or _default_stream_profile()

    def _effective(self, name):
        try:
            override = self.override
        except ChannelOverride.DoesNotExist:
            override = None
        value = getattr(override, name) if override is not None else None
        return value if value is not None else getattr(self, name)

    @property
    def effective_channel_group_obj(self):
        return self._effective("channel_group")

    @property
    def effective_logo_obj(self):
        return self._effective("logo")

    @property
    def effective_epg_data_obj(self):
        return self._effective("epg_data")

    @property
    def effective_stream_profile_obj(self):
        return self._effective("stream_profile")


class ChannelOverride(models.Model):
    """What a person set on an automatically made channel; survives every refresh."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="override")
    name = models.CharField(max_length=512, null=True, blank=True)
    channel_number = models.FloatField(null=True, blank=True)
    channel_group = models.ForeignKey(
        ChannelGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    logo = models.ForeignKey(Logo, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    tvg_id = models.CharField(max_length=255, null=True, blank=True)
    tvc_guide_stationid = models.CharField(max_length=255, null=True, blank=True)
    epg_data = models.ForeignKey(EPGData, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    stream_profile = models.ForeignKey(
        StreamProfile, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_channeloverride"

    def __str__(self):
        return f"Override of {self.channel}"


class ChannelProfile(models.Model):
    name = models.CharField(max_length=100, unique=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_channelprofile"

    def __str__(self):
        return self.name


class ChannelProfileMembership(models.Model):
    channel_profile = models.ForeignKey(ChannelProfile, on_delete=models.CASCADE)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    enabled = models.BooleanField(default=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_channelprofilemembership"
        unique_together = [("channel_profile", "channel")]


class ChannelStream(models.Model):
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    stream = models.ForeignKey(Stream, on_delete=models.CASCADE)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_channelstream"
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["channel", "stream"], name="unique_channel_stream")]


class ChannelGroupM3UAccount(models.Model):
    """A group as one account carries it: whether it is wanted and how channels are made of it."""

    channel_group = models.ForeignKey(ChannelGroup, on_delete=models.CASCADE, related_name="m3u_accounts")
    m3u_account = models.ForeignKey(M3UAccount, on_delete=models.CASCADE, related_name="channel_group")
    custom_properties = models.JSONField(default=dict, blank=True, null=True)
    enabled = models.BooleanField(default=True)
    auto_channel_sync = models.BooleanField(default=False)
    auto_sync_channel_start = models.FloatField(null=True, blank=True)
    auto_sync_channel_end = models.FloatField(null=True, blank=True)
    last_seen = models.DateTimeField(db_index=True, default=timezone.now)
    is_stale = models.BooleanField(default=False, db_index=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_channelgroupm3uaccount"
        unique_together = [("channel_group", "m3u_account")]

    def __str__(self):
        return f"{self.channel_group.name} - {self.m3u_account.name}"


class Recording(models.Model):
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="recordings")
    start_time = models.DateTimeField()
    end_time = models.DateTimeField()
    task_id = models.CharField(max_length=255, null=True, blank=True)
    custom_properties = models.JSONField(default=dict, blank=True, null=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_recording"

    def __str__(self):
        return f"{self.channel.name} - {self.start_time} to {self.end_time}"


class RecurringRecordingRule(models.Model):
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="recurring_rules")
    days_of_week = models.JSONField(default=list)
    start_time = models.TimeField()
    end_time = models.TimeField()
    enabled = models.BooleanField(default=True)
    name = models.CharField(max_length=255, blank=True)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_recurringrecordingrule"
        ordering = ["channel", "start_time"]

    def __str__(self):
        return f"{self.name or self.channel.name} {self.start_time}-{self.end_time}"

    def cleaned_days(self):
        """The weekdays as sorted numbers, Monday 0; anything else in the list is left out."""
        days = set()
        for day in self.days_of_week or []:
            try:
                number = int(day)
            except (TypeError, ValueError):
                continue
            if 0 <= number <= 6:
                days.add(number)
        return sorted(days)


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
    Stream.objects.filter(pk=instance.pk).update(
        m3u_account=account, is_custom=True, stream_hash=instance.stream_hash
    )


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
    rolled = Stream.objects.filter(
        channelstream__channel_id=instance.channel_id, is_catchup=True
    ).aggregate(streams=models.Count("pk"), days=models.Max("catchup_days"))
    Channel.objects.filter(pk=instance.channel_id).update(
        is_catchup=rolled["streams"] > 0, catchup_days=rolled["days"] or 0
    )
