"""Which channels somebody sees."""

from django.db import models

from .channels import Channel


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
