"""Installed plugins and the repositories they may come from."""

from django.db import models


class PluginRepo(models.Model):
    name = models.CharField(max_length=255)
    url = models.URLField(unique=True)
    is_official = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    cached_manifest = models.JSONField(default=dict, blank=True)
    public_key = models.TextField(blank=True, default="")
    signature_verified = models.BooleanField(null=True, default=None)
    last_fetched = models.DateTimeField(null=True, blank=True)
    last_fetch_status = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "plugins_pluginrepo"
        ordering = ["-is_official", "name"]

    def __str__(self):
        return self.name


class PluginConfig(models.Model):
    """One row per discovered plugin: whether it is trusted, and its saved settings."""

    key = models.CharField(max_length=128, unique=True)
    name = models.CharField(max_length=255)
    version = models.CharField(max_length=64, blank=True, default="")
    description = models.TextField(blank=True, default="")
    enabled = models.BooleanField(default=False)
    ever_enabled = models.BooleanField(default=False)
    settings = models.JSONField(default=dict, blank=True)
    source_repo = models.ForeignKey(
        PluginRepo, on_delete=models.SET_NULL, null=True, blank=True, related_name="installed_plugins"
    )
    slug = models.CharField(max_length=128, blank=True, default="")
    installed_version_is_prerelease = models.BooleanField(default=False)
    deprecated = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "plugins_pluginconfig"

    def __str__(self):
        return f"{self.name} ({self.key})"

    @property
    def is_managed(self):
        """Whether it came from a repository, which then offers its updates."""
        return self.source_repo_id is not None
