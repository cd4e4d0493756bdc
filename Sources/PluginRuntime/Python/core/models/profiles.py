"""Command lines that play or convert a stream."""

import shlex

from django.core.exceptions import ValidationError
from django.db import models

from .user_agents import UserAgent


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

    @classmethod
    def update(cls, pk, **kwargs):
        """Changes the profile `pk` as `save` would, with what it refuses for locked ones; returns it."""
        profile = cls.objects.get(pk=pk)
        for name, value in kwargs.items():
            setattr(profile, name, value)
        profile.save()
        return profile

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
