import CeleryProtocol
import FoundationEssentials
import GRDB

/// Writes schedules the way django_celery_beat does: shared definitions, and a note in `PeriodicTasks` of every change,
/// by which all schedulers, Celery's own too, learn of it.
///
/// Runs inside the caller's transaction, because most schedules belong to a row that is written with them.
enum PeriodicTasks {
    /// Creates or changes the schedule that refreshes a source, and returns its identifier.
    ///
    /// A cron expression wins over the interval. With neither, the row is kept but off, on an hourly interval: that is
    /// where plugins look for it.
    static func refreshEvery(
        _ db: Database, name: String, task: String, keywordArguments: JSONObject, hours: Int, cron: CronExpression?,
        isActive: Bool
    ) throws -> Int {
        let recurrence: Recurrence =
            if let cron {
                .crontab(cron, timeZone: try SettingsTable.timeZone(db))
            } else {
                .interval(every: max(hours, 1), period: .hours)
            }
        let isEnabled = isActive && (cron != nil || hours > 0)
        if let id = try identifier(db, named: name) {
            try redefine(db, id, as: recurrence)
            try assign(
                db, id, sql: #""task" = ?, "kwargs" = ?, "enabled" = ?"#,
                [task, keywordArguments.pythonText, isEnabled])
            try spread(db, id, recurrence)
            return id
        }
        let definition = try self.definition(db, recurrence)
        try db.execute(
            sql: """
                INSERT INTO "django_celery_beat_periodictask" (
                    "name", "task", "\(definition.column)", "args", "kwargs", "headers", "one_off", "enabled",
                    "total_run_count", "date_changed", "description"
                )
                VALUES (?, ?, ?, '[]', ?, '{}', 0, ?, 0, ?, '')
                """,
            arguments: [
                name, task, definition.id, keywordArguments.pythonText, isEnabled, DjangoTime.text(Date()),
            ])
        let id = Int(db.lastInsertedRowID)
        try spread(db, id, recurrence)
        try noteChange(db)
        return id
    }

    /// Spreads sources that are due at the same minute of the clock, as the setting `refresh_jitter_seconds` has it.
    ///
    /// Fifty of them at 03:00 would begin in one second. What somebody set on the schedule itself stays; intervals need
    /// none, as each counts from a moment of its own.
    private static func spread(_ db: Database, _ id: Int, _ recurrence: Recurrence) throws {
        let seconds = try SettingsTable.values(db, .system)["refresh_jitter_seconds"]?.int ?? 30
        let spread = #"{"skirret": {"jitter_seconds": \#(min(max(seconds, 0), 3600))}}"#
        if case .crontab = recurrence, seconds > 0 {
            try assign(db, id, sql: #""headers" = CASE "headers" WHEN '{}' THEN ? ELSE "headers" END"#, [spread])
        } else {
            try assign(db, id, sql: #""headers" = CASE "headers" WHEN ? THEN '{}' ELSE "headers" END"#, [spread])
        }
    }

    /// Adds the schedule of a draft and returns its identifier.
    static func insert(_ db: Database, _ draft: ScheduleDraft) throws -> Int {
        guard try identifier(db, named: draft.name) == nil else {
            throw CatalogError.duplicate("django_celery_beat_periodictask", name: draft.name)
        }
        let definition = try self.definition(db, draft.recurrence)
        try db.execute(
            sql: """
                INSERT INTO "django_celery_beat_periodictask" (
                    "\(definition.column)", \(Self.columns), "total_run_count", "date_changed"
                )
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)
                """,
            arguments: [definition.id] + values(of: draft) + [DjangoTime.text(Date())])
        let id = Int(db.lastInsertedRowID)
        try noteChange(db)
        return id
    }

    /// Makes a schedule what a draft says.
    static func update(_ db: Database, _ id: Int, _ draft: ScheduleDraft) throws {
        if let other = try identifier(db, named: draft.name), other != id {
            throw CatalogError.duplicate("django_celery_beat_periodictask", name: draft.name)
        }
        try redefine(db, id, as: draft.recurrence)
        try db.execute(
            sql: """
                UPDATE "django_celery_beat_periodictask"
                SET (\(Self.columns), "date_changed") = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE "id" = ?
                """,
            arguments: values(of: draft) + [DjangoTime.text(Date()), id])
        try noteChange(db)
    }

    private static let columns = """
        "name", "task", "args", "kwargs", "queue", "headers", "priority", "expires", "expire_seconds", "one_off",
        "start_time", "enabled", "description"
        """

    private static func values(of draft: ScheduleDraft) -> StatementArguments {
        [
            draft.name, draft.task, JSONValue.array(draft.arguments).text,
            JSONValue.object(draft.keywordArguments).text, draft.queue, JSONValue.object(draft.headers).text,
            draft.priority, draft.expires.map(DjangoTime.text), draft.expireSeconds, draft.isOneOff,
            draft.startTime.map(DjangoTime.text), draft.isEnabled, draft.description,
        ]
    }

    static func delete(_ db: Database, named name: String) throws -> Bool {
        guard let id = try identifier(db, named: name) else { return false }
        for table in ["m3u_m3uaccount", "epg_epgsource"] {
            try db.execute(
                sql: #"UPDATE "\#(table)" SET "refresh_task_id" = NULL WHERE "refresh_task_id" = ?"#, arguments: [id])
        }
        let definition = try currentDefinition(db, id)
        try db.execute(sql: #"DELETE FROM "django_celery_beat_periodictask" WHERE "id" = ?"#, arguments: [id])
        try removeUnused(db, definition)
        try noteChange(db)
        return true
    }

    /// The cron expression that the schedule of that identifier follows, if it follows one.
    static func cronExpression(_ db: Database, ofTask id: Int?) throws -> CronExpression? {
        guard let id, let schedule = try ScheduleTable.fetch(db, where: #"task."id" = ?"#, [id]).first,
            case .crontab(let expression, _) = schedule.recurrence
        else { return nil }
        return expression
    }

    /// Changes columns of a schedule and says so; nothing happens when they hold those values already.
    static func assign(
        _ db: Database, _ id: Int, sql assignments: String, _ values: [(any DatabaseValueConvertible)?] = []
    ) throws {
        try db.execute(
            sql: """
                UPDATE "django_celery_beat_periodictask" SET \(assignments), "date_changed" = ? WHERE "id" = ?
                """,
            arguments: StatementArguments(values) + [DjangoTime.text(Date()), id])
        try noteChange(db)
    }

    /// Gives a schedule another definition, dropping the old one when nobody else uses it.
    static func redefine(_ db: Database, _ id: Int, as recurrence: Recurrence) throws {
        let old = try currentDefinition(db, id)
        let new = try definition(db, recurrence)
        guard old != new else { return }
        let columns = ["interval_id", "crontab_id", "solar_id", "clocked_id"]
        try assign(
            db, id,
            sql: columns.map { "\"\($0)\" = \($0 == new.column ? "\(new.id)" : "NULL")" }.joined(separator: ", "))
        try removeUnused(db, old)
    }

    /// Moves the crontabs of one time zone to another.
    static func moveCrontabs(_ db: Database, from old: String, to new: String) throws {
        try db.execute(
            sql: #"UPDATE "django_celery_beat_crontabschedule" SET "timezone" = ? WHERE "timezone" = ?"#,
            arguments: [new, old])
        if db.changesCount > 0 { try noteChange(db) }
    }

    // MARK: - Definitions

    /// A row of one of the four definition tables, and the column that points at it.
    private struct Definition: Equatable {
        let table: String
        let column: String
        let id: Int
    }

    /// The definition's row, made when there is none like it.
    private static func definition(_ db: Database, _ recurrence: Recurrence) throws -> Definition {
        switch recurrence {
        case .interval(let every, let period):
            guard every > 0 else {
                throw CatalogError.invalid("interval", found: "\(every) \(period.rawValue)", hint: "At least 1.")
            }
            return try definition(db, "interval", ["every": every, "period": period.rawValue])
        case .crontab(let expression, let timeZone):
            return try definition(
                db, "crontab",
                [
                    "minute": expression.minute, "hour": expression.hour, "day_of_month": expression.dayOfMonth,
                    "month_of_year": expression.monthOfYear, "day_of_week": expression.dayOfWeek, "timezone": timeZone,
                ])
        case .clocked(let date):
            return try definition(db, "clocked", ["clocked_time": DjangoTime.text(date)])
        case .solar(let event, let latitude, let longitude):
            return try definition(db, "solar", ["event": event, "latitude": latitude, "longitude": longitude])
        }
    }

    private static func definition(
        _ db: Database, _ kind: String, _ columns: KeyValuePairs<String, any DatabaseValueConvertible>
    ) throws -> Definition {
        let table = "django_celery_beat_\(kind)schedule"
        let values: [(any DatabaseValueConvertible)?] = columns.map(\.value)
        let arguments = StatementArguments(values)
        let condition = columns.map { "\"\($0.key)\" = ?" }.joined(separator: " AND ")
        let found = try Int.fetchOne(
            db, sql: #"SELECT "id" FROM "\#(table)" WHERE \#(condition) ORDER BY "id""#, arguments: arguments)
        if let found { return Definition(table: table, column: "\(kind)_id", id: found) }
        let names = columns.map { "\"\($0.key)\"" }.joined(separator: ", ")
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        try db.execute(sql: #"INSERT INTO "\#(table)" (\#(names)) VALUES (\#(marks))"#, arguments: arguments)
        return Definition(table: table, column: "\(kind)_id", id: Int(db.lastInsertedRowID))
    }

    private static func currentDefinition(_ db: Database, _ id: Int) throws -> Definition? {
        let row = try Row.fetchOne(
            db, sql: #"SELECT * FROM "django_celery_beat_periodictask" WHERE "id" = ?"#, arguments: [id])
        guard let row else { return nil }
        for kind in ["interval", "crontab", "solar", "clocked"] {
            guard let definition = row["\(kind)_id"] as Int? else { continue }
            return Definition(table: "django_celery_beat_\(kind)schedule", column: "\(kind)_id", id: definition)
        }
        return nil
    }

    private static func removeUnused(_ db: Database, _ definition: Definition?) throws {
        guard let definition else { return }
        try db.execute(
            sql: """
                DELETE FROM "\(definition.table)"
                WHERE "id" = ?1 AND NOT EXISTS (
                    SELECT 1 FROM "django_celery_beat_periodictask" WHERE "\(definition.column)" = ?1
                )
                """,
            arguments: [definition.id])
    }

    static func exists(_ db: Database, named name: String) throws -> Bool { try identifier(db, named: name) != nil }

    private static func identifier(_ db: Database, named name: String) throws -> Int? {
        try Int.fetchOne(
            db, sql: #"SELECT "id" FROM "django_celery_beat_periodictask" WHERE "name" = ?"#, arguments: [name])
    }

    private static func noteChange(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO "django_celery_beat_periodictasks" ("ident", "last_update") VALUES (1, ?)
                ON CONFLICT ("ident") DO UPDATE SET "last_update" = excluded."last_update"
                """,
            arguments: [DjangoTime.text(Date())])
    }
}
