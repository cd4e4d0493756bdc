"""Entries of playlists, and those made by hand."""

import hashlib
import json

from django.db import models
from django.utils import timezone

from apps.m3u.models import M3UAccount
from core.models import CoreSettings, StreamProfile
from core.utils import RedisClient

from .groups import ChannelGroup
from .playback import ALL_FULL, release_stream_profile, reserve_stream


class Stream(models.Model):
    name = models.CharField(max_length=512, default="Default Stream", db_index=True)
    url = models.URLField(max_length=4096, blank=True, null=True)
    m3u_account = models.ForeignKey(M3UAccount, on_delete=models.CASCADE, null=True, blank=True, related_name="streams")
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
        return self.stream_profile or default_stream_profile()

    def get_stream(self, requester=None):
        """(stream id, profile id, why there is none or None, whether a connection was counted now)."""
        redis = RedisClient.get_client()
        profile_id, counted = reserve_stream(redis, self)
        if not profile_id:
            return None, None, ALL_FULL, False
        redis.set(f"channel_stream:{self.pk}", self.pk)
        return self.pk, profile_id, None, counted

    def release_stream(self):
        """Counts the stream's connection as closed; False if it had none."""
        return release_stream_profile(RedisClient.get_client(), self.pk) is not None


def default_stream_profile():
    return StreamProfile.objects.filter(pk=CoreSettings.get_default_stream_profile_id()).first()
