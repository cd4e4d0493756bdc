public import FoundationEssentials
import GRDB

/// `django_celery_beat_periodictask` and its definitions: what beat reads, and what people change.
public struct ScheduleTable: Sendable {
    let pool: DatabasePool
    let path: String

    /// A text that is another one after a schedule was changed or has fired.
    ///
    /// Reads the table once, and nothing of its larger columns but their lengths.
    public func mark() async throws -> String {
        try await pool.read { db in
            let fired = try String.fetchOne(
                db, sql: #"SELECT ifnull(max("last_run_at"), '') FROM "django_celery_beat_periodictask""#)
            return try ScheduleWatch.fingerprint(db) + " " + (fired ?? "")
        }
    }

    /// Every schedule, by name.
    public func all() async throws -> [Schedule] {
        try await pool.read { try Self.fetch($0, where: "1") }
    }

    /// The schedules that may fire, by name.
    public func enabled() async throws -> [Schedule] {
        try await pool.read { try Self.fetch($0, where: #"task."enabled""#) }
    }

    /// The schedule with that identifier, or nil.
    public func find(_ id: Int) async throws -> Schedule? {
        try await pool.read { try Self.fetch($0, where: #"task."id" = ?"#, [id]).first }
    }

    /// The schedule with that name, or nil.
    public func find(named name: String) async throws -> Schedule? {
        try await pool.read { try Self.fetch($0, where: #"task."name" = ?"#, [name]).first }
    }

    /// A cheap way to learn of changes by any process, for beat to ask every second.
    ///
    /// - Throws: A `DatabaseError` when the connection it keeps for that cannot be opened.
    public func watch() async throws -> ScheduleWatch {
        let path = path
        return try await blocking { try ScheduleWatch(path: path) }
    }

    /// Notes what fired, all of it or nothing.
    ///
    /// Not a change: neither `date_changed` nor the watch moves, unless a schedule is over. Then it is switched off, and
    /// the counter of a one-off goes back to zero, as django_celery_beat does it: switched on again it fires again.
    ///
    /// - Parameter firings: Names that exist no more are passed over.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func record(_ firings: [ScheduleFirings]) async throws {
        try await pool.write { db in
            for firing in firings {
                guard let schedule = try Self.fetch(db, where: #"task."name" = ?"#, [firing.name]).first else {
                    continue
                }
                if firing.count > 0 {
                    try db.execute(
                        sql: """
                            UPDATE "django_celery_beat_periodictask"
                            SET "last_run_at" = ?, "total_run_count" = "total_run_count" + ?
                            WHERE "id" = ?
                            """,
                        arguments: [DjangoTime.text(firing.lastRunAt), firing.count, schedule.id])
                }
                guard firing.isOver else { continue }
                let counter = schedule.isOneOff ? #", "total_run_count" = 0"# : ""
                try PeriodicTasks.assign(db, schedule.id, sql: #""enabled" = 0"# + counter)
            }
        }
    }

    /// Switches a schedule on or off, or gives it another definition.
    ///
    /// - Throws: ``CatalogError`` `notFound`, or `invalidValue` for an interval below 1.
    @discardableResult
    public func update(_ id: Int, isEnabled: Bool? = nil, recurrence: Recurrence? = nil) async throws -> Schedule {
        try await pool.write { db in
            guard try !Self.fetch(db, where: #"task."id" = ?"#, [id]).isEmpty else {
                throw CatalogError.notFound("django_celery_beat_periodictask", id)
            }
            if let recurrence { try PeriodicTasks.redefine(db, id, as: recurrence) }
            if let isEnabled { try PeriodicTasks.assign(db, id, sql: #""enabled" = ?"#, [isEnabled]) }
            guard let schedule = try Self.fetch(db, where: #"task."id" = ?"#, [id]).first else {
                throw CatalogError.notFound("django_celery_beat_periodictask", id)
            }
            return schedule
        }
    }

    /// Adds a schedule.
    ///
    /// - Throws: ``CatalogError`` `duplicate` for a name that is taken, `invalidValue` for an interval below 1.
    @discardableResult
    public func create(_ draft: ScheduleDraft) async throws -> Schedule {
        try await pool.write { db in
            let id = try PeriodicTasks.insert(db, draft)
            return try Self.found(db, id)
        }
    }

    /// Adds the schedules whose names are not there yet; those that are stay as people left them.
    ///
    /// - Returns: The names that were added.
    @discardableResult
    public func addMissing(_ drafts: [ScheduleDraft]) async throws -> [String] {
        // Asked first without the lock: as a rule there is nothing to write.
        let known = Set(try await all().map(\.name))
        let missing = drafts.filter { !known.contains($0.name) }
        guard !missing.isEmpty else { return [] }
        return try await pool.write { db in
            try missing.compactMap { draft in
                // Another beat may have been as fast.
                guard try Self.fetch(db, where: #"task."name" = ?"#, [draft.name]).isEmpty else { return nil }
                _ = try PeriodicTasks.insert(db, draft)
                return draft.name
            }
        }
    }

    /// Changes a schedule as the body says; what it is given is the row as it stands.
    ///
    /// - Throws: ``CatalogError`` `notFound`, `duplicate`, `invalidValue`, and what the body throws.
    @discardableResult
    public func change(
        _ id: Int, _ body: @escaping @Sendable (Schedule) throws -> ScheduleDraft
    ) async throws -> Schedule {
        try await pool.write { db in
            try PeriodicTasks.update(db, id, try body(try Self.found(db, id)))
            return try Self.found(db, id)
        }
    }

    /// Removes a schedule and a definition that nobody else uses.
    ///
    /// - Throws: ``CatalogError`` `notFound`; `locked` for the schedule of a source, which goes with its source.
    public func delete(_ id: Int) async throws {
        try await pool.write { db in
            let schedule = try Self.found(db, id)
            for table in ["m3u_m3uaccount", "epg_epgsource"] {
                let source = try Int.fetchOne(
                    db, sql: #"SELECT "id" FROM "\#(table)" WHERE "refresh_task_id" = ?"#, arguments: [id])
                guard source == nil else {
                    throw CatalogError(
                        code: .locked, place: "schedule \(id)", found: "it refreshes source \(source ?? 0)",
                        hint: "Switch it off, or set the source's refresh_interval to 0.")
                }
            }
            _ = try PeriodicTasks.delete(db, named: schedule.name)
        }
    }

    private static func found(_ db: Database, _ id: Int) throws -> Schedule {
        guard let schedule = try fetch(db, where: #"task."id" = ?"#, [id]).first else {
            throw CatalogError.notFound("django_celery_beat_periodictask", id)
        }
        return schedule
    }

    /// Removes the schedule with that name and a definition that nobody else uses; false when there is none.
    @discardableResult
    public func delete(named name: String) async throws -> Bool {
        try await pool.write { try PeriodicTasks.delete($0, named: name) }
    }

    static func fetch(
        _ db: Database, where condition: String, _ arguments: StatementArguments = []
    ) throws -> [Schedule] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT task.*,
                    interval."every" AS "interval_every", interval."period" AS "interval_period",
                    crontab."minute" AS "crontab_minute", crontab."hour" AS "crontab_hour",
                    crontab."day_of_month" AS "crontab_day_of_month",
                    crontab."month_of_year" AS "crontab_month_of_year",
                    crontab."day_of_week" AS "crontab_day_of_week", crontab."timezone" AS "crontab_timezone",
                    solar."event" AS "solar_event", solar."latitude" AS "solar_latitude",
                    solar."longitude" AS "solar_longitude", clocked."clocked_time" AS "clocked_time"
                FROM "django_celery_beat_periodictask" AS task
                LEFT JOIN "django_celery_beat_intervalschedule" AS interval ON interval."id" = task."interval_id"
                LEFT JOIN "django_celery_beat_crontabschedule" AS crontab ON crontab."id" = task."crontab_id"
                LEFT JOIN "django_celery_beat_solarschedule" AS solar ON solar."id" = task."solar_id"
                LEFT JOIN "django_celery_beat_clockedschedule" AS clocked ON clocked."id" = task."clocked_id"
                WHERE \(condition)
                ORDER BY task."name"
                """,
            arguments: arguments
        ).map(Schedule.init)
    }
}

/// What happened to one schedule since the database was last told.
public struct ScheduleFirings: Sendable {
    /// The row's name.
    public var name: String
    /// When it fired last.
    public var lastRunAt: Date
    /// How often it fired.
    public var count: Int
    /// Whether it fires no more.
    public var isOver: Bool

    /// Firings of one schedule.
    public init(name: String, lastRunAt: Date, count: Int, isOver: Bool = false) {
        self.name = name
        self.lastRunAt = lastRunAt
        self.count = count
        self.isOver = isOver
    }
}
