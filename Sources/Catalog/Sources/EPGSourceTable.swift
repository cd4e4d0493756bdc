import CeleryProtocol
package import GRDB

/// `epg_epgsource`, and the schedule of each source.
public struct EPGSourceTable: SourceTable {
    package let pool: DatabasePool
    package static let table = "epg_epgsource"

    /// The sources that a refresh of all goes through: active and not of the kind `dummy`.
    public func refreshableIDs() async throws -> [Int] {
        try await pool.read { db in
            try Int.fetchAll(
                db,
                sql: #"SELECT "id" FROM "epg_epgsource" WHERE "is_active" AND "source_type" <> 'dummy' ORDER BY "id""#)
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
    /// A guide channel is mapped when a channel, or what somebody set over it, shows its programmes.
    static let isMapped = """
        (EXISTS (SELECT 1 FROM "dispatcharr_channels_channel" WHERE "epg_data_id" = guide."id")
        OR EXISTS (SELECT 1 FROM "dispatcharr_channels_channeloverride" WHERE "epg_data_id" = guide."id"))
        """

    package static func fetch(
        _ db: Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [EPGSource] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT "epg_epgsource".*,
                    (SELECT count(*) FROM "epg_epgdata" WHERE "epg_source_id" = "epg_epgsource"."id") AS "channel_count",
                    EXISTS (
                        SELECT 1 FROM "epg_epgdata" AS guide
                        WHERE guide."epg_source_id" = "epg_epgsource"."id" AND \(isMapped)
                    ) AS "is_mapped"
                FROM "epg_epgsource" WHERE \(condition)
                """,
            arguments: arguments
        ).map { EPGSource($0, cron: try PeriodicTasks.cronExpression(db, ofTask: $0["refresh_task_id"])) }
    }

    private static func scheduleName(_ id: Int) -> String { "epg_source-refresh-\(id)" }

    package static func schedule(_ db: Database, _ id: Int, _ draft: EPGSourceDraft) throws {
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

    package static func needsAnotherSchedule(_ old: EPGSourceDraft, _ new: EPGSourceDraft) -> Bool {
        old.kind != new.kind
    }

    /// A dummy source has one channel, which is named like it.
    package static func complete(
        _ db: Database, _ id: Int, from old: EPGSourceDraft?, to draft: EPGSourceDraft
    ) throws {
        if (draft.name, draft.kind) != (old?.name, old?.kind) { try DummyGuide.make(db, source: id, draft) }
    }

    package static func changes(from old: EPGSourceDraft?, to new: EPGSourceDraft) -> RowChanges {
        var changes = RowChanges()
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
        return changes
    }

    package static func check(_ draft: EPGSourceDraft) throws(CatalogError) {
        try checkName(draft.name, table: table)
        for (column, value) in [("refresh_interval", draft.refreshInterval), ("priority", draft.priority)]
        where value < 0 {
            throw .invalid("\(table).\(column)", found: "\(value)", hint: "A whole number from 0.")
        }
    }
}
