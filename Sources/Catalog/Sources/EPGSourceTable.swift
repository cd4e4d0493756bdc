import CeleryProtocol
public import FoundationEssentials
import GRDB

/// `epg_epgsource`, and the schedule of each source.
public struct EPGSourceTable: Sendable {
    let pool: DatabasePool
    static let table = "epg_epgsource"

    /// Every source, by identifier.
    public func all() async throws -> [EPGSource] {
        try await pool.read { try Self.fetch($0, where: "1 ORDER BY source.\"id\"") }
    }

    /// The source with that identifier, or nil.
    public func find(_ id: Int) async throws -> EPGSource? {
        try await pool.read { try Self.fetch($0, where: #"source."id" = ?"#, [id]).first }
    }

    /// The sources that a refresh of all goes through: active and not of the kind `dummy`.
    public func refreshableIDs() async throws -> [Int] {
        try await pool.read { db in
            try Int.fetchAll(
                db,
                sql: #"SELECT "id" FROM "epg_epgsource" WHERE "is_active" AND "source_type" <> 'dummy' ORDER BY "id""#)
        }
    }

    /// Makes a source and its schedule.
    ///
    /// - Throws: ``CatalogError`` `duplicate` or `invalidValue`.
    public func create(_ draft: EPGSourceDraft) async throws -> EPGSource {
        try Self.check(draft)
        return try await pool.write { db in
            guard try !db.isTaken(draft.name, in: Self.table) else {
                throw CatalogError.duplicate(Self.table, name: draft.name)
            }
            var changes = RowChanges()
            Self.assign(draft, over: nil, to: &changes)
            changes.set("created_at", DjangoTime.text(Date()))
            changes.set("status", SourceStatus.idle.rawValue)
            let id = try changes.insert(db, table: Self.table)
            try Self.schedule(db, id, draft)
            try DummyGuide.make(db, source: id, draft)
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
    public func update(_ id: Int, _ change: @Sendable (inout EPGSourceDraft) -> Void) async throws -> EPGSource {
        try await pool.write { db in
            let source = try Self.get(db, id)
            var draft = source.draft
            change(&draft)
            try Self.check(draft)
            guard try !db.isTaken(draft.name, in: Self.table, except: id) else {
                throw CatalogError.duplicate(Self.table, name: draft.name)
            }
            var changes = RowChanges()
            Self.assign(draft, over: source.draft, to: &changes)
            if draft.isActive != source.draft.isActive {
                changes.set("status", (draft.isActive ? SourceStatus.idle : .disabled).rawValue)
            }
            try changes.update(db, table: Self.table, id: id)
            let old = source.draft
            if (draft.refreshInterval, draft.cron, draft.isActive) != (old.refreshInterval, old.cron, old.isActive)
                || draft.kind != old.kind || source.refreshTaskID == nil
            {
                try Self.schedule(db, id, draft)
            }
            if (draft.name, draft.kind) != (old.name, old.kind) { try DummyGuide.make(db, source: id, draft) }
            return try Self.get(db, id)
        }
    }

    /// Says where a refresh stands; what is nil stays as it is.
    ///
    /// - Parameters:
    ///   - id: Which source; nothing happens when it is gone.
    ///   - status: The new status.
    ///   - message: The new `last_message`.
    ///   - updatedAt: When the guide was refreshed.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func report(
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

    /// Removes a source with its guide's channels, their programmes and its schedule.
    ///
    /// Our channels lose their guide.
    ///
    /// - Throws: ``CatalogError`` `notFound`.
    public func delete(_ id: Int) async throws {
        try await pool.write { db in
            _ = try Self.get(db, id)
            _ = try PeriodicTasks.delete(db, named: Self.scheduleName(id))
            try FetchedFileRow.forget(db, .guide, id)
            // Children before parents; `?1` is the source.
            let guideChannels = #"(SELECT "id" FROM "epg_epgdata" WHERE "epg_source_id" = ?1)"#
            for statement in [
                #"UPDATE "dispatcharr_channels_channel" SET "epg_data_id" = NULL WHERE "epg_data_id" IN \#(guideChannels)"#,
                #"UPDATE "dispatcharr_channels_channeloverride" SET "epg_data_id" = NULL WHERE "epg_data_id" IN \#(guideChannels)"#,
                #"DELETE FROM "epg_programdata" WHERE "epg_id" IN \#(guideChannels)"#,
                #"DELETE FROM "epg_epgdata" WHERE "epg_source_id" = ?1"#,
                #"DELETE FROM "epg_epgsourceindex" WHERE "source_id" = ?1"#,
                #"DELETE FROM "epg_sdschedulemd5" WHERE "epg_source_id" = ?1"#,
                #"DELETE FROM "epg_sdprogrammd5" WHERE "epg_source_id" = ?1"#,
                #"DELETE FROM "epg_epgsource" WHERE "id" = ?1"#,
            ] {
                try db.execute(sql: statement, arguments: [id])
            }
        }
    }
}

extension EPGSourceTable {
    static func get(_ db: Database, _ id: Int) throws -> EPGSource {
        guard let source = try fetch(db, where: #"source."id" = ?"#, [id]).first else {
            throw CatalogError.notFound(table, id)
        }
        return source
    }

    /// A guide channel is mapped when a channel, or what somebody set over it, shows its programmes.
    static let isMapped = """
        (EXISTS (SELECT 1 FROM "dispatcharr_channels_channel" WHERE "epg_data_id" = guide."id")
        OR EXISTS (SELECT 1 FROM "dispatcharr_channels_channeloverride" WHERE "epg_data_id" = guide."id"))
        """

    private static func fetch(
        _ db: Database, where condition: String, _ arguments: StatementArguments = []
    ) throws -> [EPGSource] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT source.*,
                    (SELECT count(*) FROM "epg_epgdata" WHERE "epg_source_id" = source."id") AS "channel_count",
                    EXISTS (
                        SELECT 1 FROM "epg_epgdata" AS guide WHERE guide."epg_source_id" = source."id" AND \(isMapped)
                    ) AS "is_mapped"
                FROM "epg_epgsource" AS source WHERE \(condition)
                """,
            arguments: arguments
        ).map { EPGSource($0, cron: try PeriodicTasks.cronExpression(db, ofTask: $0["refresh_task_id"])) }
    }

    private static func scheduleName(_ id: Int) -> String { "epg_source-refresh-\(id)" }

    private static func schedule(_ db: Database, _ id: Int, _ draft: EPGSourceDraft) throws {
        guard draft.kind != .dummy else {
            _ = try PeriodicTasks.delete(db, named: scheduleName(id))
            return
        }
        let task = try PeriodicTasks.refreshEvery(
            db, name: scheduleName(id), task: "apps.epg.tasks.refresh_epg_data",
            keywordArguments: ["source_id": .int(id)], hours: draft.refreshInterval, cron: draft.cron,
            isActive: draft.isActive)
        try db.execute(
            sql: #"UPDATE "epg_epgsource" SET "refresh_task_id" = ? WHERE "id" = ?"#, arguments: [task, id])
    }

    private static func assign(_ new: EPGSourceDraft, over old: EPGSourceDraft?, to changes: inout RowChanges) {
        changes.set("name", old?.name, new.name)
        changes.set("source_type", old?.kind.rawValue, new.kind.rawValue)
        changes.set("url", old?.url, new.url)
        changes.set("username", old?.username, new.username)
        changes.set("password", old?.password, new.password)
        changes.set("is_active", old?.isActive, new.isActive)
        changes.set("file_path", old?.filePath, new.filePath)
        changes.set("refresh_interval", old?.refreshInterval, new.refreshInterval)
        changes.setJSON("custom_properties", old?.customProperties, new.customProperties)
        changes.set("priority", old?.priority, new.priority)
    }

    private static func check(_ draft: EPGSourceDraft) throws(CatalogError) {
        try checkName(draft.name, table: table)
        for (column, value) in [("refresh_interval", draft.refreshInterval), ("priority", draft.priority)]
        where value < 0 {
            throw .invalid("\(table).\(column)", found: "\(value)", hint: "A whole number from 0.")
        }
    }
}
