import Catalog
import CeleryProtocol

/// What the settings of each group may be.
///
/// A setting without a rule may be anything: later versions and plugins have settings of their own.
enum SettingsRules {
    /// What is wrong with settings that somebody wants to save, each with its name and what it may be.
    static func faults(_ settings: JSONObject, of group: SettingsGroup) -> [String] {
        settings.compactMap { name, value in
            guard let rule = rules[group]?[name] ?? (group == .network ? .networks : nil), !rule.accepts(value) else {
                return nil
            }
            return "\(group.rawValue).\(name): expected \(rule.expected), got \(value.text.prefix(60))"
        }
    }

    private static let rules: [SettingsGroup: [String: SettingsRule]] = [
        .streams: [
            "default_user_agent": .reference, "default_stream_profile": .reference, "m3u_hash_key": .hashKeys,
            "default_output_format": .text(atMost: 50, atLeast: 1), "hdhr_output_profile_id": .reference,
        ],
        .system: [
            "time_zone": .timeZone, "max_system_events": .integer(1...100_000),
            "preferred_region": .optional(.text(atMost: 16)), "auto_import_mapped_files": .flag,
            "enable_ip_lookup": .flag, "catchup_enabled": .flag,
        ],
        .epg: [
            "epg_match_mode": .choice(["default", "advanced"]), "epg_match_ignore_prefixes": words,
            "epg_match_ignore_suffixes": words, "epg_match_ignore_custom": words,
        ],
        .proxy: [
            "buffering_timeout": .integer(0...300), "buffering_speed": .number(0.1...10),
            "redis_chunk_ttl": .integer(10...3600), "channel_shutdown_delay": .integer(0...300),
            "channel_init_grace_period": .integer(0...300), "channel_client_wait_period": .integer(0...300),
            "new_client_behind_seconds": .integer(0...300),
        ],
        .dvr: [
            "tv_template": template, "movie_template": template, "tv_fallback_dir": .text(atMost: 500),
            "tv_fallback_template": template, "movie_fallback_template": template, "comskip_enabled": .flag,
            "comskip_mode": .text(atMost: 50), "comskip_custom_path": .text(atMost: 1000),
            "comskip_hw_accel": .text(atMost: 50), "pre_offset_minutes": .integer(0...1440),
            "post_offset_minutes": .integer(0...1440),
            "series_rules": .list(of: SettingsRule("an object") { $0.object != nil }, atMost: 10_000),
        ],
        .backup: [
            "schedule_enabled": .flag, "schedule_frequency": .choice(["daily", "weekly"]), "schedule_time": .time,
            "schedule_day_of_week": .integer(0...6), "retention_count": .integer(0...10_000),
            "schedule_cron_expression": .crontab,
        ],
        .userLimits: [
            "terminate_on_limit_exceeded": .flag, "prioritize_single_client_channels": .flag,
            "ignore_same_channel_connections": .flag, "terminate_oldest": .flag,
        ],
        .pluginRepositories: ["refresh_interval_hours": .integer(0...8760)],
    ]

    private static let words = SettingsRule.list(of: .text(atMost: 200), atMost: 1000)
    private static let template = SettingsRule.text(atMost: 1000, atLeast: 1)
}
