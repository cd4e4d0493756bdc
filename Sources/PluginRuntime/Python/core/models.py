"""Settings, profiles, user agents, system events and notifications.

Every model of this tree is `managed = False`: the tables are created and migrated by
Skirret, in the shape that Django would give them.
"""

import shlex

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction

from core.settings_groups import (
    BACKUP_SETTINGS_KEY,
    DVR_SETTINGS_KEY,
    EPG_SETTINGS_KEY,
    NETWORK_ACCESS_KEY,
    PLUGIN_REPO_SETTINGS_KEY,
    PROXY_SETTINGS_KEY,
    SETTINGS_GROUPS,
    STREAM_SETTINGS_KEY,
    SYSTEM_SETTINGS_KEY,
    USER_LIMITS_SETTINGS_KEY,
)


class UserAgent(models.Model):
    name = models.CharField(max_length=512, unique=True)
    user_agent = models.CharField(max_length=512, unique=True)
    description = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "core_useragent"

    def __str__(self):
        return self.name


class _CommandProfile(models.Model):
    """What stream and output profiles share: a command line that may be locked."""

    # A locked profile is part of the product: only these may change.
    EDITABLE_WHEN_LOCKED = frozenset({"is_active"})

    class Meta:
        abstract = True

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self._refuse_locked_change()
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        if self.locked:
            raise ValidationError("This profile is locked and cannot be deleted.")
        return super().delete(*args, **kwargs)

    def _refuse_locked_change(self):
        if self.pk is None:
            return
        stored = type(self).objects.filter(pk=self.pk).first()
        if stored is None or not stored.locked:
            return
        for field in self._meta.concrete_fields:
            if field.name in self.EDITABLE_WHEN_LOCKED or field.name == "id":
                continue
            if getattr(self, field.attname) != getattr(stored, field.attname):
                raise ValidationError(f"Cannot modify {field.name} of a locked profile.")

    def command_line(self, values):
        """The command as an argument list; each `{placeholder}` stays within its argument."""
        if not self.command:
            return []
        line = [self.command]
        for part in shlex.split(self.parameters or ""):
            for placeholder, value in values.items():
                part = part.replace("{" + placeholder + "}", "" if value is None else str(value))
            line.append(part)
        return line


PROXY_PROFILE_NAME = "Proxy"
REDIRECT_PROFILE_NAME = "Redirect"


class StreamProfile(_CommandProfile):
    EDITABLE_WHEN_LOCKED = frozenset({"is_active", "user_agent"})

    name = models.CharField(max_length=255)
    command = models.CharField(max_length=255, blank=True)
    parameters = models.TextField(blank=True)
    locked = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    user_agent = models.ForeignKey(UserAgent, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        managed = False
        db_table = "core_streamprofile"

    def is_proxy(self):
        return self.locked and self.name == PROXY_PROFILE_NAME

    def is_redirect(self):
        return self.locked and self.name == REDIRECT_PROFILE_NAME

    def build_command(self, stream_url, user_agent, channel_id=None):
        """The command line that plays `stream_url`; `[]` when this profile runs none."""
        if self.is_proxy():
            return []
        return self.command_line({"streamUrl": stream_url, "userAgent": user_agent, "channelId": channel_id})


class OutputProfile(_CommandProfile):
    name = models.CharField(max_length=255, unique=True)
    command = models.CharField(max_length=255, blank=True)
    parameters = models.TextField(blank=True)
    locked = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        managed = False
        db_table = "core_outputprofile"

    def build_command(self):
        return self.command_line({})


def _as_int(value, default):
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


class CoreSettings(models.Model):
    """One row per settings group; `value` is the group's JSON object."""

    key = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255)
    value = models.JSONField(default=dict, blank=True)

    class Meta:
        managed = False
        db_table = "core_coresettings"

    def __str__(self):
        return self.name

    @classmethod
    def _get_group(cls, key, defaults=None):
        """The stored group over the defaults, as a fresh dict."""
        if defaults is None:
            defaults = SETTINGS_GROUPS.get(key, (key, {}))[1]
        stored = cls.objects.filter(key=key).values_list("value", flat=True).first()
        merged = {name: (list(value) if isinstance(value, list) else value) for name, value in defaults.items()}
        if isinstance(stored, dict):
            merged.update(stored)
        return merged

    @classmethod
    def _update_group(cls, key, name, updates):
        """Merges `updates` into the group's row, creating it when missing; returns the new value."""
        with transaction.atomic():
            row, _ = cls.objects.get_or_create(key=key, defaults={"name": name, "value": {}})
            value = dict(row.value) if isinstance(row.value, dict) else {}
            value.update(updates)
            row.value = value
            row.save(update_fields=["value"])
        return value

    @classmethod
    def _set(cls, key, **updates):
        return cls._update_group(key, SETTINGS_GROUPS[key][0], updates)

    # Streams

    @classmethod
    def get_stream_settings(cls):
        return cls._get_group(STREAM_SETTINGS_KEY)

    @classmethod
    def get_default_user_agent_id(cls):
        return cls.get_stream_settings()["default_user_agent"]

    @classmethod
    def get_default_stream_profile_id(cls):
        return cls.get_stream_settings()["default_stream_profile"]

    @classmethod
    def get_m3u_hash_key(cls):
        return cls.get_stream_settings()["m3u_hash_key"] or ""

    @classmethod
    def get_default_output_format(cls):
        return cls.get_stream_settings()["default_output_format"] or "mpegts"

    @classmethod
    def get_hdhr_output_profile_id(cls):
        return cls.get_stream_settings()["hdhr_output_profile_id"]

    # System

    @classmethod
    def get_system_settings(cls):
        return cls._get_group(SYSTEM_SETTINGS_KEY)

    @classmethod
    def get_system_time_zone(cls):
        return cls.get_system_settings()["time_zone"] or settings.TIME_ZONE or "UTC"

    @classmethod
    def set_system_time_zone(cls, name):
        value = (name or "").strip() or "UTC"
        cls._set(SYSTEM_SETTINGS_KEY, time_zone=value)
        return value

    @classmethod
    def get_max_system_events(cls):
        return _as_int(cls.get_system_settings()["max_system_events"], 100)

    @classmethod
    def get_preferred_region(cls):
        return cls.get_system_settings()["preferred_region"]

    @classmethod
    def get_auto_import_mapped_files(cls):
        return cls.get_system_settings()["auto_import_mapped_files"]

    @classmethod
    def get_enable_ip_lookup(cls):
        return bool(cls.get_system_settings()["enable_ip_lookup"])

    @classmethod
    def get_catchup_enabled(cls):
        return bool(cls.get_system_settings()["catchup_enabled"])

    # EPG

    @classmethod
    def get_epg_settings(cls):
        return cls._get_group(EPG_SETTINGS_KEY)

    @classmethod
    def get_epg_match_mode(cls):
        return cls.get_epg_settings()["epg_match_mode"]

    @classmethod
    def get_epg_match_ignore_prefixes(cls):
        return cls.get_epg_settings()["epg_match_ignore_prefixes"]

    @classmethod
    def get_epg_match_ignore_suffixes(cls):
        return cls.get_epg_settings()["epg_match_ignore_suffixes"]

    @classmethod
    def get_epg_match_ignore_custom(cls):
        return cls.get_epg_settings()["epg_match_ignore_custom"]

    # Proxy, network, limits, plugin hub, backups

    @classmethod
    def get_proxy_settings(cls):
        return cls._get_group(PROXY_SETTINGS_KEY)

    @classmethod
    def get_network_access_settings(cls):
        return cls._get_group(NETWORK_ACCESS_KEY)

    @classmethod
    def get_user_limits_settings(cls):
        return cls._get_group(USER_LIMITS_SETTINGS_KEY)

    @classmethod
    def get_plugin_repo_settings(cls):
        return cls._get_group(PLUGIN_REPO_SETTINGS_KEY)

    @classmethod
    def get_backup_settings(cls):
        return cls._get_group(BACKUP_SETTINGS_KEY)

    # DVR

    @classmethod
    def get_dvr_settings(cls):
        return cls._get_group(DVR_SETTINGS_KEY)

    @classmethod
    def get_dvr_tv_template(cls):
        return cls.get_dvr_settings()["tv_template"]

    @classmethod
    def get_dvr_movie_template(cls):
        return cls.get_dvr_settings()["movie_template"]

    @classmethod
    def get_dvr_tv_fallback_dir(cls):
        return cls.get_dvr_settings()["tv_fallback_dir"]

    @classmethod
    def get_dvr_tv_fallback_template(cls):
        return cls.get_dvr_settings()["tv_fallback_template"]

    @classmethod
    def get_dvr_movie_fallback_template(cls):
        return cls.get_dvr_settings()["movie_fallback_template"]

    @classmethod
    def get_dvr_comskip_enabled(cls):
        return bool(cls.get_dvr_settings()["comskip_enabled"])

    @classmethod
    def get_dvr_comskip_mode(cls):
        return cls.get_dvr_settings()["comskip_mode"]

    @classmethod
    def get_dvr_comskip_custom_path(cls):
        return cls.get_dvr_settings()["comskip_custom_path"] or ""

    @classmethod
    def get_dvr_comskip_hw_accel(cls):
        return cls.get_dvr_settings()["comskip_hw_accel"]

    @classmethod
    def get_dvr_pre_offset_minutes(cls):
        return _as_int(cls.get_dvr_settings()["pre_offset_minutes"], 0)

    @classmethod
    def get_dvr_post_offset_minutes(cls):
        return _as_int(cls.get_dvr_settings()["post_offset_minutes"], 0)

    @classmethod
    def get_dvr_series_rules(cls):
        return cls.get_dvr_settings()["series_rules"]

    @classmethod
    def set_dvr_series_rules(cls, rules):
        cls._set(DVR_SETTINGS_KEY, series_rules=rules)
        return rules


class SystemEvent(models.Model):
    EVENT_TYPES = [
        (name, name.replace("_", " ").capitalize())
        for name in (
            "channel_start",
            "channel_stop",
            "channel_buffering",
            "channel_failover",
            "channel_reconnect",
            "channel_error",
            "client_connect",
            "client_disconnect",
            "recording_start",
            "recording_end",
            "stream_switch",
            "m3u_refresh",
            "m3u_download",
            "epg_refresh",
            "epg_download",
            "login_success",
            "login_failed",
            "logout",
        )
    ]

    event_type = models.CharField(max_length=50, choices=EVENT_TYPES, db_index=True)
    timestamp = models.DateTimeField(auto_now_add=True, db_index=True)
    channel_id = models.UUIDField(null=True, blank=True, db_index=True)
    channel_name = models.CharField(max_length=255, null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        managed = False
        db_table = "core_systemevent"
        ordering = ["-timestamp"]
        indexes = [
            models.Index(fields=["-timestamp"], name="core_system_timesta_c6c3d1_idx"),
            models.Index(fields=["event_type", "-timestamp"], name="core_system_event_t_4267d9_idx"),
        ]

    def __str__(self):
        return f"{self.event_type} {self.channel_name or ''} {self.timestamp}".replace("  ", " ")


class SystemNotification(models.Model):
    class NotificationType(models.TextChoices):
        VERSION_UPDATE = "version_update", "Version Update"
        SETTING_RECOMMENDATION = "setting_recommendation", "Setting Recommendation"
        ANNOUNCEMENT = "announcement", "Announcement"
        WARNING = "warning", "Warning"
        INFO = "info", "Info"

    class Priority(models.TextChoices):
        LOW = "low", "Low"
        NORMAL = "normal", "Normal"
        HIGH = "high", "High"
        CRITICAL = "critical", "Critical"

    class Source(models.TextChoices):
        SYSTEM = "system", "System"
        DEVELOPER = "developer", "Developer"

    notification_key = models.CharField(max_length=255, unique=True)
    notification_type = models.CharField(
        max_length=50, choices=NotificationType.choices, default=NotificationType.INFO, db_index=True
    )
    priority = models.CharField(max_length=20, choices=Priority.choices, default=Priority.NORMAL)
    source = models.CharField(max_length=20, choices=Source.choices, default=Source.SYSTEM, db_index=True)
    title = models.CharField(max_length=255)
    message = models.TextField()
    action_data = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True, db_index=True)
    admin_only = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "core_systemnotification"
        ordering = ["-priority", "-created_at"]
        indexes = [
            models.Index(fields=["is_active", "-created_at"], name="core_system_is_acti_afab03_idx"),
            models.Index(fields=["notification_type", "is_active"], name="core_system_notific_2179e3_idx"),
            models.Index(fields=["source", "is_active"], name="core_system_source_a35829_idx"),
        ]

    def __str__(self):
        return f"[{self.notification_type}] {self.title}"


class NotificationDismissal(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dismissed_notifications"
    )
    notification = models.ForeignKey(SystemNotification, on_delete=models.CASCADE, related_name="dismissals")
    dismissed_at = models.DateTimeField(auto_now_add=True)
    action_taken = models.CharField(max_length=50, null=True, blank=True)

    class Meta:
        managed = False
        db_table = "core_notificationdismissal"
        unique_together = [("user", "notification")]
        indexes = [models.Index(fields=["user", "notification"], name="core_notifi_user_id_93e02e_idx")]

    def __str__(self):
        return f"{self.user} dismissed {self.notification.notification_key}"
