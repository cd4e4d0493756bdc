"""Channels, the streams behind them, and what a person has set on one that was made automatically."""

import uuid

from django.db import models

from apps.channels.managers import OVERRIDABLE, ChannelManager
from apps.epg.models import EPGData
from apps.m3u.models import M3UAccount
from core.models import StreamProfile

from .groups import ChannelGroup
from .logos import Logo
from .playback import Playback
from .streams import Stream, default_stream_profile


class Channel(Playback, models.Model):
    channel_number = models.FloatField(null=True, blank=True, db_index=True)
    name = models.CharField(max_length=512)
    logo = models.ForeignKey(Logo, on_delete=models.SET_NULL, null=True, blank=True, related_name="channels")
    streams = models.ManyToManyField(Stream, blank=True, through="ChannelStream", related_name="channels")
    channel_group = models.ForeignKey(
        ChannelGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="channels"
    )
    tvg_id = models.CharField(max_length=255, blank=True, null=True)
    tvc_guide_stationid = models.CharField(max_length=255, blank=True, null=True)
    epg_data = models.ForeignKey(EPGData, on_delete=models.SET_NULL, null=True, blank=True, related_name="channels")
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
        return self.effective_stream_profile_obj or default_stream_profile()

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
    channel_group = models.ForeignKey(ChannelGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
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

    def has_any_override(self):
        return any(getattr(self, column) is not None for column in OVERRIDABLE)


class ChannelStream(models.Model):
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    stream = models.ForeignKey(Stream, on_delete=models.CASCADE)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_channelstream"
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["channel", "stream"], name="unique_channel_stream")]
