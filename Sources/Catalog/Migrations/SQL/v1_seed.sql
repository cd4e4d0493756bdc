-- The rows that every installation starts with. Identifiers that settings point at are given; the rest follow.

-- Migrations of the Django apps whose tables are above: Django finds nothing left to do.
INSERT INTO "django_migrations" ("app", "name", "applied")
SELECT "app", "name", strftime('%Y-%m-%d %H:%M:%f000', 'now')
FROM (
    SELECT 'contenttypes' AS "app", '0001_initial' AS "name"
    UNION ALL SELECT 'contenttypes', '0002_remove_content_type_name'
    UNION ALL SELECT 'auth', '0001_initial'
    UNION ALL SELECT 'auth', '0002_alter_permission_name_max_length'
    UNION ALL SELECT 'auth', '0003_alter_user_email_max_length'
    UNION ALL SELECT 'auth', '0004_alter_user_username_opts'
    UNION ALL SELECT 'auth', '0005_alter_user_last_login_null'
    UNION ALL SELECT 'auth', '0006_require_contenttypes_0002'
    UNION ALL SELECT 'auth', '0007_alter_validators_add_error_messages'
    UNION ALL SELECT 'auth', '0008_alter_user_username_max_length'
    UNION ALL SELECT 'auth', '0009_alter_user_last_name_max_length'
    UNION ALL SELECT 'auth', '0010_alter_group_name_max_length'
    UNION ALL SELECT 'auth', '0011_update_proxy_permissions'
    UNION ALL SELECT 'auth', '0012_alter_user_first_name_max_length'
    UNION ALL SELECT 'django_celery_beat', '0001_initial'
    UNION ALL SELECT 'django_celery_beat', '0002_auto_20161118_0346'
    UNION ALL SELECT 'django_celery_beat', '0003_auto_20161209_0049'
    UNION ALL SELECT 'django_celery_beat', '0004_auto_20170221_0000'
    UNION ALL SELECT 'django_celery_beat', '0005_add_solarschedule_events_choices'
    UNION ALL SELECT 'django_celery_beat', '0006_auto_20180322_0932'
    UNION ALL SELECT 'django_celery_beat', '0007_auto_20180521_0826'
    UNION ALL SELECT 'django_celery_beat', '0008_auto_20180914_1922'
    UNION ALL SELECT 'django_celery_beat', '0006_auto_20180210_1226'
    UNION ALL SELECT 'django_celery_beat', '0006_periodictask_priority'
    UNION ALL SELECT 'django_celery_beat', '0009_periodictask_headers'
    UNION ALL SELECT 'django_celery_beat', '0010_auto_20190429_0326'
    UNION ALL SELECT 'django_celery_beat', '0011_auto_20190508_0153'
    UNION ALL SELECT 'django_celery_beat', '0012_periodictask_expire_seconds'
    UNION ALL SELECT 'django_celery_beat', '0013_auto_20200609_0727'
    UNION ALL SELECT 'django_celery_beat', '0014_remove_clockedschedule_enabled'
    UNION ALL SELECT 'django_celery_beat', '0015_edit_solarschedule_events_choices'
    UNION ALL SELECT 'django_celery_beat', '0016_alter_crontabschedule_timezone'
    UNION ALL SELECT 'django_celery_beat', '0017_alter_crontabschedule_month_of_year'
    UNION ALL SELECT 'django_celery_beat', '0018_improve_crontab_helptext'
    UNION ALL SELECT 'django_celery_beat', '0019_alter_periodictasks_options'
);

-- Whoever changes a schedule writes the time here; see Schedules.
INSERT INTO "django_celery_beat_periodictasks" ("ident", "last_update")
VALUES (1, strftime('%Y-%m-%d %H:%M:%f000', 'now'));

INSERT INTO "core_useragent" ("id", "name", "user_agent", "description", "is_active", "created_at", "updated_at")
VALUES
    (
        1, 'TiviMate',
        'TiviMate/5.1.6 (Android 12)',
        '', 1,
        strftime('%Y-%m-%d %H:%M:%f000', 'now'), strftime('%Y-%m-%d %H:%M:%f000', 'now')
    ),
    (
        2, 'VLC',
        'VLC/3.0.21 LibVLC/3.0.21',
        '', 1,
        strftime('%Y-%m-%d %H:%M:%f000', 'now'), strftime('%Y-%m-%d %H:%M:%f000', 'now')
    ),
    (
        3, 'Chrome',
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
        '', 1,
        strftime('%Y-%m-%d %H:%M:%f000', 'now'), strftime('%Y-%m-%d %H:%M:%f000', 'now')
    );

INSERT INTO "core_streamprofile" ("id", "name", "command", "parameters", "locked", "is_active", "user_agent_id")
VALUES
    (1, 'ffmpeg', 'ffmpeg',
        '-user_agent {userAgent} -i {streamUrl} -c copy -f mpegts pipe:1',
        1, 1, NULL),
    (2, 'streamlink', 'streamlink',
        '{streamUrl} --http-header User-Agent={userAgent} best --stdout',
        1, 1, NULL),
    (3, 'Proxy', '',
        '',
        1, 1, NULL),
    (4, 'Redirect', '',
        '',
        1, 1, NULL),
    (5, 'VLC', 'cvlc',
        '-vv -I dummy --no-video-title-show --http-user-agent {userAgent} {streamUrl} --sout #standard{access=file,mux=ts,dst=-}',
        1, 1, NULL);

INSERT INTO "core_outputprofile" ("id", "name", "command", "parameters", "locked", "is_active")
VALUES
    (1, 'Media Server (AC3 Audio)', 'ffmpeg',
        '-i pipe:0 -map 0 -c:v copy -c:a ac3 -b:a 384k -f mpegts pipe:1',
        1, 1),
    (2, 'Web Player (AAC Audio)', 'ffmpeg',
        '-i pipe:0 -map 0:v:0 -map 0:a:0 -c:v copy -c:a aac -b:a 192k -ac 2 -f mpegts pipe:1',
        1, 1);

-- The account that owns streams made by hand. Accounts that people add get identifiers from 2.
INSERT INTO "m3u_m3uaccount" (
    "id", "name", "max_streams", "is_active", "created_at", "status", "locked", "account_type",
    "custom_properties", "refresh_interval", "stale_stream_days", "priority"
)
VALUES (1, 'custom', 0, 1, strftime('%Y-%m-%d %H:%M:%f000', 'now'), 'idle', 1, 'STD', '{}', 0, 7, 0);

INSERT INTO "plugins_pluginrepo" (
    "name", "url", "is_official", "enabled", "cached_manifest", "public_key",
    "last_fetch_status", "created_at", "updated_at"
)
VALUES (
    'Dispatcharr Official', 'https://raw.githubusercontent.com/Dispatcharr/Plugins/releases/manifest.json',
    1, 1, '{}', '', '',
    strftime('%Y-%m-%d %H:%M:%f000', 'now'), strftime('%Y-%m-%d %H:%M:%f000', 'now')
);

-- One row per settings group.
INSERT INTO "core_coresettings" ("key", "name", "value")
VALUES
    ('stream_settings', 'Stream Settings', json('{
        "default_user_agent": 1,
        "default_stream_profile": 1,
        "m3u_hash_key": "url",
        "default_output_format": "mpegts",
        "hdhr_output_profile_id": null
    }')),
    ('system_settings', 'System Settings', json('{
        "time_zone": "UTC",
        "max_system_events": 100,
        "preferred_region": "us",
        "auto_import_mapped_files": true,
        "enable_ip_lookup": true,
        "catchup_enabled": true
    }')),
    ('epg_settings', 'EPG Settings', json('{
        "epg_match_mode": "default",
        "epg_match_ignore_prefixes": [],
        "epg_match_ignore_suffixes": [],
        "epg_match_ignore_custom": []
    }')),
    ('proxy_settings', 'Proxy Settings', json('{
        "buffering_timeout": 15,
        "buffering_speed": 1.0,
        "redis_chunk_ttl": 60,
        "channel_shutdown_delay": 0,
        "channel_init_grace_period": 60,
        "channel_client_wait_period": 5,
        "new_client_behind_seconds": 5
    }')),
    ('dvr_settings', 'DVR Settings', json('{
        "tv_template": "TV_Shows/{show}/S{season:02d}E{episode:02d}.mkv",
        "movie_template": "Movies/{title} ({year}).mkv",
        "tv_fallback_dir": "TV_Shows",
        "tv_fallback_template": "TV_Shows/{show}/{start}.mkv",
        "movie_fallback_template": "Movies/{start}.mkv",
        "comskip_enabled": false,
        "comskip_mode": "cut",
        "comskip_custom_path": "",
        "comskip_hw_accel": "none",
        "pre_offset_minutes": 0,
        "post_offset_minutes": 0,
        "series_rules": []
    }')),
    ('backup_settings', 'Backup Settings', json('{
        "schedule_enabled": true,
        "schedule_frequency": "daily",
        "schedule_time": "03:00",
        "schedule_day_of_week": 0,
        "retention_count": 3,
        "schedule_cron_expression": ""
    }')),
    ('network_access', 'Network Access', '{}'),
    ('user_limit_settings', 'User Limit Settings', json('{
        "terminate_on_limit_exceeded": true,
        "prioritize_single_client_channels": true,
        "ignore_same_channel_connections": false,
        "terminate_oldest": true
    }')),
    ('plugin_repo_settings', 'Plugin Repo Settings', json('{
        "refresh_interval_hours": 6
    }'));
