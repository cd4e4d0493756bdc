"""Notices for the people who use the product, and who has put them away."""

from django.conf import settings
from django.db import models


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

    @classmethod
    def create_version_notification(cls, version, release_url=None, release_notes=None):
        """Announces a release to administrators; (notification, whether it is new)."""
        return cls._announce(
            f"version-{version}",
            cls.NotificationType.VERSION_UPDATE,
            cls.Priority.HIGH,
            f"Version {version} Available",
            f"A new version of Dispatcharr ({version}) is available.",
            {"version": version, "release_url": release_url, "release_notes": release_notes},
        )

    @classmethod
    def create_setting_recommendation(cls, setting_key, recommended_value, reason, current_value=None):
        """Recommends a setting to administrators; (notification, whether it is new)."""
        return cls._announce(
            f"setting-{setting_key}",
            cls.NotificationType.SETTING_RECOMMENDATION,
            cls.Priority.NORMAL,
            f"Recommended Setting: {setting_key}",
            reason,
            {"setting_key": setting_key, "recommended_value": recommended_value, "current_value": current_value},
        )

    @classmethod
    def _announce(cls, key, kind, priority, title, message, action_data):
        fields = {
            "notification_type": kind, "priority": priority, "title": title, "message": message,
            "action_data": action_data, "is_active": True, "admin_only": True,
        }  # fmt: skip
        return cls.objects.update_or_create(notification_key=key, defaults=fields)


class NotificationDismissal(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dismissed_notifications")
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
