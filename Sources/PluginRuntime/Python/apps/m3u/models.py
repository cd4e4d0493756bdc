"""Playlists: accounts, their filters and their connection profiles."""

import re

from django.db import models
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver
from django_celery_beat.models import PeriodicTask

from core.models import CoreSettings, StreamProfile, UserAgent

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

    def get_user_agent(self):
        """The account's user agent row, or the default one; None when neither exists."""
        if self.user_agent is not None:
            return self.user_agent
        return UserAgent.objects.filter(pk=CoreSettings.get_default_user_agent_id()).first()

    def get_user_agent_string(self):
        agent = self.get_user_agent()
        return agent.user_agent if agent else None

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


@receiver(pre_save, sender=M3UAccount)
def set_status_from_activity(sender, instance, raw=False, update_fields=None, **kwargs):
    """Switching an account off or on is a change of its status too."""
    if raw or instance.pk is None or (update_fields is not None and "is_active" not in update_fields):
        return
    was_active = M3UAccount.objects.filter(pk=instance.pk).values_list("is_active", flat=True).first()
    if was_active is not None and was_active != instance.is_active:
        instance.status = M3UAccount.Status.IDLE if instance.is_active else M3UAccount.Status.DISABLED


@receiver(post_save, sender=M3UAccount)
def create_default_profile(sender, instance, created, raw=False, **kwargs):
    if created and not raw:
        M3UAccountProfile.objects.create(
            m3u_account=instance,
            name=f"{instance.name} Default",
            is_default=True,
            max_streams=instance.max_streams,
            search_pattern="^(.*)$",
            replace_pattern="$1",
        )


@receiver(post_save, sender=M3UAccount)
def schedule_refresh(sender, instance, raw=False, update_fields=None, **kwargs):
    if raw or instance.is_custom():
        return
    # Imported here: core.scheduling needs the app registry, which is not ready while models load.
    from core.scheduling import schedule_refresh_of

    schedule_refresh_of(instance, "apps.m3u.tasks.refresh_single_m3u_account", {"account_id": instance.pk}, update_fields)


@receiver(post_delete, sender=M3UAccount)
def unschedule_refresh(sender, instance, **kwargs):
    from core.scheduling import delete_periodic_task

    if instance.refresh_task_id is not None:
        delete_periodic_task(f"m3u_account-refresh-{instance.pk}")
