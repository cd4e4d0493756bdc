/// The tasks that routes start, as workers know them.
enum TaskNames {
    /// Takes `(key, action, params, files)`.
    static let runAction = "skirret.plugins.run_action"
    /// Takes `(key, resource, params, allow_disabled)`.
    static let resolveResource = "skirret.plugins.resolve_resource"
    /// Takes `(key)`.
    static let describe = "skirret.plugins.describe"
    /// Takes `(key, address, params)`.
    static let fetchAddress = "skirret.plugins.fetch_address"
    /// Takes `(key, reason)`.
    static let stop = "skirret.plugins.stop"
    /// Takes `(key)`.
    static let installRequirements = "skirret.plugins.install_requirements"
    /// Takes `()`.
    static let refreshAllAccounts = "apps.m3u.tasks.refresh_m3u_accounts"
    /// Takes `(account_id)`.
    static let refreshAccount = "apps.m3u.tasks.refresh_single_m3u_account"
    /// Takes `(account_id)`; its groups alone.
    static let readGroups = "apps.m3u.tasks.refresh_m3u_groups"
    /// Takes `(profile_id)`.
    static let refreshAccountInfo = "apps.m3u.tasks.refresh_account_info"
    /// Takes `(account_id)`.
    static let refreshLibrary = "apps.vod.tasks.refresh_vod_content"
    /// Takes `(source_id)`.
    static let readStations = "apps.epg.tasks.fetch_schedules_direct_stations"
    /// Takes `(source_id, force=False)`.
    static let refreshGuide = "apps.epg.tasks.refresh_epg_data"
    /// Takes `(keys)`.
    static let rehashStreams = "core.tasks.rehash_streams"
    /// Takes `()`.
    static let rescheduleRecordings = "apps.channels.tasks.reschedule_upcoming_recordings_for_offset_change"
}
