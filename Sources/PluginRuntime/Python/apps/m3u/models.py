"""Playlists: accounts, their filters and their connection profiles."""

import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from core.models import CoreSettings, StreamProfile, UserAgent
from core.values import custom_properties_as_dict

CUSTOM_ACCOUNT_NAME = "custom"


class ServerGroup(models.Model):
    name = models.CharField(max_length=100, unique=True)

    class Meta:
        managed = False
        db_table = "m3u_servergroup"

    def __str__(self):
        return self.name


class M3UAccount(models.Model):
    class Types(models.TextChoices):
        STANDARD = "STD", "Standard"
        XC = "XC", "Xtream Codes"

    class Status(models.TextChoices):
        IDLE = "idle", "Idle"
        FETCHING = "fetching", "Fetching"
        PARSING = "parsing", "Parsing"
        ERROR = "error", "Error"
        SUCCESS = "success", "Success"
        PENDING_SETUP = "pending_setup", "Pending Setup"
        DISABLED = "disabled", "Disabled"

    name = models.CharField(max_length=255, unique=True)
    server_url = models.URLField(max_length=1000, blank=True, null=True)
    file_path = models.CharField(max_length=255, blank=True, null=True)
    server_group = models.ForeignKey(
        ServerGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="m3u_accounts"
    )
    max_streams = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Not automatic: it says when the playlist was last refreshed, not when the row was saved.
    updated_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.IDLE)
    last_message = models.TextField(null=True, blank=True)
    user_agent = models.ForeignKey(
        UserAgent, on_delete=models.SET_NULL, null=True, blank=True, related_name="m3u_accounts"
    )
    locked = models.BooleanField(default=False)
    stream_profile = models.ForeignKey(
        StreamProfile, on_delete=models.SET_NULL, null=True, blank=True, related_name="m3u_accounts"
    )
    account_type = models.CharField(choices=Types.choices, default=Types.STANDARD)
    username = models.CharField(max_length=255, null=True, blank=True)
    password = models.CharField(max_length=255, null=True, blank=True)
    custom_properties = models.JSONField(default=dict, blank=True, null=True)
    refresh_interval = models.IntegerField(default=0)
    refresh_task = models.ForeignKey(PeriodicTask, on_delete=models.SET_NULL, null=True, blank=True)
    stale_stream_days = models.PositiveIntegerField(default=7)
    priority = models.PositiveIntegerField(default=0)

    class Meta:
        managed = False
        db_table = "m3u_m3uaccount"

    def __str__(self):
        return self.name

    @classmethod
    def get_custom_account(cls):
        """The locked account that owns streams made by hand."""
        return cls.objects.get(name=CUSTOM_ACCOUNT_NAME, locked=True)

    def is_custom(self):
        return self.locked and self.name == CUSTOM_ACCOUNT_NAME

    def clean(self):
        if self.max_streams < 0:
            raise ValidationError("Max streams cannot be negative.")

    def save(self, *args, **kwargs):
        if self.custom_properties is not None:
            self.custom_properties = custom_properties_as_dict(self.custom_properties)
        super().save(*args, **kwargs)

    def get_user_agent(self):
        """The account's user agent row, or the default one; None when neither exists."""
        if self.user_agent is not None:
            return self.user_agent
        return UserAgent.objects.filter(pk=CoreSettings.get_default_user_agent_id()).first()

    def get_user_agent_string(self):
        agent = self.get_user_agent()
        return agent.user_agent if agent else CoreSettings.get_default_user_agent()

    @property
    def refresh_task_name(self):
        return f"m3u_account-refresh-{self.pk}"


class M3UFilter(models.Model):
    FILTER_TYPE_CHOICES = (("group", "Group"), ("name", "Stream Name"), ("url", "Stream URL"))

    m3u_account = models.ForeignKey(M3UAccount, on_delete=models.CASCADE, related_name="filters")
    filter_type = models.CharField(max_length=50, choices=FILTER_TYPE_CHOICES, default="group")
    regex_pattern = models.CharField(max_length=200)
    exclude = models.BooleanField(default=True)
    order = models.PositiveIntegerField(default=0)
    custom_properties = models.JSONField(default=dict, blank=True, null=True)

    class Meta:
        managed = False
        db_table = "m3u_m3ufilter"

    def __str__(self):
        return f"{'Exclude' if self.exclude else 'Include'} {self.filter_type} {self.regex_pattern}"

    def applies_to(self, stream_name, group_name, stream_url=""):
        """Whether the pattern is found in the part of the stream that this filter looks at."""
        target = {"group": group_name, "name": stream_name, "url": stream_url}[self.filter_type]
        ignore_case = (self.custom_properties or {}).get("case_sensitive") is False
        return bool(re.search(self.regex_pattern, target or "", re.IGNORECASE if ignore_case else 0))


class M3UAccountProfile(models.Model):
    m3u_account = models.ForeignKey(M3UAccount, on_delete=models.CASCADE, related_name="profiles")
    name = models.CharField(max_length=255)
    is_default = models.BooleanField(default=False)
    max_streams = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    search_pattern = models.CharField(max_length=255)
    replace_pattern = models.CharField(max_length=255)
    current_viewers = models.PositiveIntegerField(default=0)
    custom_properties = models.JSONField(default=dict, blank=True, null=True)
    exp_date = models.DateTimeField(null=True, blank=True)

    class Meta:
        managed = False
        db_table = "m3u_m3uaccountprofile"
        constraints = [models.UniqueConstraint(fields=["m3u_account", "name"], name="unique_account_name")]

    def __str__(self):
        return f"{self.name} ({self.m3u_account.name})"

    def save(self, *args, **kwargs):
        """An Xtream server says itself when the account ends; elsewhere a person has set the date."""
        if self.custom_properties is not None:
            self.custom_properties = custom_properties_as_dict(self.custom_properties)
        if self.m3u_account_id and self.m3u_account.account_type == M3UAccount.Types.XC:
            self.exp_date = self._expiry_from_server() or self.exp_date
            if (fields := kwargs.get("update_fields")) is not None and "custom_properties" in fields:
                kwargs["update_fields"] = {*fields, "exp_date"}
        super().save(*args, **kwargs)

    def get_account_expiration(self):
        """When the account ends, or None."""
        return self.exp_date or self._expiry_from_server()

    def get_account_status(self):
        return self._from_server("status")

    def get_max_connections(self):
        return self._from_server("max_connections")

    def get_active_connections(self):
        return self._from_server("active_cons")

    def get_last_refresh(self):
        """When the server was last asked about the account, or None."""
        return _as_moment((self.custom_properties or {}).get("last_refresh"))

    def _expiry_from_server(self):
        return _as_moment(self._from_server("exp_date"))

    def _from_server(self, name):
        info = (self.custom_properties or {}).get("user_info")
        return info.get(name) if isinstance(info, dict) else None


def _as_moment(value):
    """Unix seconds as number or text, or ISO text; None for anything else."""
    try:
        return datetime.fromtimestamp(float(value), timezone.get_default_timezone())
    except (TypeError, ValueError, OverflowError, OSError):
        pass
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
