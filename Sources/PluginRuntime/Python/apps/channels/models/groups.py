"""Groups of channels, and which account carries which."""

from django.db import models
from django.utils import timezone

from apps.channels.managers import BulkFetchManager
from apps.m3u.models import M3UAccount
from core.values import custom_properties_as_dict


class ChannelGroup(models.Model):
    name = models.TextField(unique=True)

    objects = BulkFetchManager()

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_channelgroup"

    def __str__(self):
        return self.name

    @classmethod
    def bulk_create_and_fetch(cls, objects):
        """The manager's method, where Dispatcharr has it."""
        return cls.objects.bulk_create_and_fetch(objects)

    def related_channels(self):
        return self.channels.all()


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

    def save(self, *args, **kwargs):
        if self.custom_properties is not None:
            self.custom_properties = custom_properties_as_dict(self.custom_properties)
        super().save(*args, **kwargs)
