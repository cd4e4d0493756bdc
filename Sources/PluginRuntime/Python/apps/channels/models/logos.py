"""Pictures of channels, by address."""

from django.db import models


class Logo(models.Model):
    name = models.CharField(max_length=255)
    url = models.TextField(unique=True)

    class Meta:
        managed = False
        db_table = "dispatcharr_channels_logo"

    def __str__(self):
        return self.name
