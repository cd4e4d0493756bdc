"""What happened, newest first; the log keeps as many as the setting `max_system_events` says."""

from django.db import models


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
