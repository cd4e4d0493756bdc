package import FoundationEssentials
package import GRDB

/// What people decide about anything that is refreshed.
package protocol SourceDraft: Sendable {
    var name: String { get }
    /// Whether it is refreshed.
    var isActive: Bool { get }
    /// Hours between refreshes; 0 means never by itself.
    var refreshInterval: Int { get }
    /// Wins over the interval.
    var cron: CronExpression? { get }
}

/// A row of a ``SourceTable``.
package protocol SourceRow: Sendable {
    associatedtype Draft: SourceDraft
    /// What people decided.
    var draft: Draft { get }
    /// Its row in `django_celery_beat_periodictask`.
    var refreshTaskID: Int? { get }
}

/// A table of playlists or guides: each with a name of its own, a status and a schedule.
package protocol SourceTable: Sendable {
    associatedtype Source: SourceRow
    typealias Draft = Source.Draft
    static var table: String { get }
    var pool: DatabasePool { get }

    /// The sources that this condition holds for.
    static func fetch(_ db: Database, where condition: String, _ arguments: StatementArguments) throws -> [Source]
    /// Refuses values that no column may have.
    static func check(_ draft: Draft) throws(CatalogError)
    /// The columns of a draft that differ from those of another one.
    static func changes(from old: Draft?, to new: Draft) -> RowChanges
    /// Writes the schedule of a source, and its identifier into the row.
    static func schedule(_ db: Database, _ id: Int, _ draft: Draft) throws
    /// Whether a changed draft asks for another schedule, beside its interval, its crontab and its switch.
    static func needsAnotherSchedule(_ old: Draft, _ new: Draft) -> Bool
    /// Makes what belongs to a source beside its row and its schedule; `old` is nil when the source is new.
    static func complete(_ db: Database, _ id: Int, from old: Draft?, to new: Draft) throws
}

extension SourceTable {
    /// Every source, by identifier.
    package func all() async throws -> [Source] {
        try await pool.read { try Self.fetch($0, where: #"1 ORDER BY "\#(Self.table)"."id""#, []) }
    }

    /// The source with that identifier, or nil.
    package func find(_ id: Int) async throws -> Source? {
        try await pool.read { try Self.fetch($0, where: #""\#(Self.table)"."id" = ?"#, [id]).first }
    }

    /// Makes a source, its schedule and what else belongs to it.
    ///
    /// - Throws: ``CatalogError`` `duplicate` or `invalidValue`.
    package func create(_ draft: Draft) async throws -> Source {
        try Self.check(draft)
        return try await pool.write { db in
            guard try !db.isTaken(draft.name, in: Self.table) else {
                throw CatalogError.duplicate(Self.table, name: draft.name)
            }
            var changes = Self.changes(from: nil, to: draft)
            changes.set("created_at", DjangoTime.text(Date()))
            changes.set("status", SourceStatus.idle.rawValue)
            let id = try changes.insert(db, table: Self.table)
            try Self.schedule(db, id, draft)
            try Self.complete(db, id, from: nil, to: draft)
            return try Self.get(db, id)
        }
    }

    /// Changes a source.
    ///
    /// The closure gets the row as it is inside the transaction, so two changes never undo each other. Switching it
    /// off or on also sets its status to `disabled` or `idle`.
    ///
    /// - Throws: ``CatalogError`` `notFound`, `duplicate` or `invalidValue`.
    @discardableResult
    package func update(_ id: Int, _ change: @Sendable (inout Draft) -> Void) async throws -> Source {
        try await pool.write { db in
            let source = try Self.get(db, id)
            let old = source.draft
            var draft = old
            change(&draft)
            try Self.check(draft)
            guard try !db.isTaken(draft.name, in: Self.table, except: id) else {
                throw CatalogError.duplicate(Self.table, name: draft.name)
            }
            var changes = Self.changes(from: old, to: draft)
            if draft.isActive != old.isActive {
                changes.set("status", (draft.isActive ? SourceStatus.idle : .disabled).rawValue)
            }
            try changes.update(db, table: Self.table, id: id)
            if (draft.refreshInterval, draft.cron, draft.isActive) != (old.refreshInterval, old.cron, old.isActive)
                || Self.needsAnotherSchedule(old, draft) || source.refreshTaskID == nil
            {
                try Self.schedule(db, id, draft)
            }
            try Self.complete(db, id, from: old, to: draft)
            return try Self.get(db, id)
        }
    }

    /// Says where a refresh stands; what is nil stays as it is.
    ///
    /// - Parameters:
    ///   - id: Which source; nothing happens when it is gone.
    ///   - status: The new status.
    ///   - message: The new `last_message`.
    ///   - updatedAt: When it was refreshed.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    package func report(
        _ id: Int, status: SourceStatus? = nil, message: String? = nil, updatedAt: Date? = nil
    ) async throws {
        try await pool.write { db in
            var changes = RowChanges()
            if let status { changes.set("status", status.rawValue) }
            if let message { changes.set("last_message", message) }
            if let updatedAt { changes.set("updated_at", DjangoTime.text(updatedAt)) }
            try changes.update(db, table: Self.table, id: id)
        }
    }

    package static func get(_ db: Database, _ id: Int) throws -> Source {
        guard let source = try fetch(db, where: #""\#(table)"."id" = ?"#, [id]).first else {
            throw CatalogError.notFound(table, id)
        }
        return source
    }
}
