import CeleryProtocol
import GRDB

// How often repositories are read: `plugin_repo_settings`, and the schedule that follows it.
extension PluginRepositoryTable {
    /// The schedule's name, Dispatcharr's.
    public static let scheduleName = "plugin-repo-refresh-task"
    private static let task = "apps.plugins.tasks.refresh_plugin_repos"
    private static let setting = "refresh_interval_hours"
    /// Four times a day.
    private static let usualHours = 6

    /// Hours between two readings of all repositories; 0 for never, 6 unless somebody has said otherwise.
    public func refreshHours() async throws -> Int {
        try await pool.read { try Self.hours($0) }
    }

    /// Sets the hours and moves the schedule along; the group's other settings stay.
    ///
    /// - Parameter hours: 0 for never; at most a year, what is more counts as one.
    /// - Returns: What holds now.
    /// - Throws: What the database throws.
    @discardableResult
    public func setRefreshHours(_ hours: Int) async throws -> Int {
        let hours = min(max(0, hours), 24 * 365)
        return try await pool.write { db in
            let values = try SettingsTable.values(db, .pluginRepositories).merging([Self.setting: .int(hours)])
            try SettingsTable.replace(db, .pluginRepositories, with: values)
            try Self.schedule(db, hours: hours)
            return hours
        }
    }

    /// Makes the schedule agree with the setting, which a restored or an older database may lack.
    ///
    /// Writes nothing when it does.
    public func schedule() async throws {
        let agrees = try await pool.read { db in
            try (Self.hours(db) > 0) == PeriodicTasks.exists(db, named: Self.scheduleName)
        }
        guard !agrees else { return }
        try await pool.write { db in try Self.follow(db) }
    }

    /// Moves the schedule along with a setting that was saved a moment ago, in the same transaction.
    static func follow(_ db: Database) throws { try schedule(db, hours: hours(db)) }

    private static func schedule(_ db: Database, hours: Int) throws {
        guard hours > 0 else {
            _ = try PeriodicTasks.delete(db, named: scheduleName)
            return
        }
        _ = try PeriodicTasks.refreshEvery(
            db, name: scheduleName, task: task, keywordArguments: [:], hours: hours, cron: nil, isActive: true)
    }

    private static func hours(_ db: Database) throws -> Int {
        let value = try SettingsTable.values(db, .pluginRepositories)[setting]
        return value?.int ?? value?.string.flatMap { Int($0) } ?? usualHours
    }
}
