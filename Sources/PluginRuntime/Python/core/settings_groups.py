"""The groups of settings, one row of `core_coresettings` each: key, name and defaults.

Plain values, so that anything may read them without the ORM.
"""

STREAM_SETTINGS_KEY = "stream_settings"
SYSTEM_SETTINGS_KEY = "system_settings"
EPG_SETTINGS_KEY = "epg_settings"
PROXY_SETTINGS_KEY = "proxy_settings"
DVR_SETTINGS_KEY = "dvr_settings"
BACKUP_SETTINGS_KEY = "backup_settings"
NETWORK_ACCESS_KEY = "network_access"
USER_LIMITS_SETTINGS_KEY = "user_limit_settings"
PLUGIN_REPO_SETTINGS_KEY = "plugin_repo_settings"

# What a group holds when its row or one of its keys is missing, and the row's display name.
SETTINGS_GROUPS = {
    STREAM_SETTINGS_KEY: (
        "Stream Settings",
        {
            "default_user_agent": None,
            "default_stream_profile": None,
            "m3u_hash_key": "",
            "default_output_format": "mpegts",
            "hdhr_output_profile_id": None,
        },
    ),
    SYSTEM_SETTINGS_KEY: (
        "System Settings",
        {
            "time_zone": "UTC",
            "max_system_events": 100,
            "preferred_region": None,
            "auto_import_mapped_files": True,
            "enable_ip_lookup": True,
            "catchup_enabled": True,
        },
    ),
    EPG_SETTINGS_KEY: (
        "EPG Settings",
        {
            "epg_match_mode": "default",
            "epg_match_ignore_prefixes": [],
            "epg_match_ignore_suffixes": [],
            "epg_match_ignore_custom": [],
        },
    ),
    PROXY_SETTINGS_KEY: (
        "Proxy Settings",
        {
            "buffering_timeout": 15,
            "buffering_speed": 1.0,
            "redis_chunk_ttl": 60,
            "channel_shutdown_delay": 0,
            "channel_init_grace_period": 60,
            "channel_client_wait_period": 5,
            "new_client_behind_seconds": 5,
        },
    ),
    DVR_SETTINGS_KEY: (
        "DVR Settings",
        {
            "tv_template": "TV_Shows/{show}/S{season:02d}E{episode:02d}.mkv",
            "movie_template": "Movies/{title} ({year}).mkv",
            "tv_fallback_dir": "TV_Shows",
            "tv_fallback_template": "TV_Shows/{show}/{start}.mkv",
            "movie_fallback_template": "Movies/{start}.mkv",
            "comskip_enabled": False,
            "comskip_mode": "cut",
            "comskip_custom_path": "",
            "comskip_hw_accel": "none",
            "pre_offset_minutes": 0,
            "post_offset_minutes": 0,
            "series_rules": [],
        },
    ),
    BACKUP_SETTINGS_KEY: (
        "Backup Settings",
        {
            "schedule_enabled": True,
            "schedule_frequency": "daily",
            "schedule_time": "03:00",
            "schedule_day_of_week": 0,
            "retention_count": 3,
            "schedule_cron_expression": "",
        },
    ),
    NETWORK_ACCESS_KEY: ("Network Access", {}),
    USER_LIMITS_SETTINGS_KEY: (
        "User Limit Settings",
        {
            "terminate_on_limit_exceeded": True,
            "prioritize_single_client_channels": True,
            "ignore_same_channel_connections": False,
            "terminate_oldest": True,
        },
    ),
    PLUGIN_REPO_SETTINGS_KEY: ("Plugin Repo Settings", {"refresh_interval_hours": 6}),
}
