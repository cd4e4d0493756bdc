"""People who sign in. `AUTH_USER_MODEL` is `accounts.User`."""

import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models

from apps.accounts.managers import UserManager


class User(AbstractUser):
    class UserLevel(models.IntegerChoices):
        STREAMER = 0, "Streamer"
        STANDARD = 1, "Standard User"
        ADMIN = 10, "Admin"

    avatar_config = models.JSONField(default=dict, blank=True, null=True)
    user_level = models.IntegerField(default=UserLevel.STREAMER)
    custom_properties = models.JSONField(default=dict, blank=True, null=True)
    api_key = models.CharField(max_length=200, blank=True, null=True, db_index=True)
    stream_limit = models.IntegerField(default=0)
    channel_profiles = models.ManyToManyField(
        "dispatcharr_channels.ChannelProfile", blank=True, related_name="users"
    )

    objects = UserManager()

    class Meta:
        managed = False
        db_table = "accounts_user"

    def __str__(self):
        return self.username

    @property
    def is_admin(self):
        return self.is_superuser or self.user_level >= self.UserLevel.ADMIN

    def generate_api_key(self):
        """Gives the user a new random key, saves it and returns it."""
        self.api_key = secrets.token_urlsafe(40)
        self.save(update_fields=["api_key"])
        return self.api_key
