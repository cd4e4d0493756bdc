"""The settings of the product, in groups."""

from django.conf import settings
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
from version import dispatcharr_user_agent

from .profiles import REDIRECT_PROFILE_NAME, StreamProfile
from .user_agents import UserAgent


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
    def get_default_user_agent(cls):
        """The default user agent's text, or this server's own name."""
        row = UserAgent.objects.filter(pk=cls.get_default_user_agent_id()).first()
        return row.user_agent if row else dispatcharr_user_agent()

    @classmethod
    def get_default_stream_profile_id(cls):
        return cls.get_stream_settings()["default_stream_profile"]

    @classmethod
    def get_redirect_stream_profile_id(cls):
        """The locked profile that sends players to the source itself, or None."""
        redirect = StreamProfile.objects.filter(locked=True, name=REDIRECT_PROFILE_NAME)
        return redirect.values_list("pk", flat=True).first()

    @classmethod
    def is_default_stream_profile_redirect(cls):
        default = _as_int(cls.get_default_stream_profile_id(), None)
        return default is not None and default == cls.get_redirect_stream_profile_id()

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
    def set_dvr_comskip_custom_path(cls, path):
        value = (path or "").strip()
        cls._set(DVR_SETTINGS_KEY, comskip_custom_path=value)
        return value

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
