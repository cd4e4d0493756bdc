import CeleryProtocol
import GRDB

// When backups are made: `backup_settings`, and the schedule that follows it.
extension SettingsTable {
    /// The schedule's name, Dispatcharr's.
    public static let backupScheduleName = "backup-scheduled-task"
    private static let backupTask = "apps.backups.tasks.scheduled_backup_task"
    /// What holds where the group says nothing: every night at three, the newest three kept.
    private static let usualBackupsKept = 3

    /// Makes the schedule of backups agree with the settings, which a restored or an older database may lack.
    ///
    /// Writes nothing when it does. A schedule that is there stays as it is: whoever has switched it off has meant it.
    public func scheduleBackups() async throws {
        let agrees = try await pool.read { db in
            try Self.wantsBackups(Self.values(db, .backup))
                == PeriodicTasks.exists(db, named: Self.backupScheduleName)
        }
        guard !agrees else { return }
        try await pool.write { db in try Self.followBackups(db) }
    }

    /// Moves the schedule along with settings that were saved a moment ago, in the same transaction.
    static func followBackups(_ db: Database) throws {
        let settings = try values(db, .backup)
        guard wantsBackups(settings) else {
            _ = try PeriodicTasks.delete(db, named: backupScheduleName)
            return
        }
        let kept = settings["retention_count"]?.int ?? usualBackupsKept
        _ = try PeriodicTasks.refreshEvery(
            db, name: backupScheduleName, task: backupTask, keywordArguments: ["retention_count": .int(max(0, kept))],
            hours: 0, cron: backupTimes(settings), isActive: true)
    }

    private static func wantsBackups(_ settings: JSONObject) -> Bool { settings["schedule_enabled"]?.bool ?? true }

    /// An expression of its own wins; otherwise once a day or a week at a time of the day.
    private static func backupTimes(_ settings: JSONObject) -> CronExpression {
        // try?: it was checked when it was saved; what another program has written there is left aside.
        if let text = settings["schedule_cron_expression"]?.string, let own = try? CronExpression(parsing: text) {
            return own
        }
        let time = (settings["schedule_time"]?.string ?? "").split(separator: ":").compactMap { Int($0) }
        let isTime = time.count == 2 && 0...23 ~= time[0] && 0...59 ~= time[1]
        let day = settings["schedule_day_of_week"]?.int.flatMap { 0...6 ~= $0 ? $0 : nil } ?? 0
        let isWeekly = settings["schedule_frequency"] == "weekly"
        return CronExpression(
            minute: String(isTime ? time[1] : 0), hour: String(isTime ? time[0] : 3), dayOfMonth: "*",
            monthOfYear: "*", dayOfWeek: isWeekly ? String(day) : "*")
    }

    /// - Throws: `invalidValue` for an expression that no schedule could have.
    static func checkBackupTimes(_ settings: JSONObject) throws(CatalogError) {
        guard let text = settings["schedule_cron_expression"]?.string, !text.isEmpty else { return }
        _ = try CronExpression(parsing: text)
    }
}
