import GRDB

/// How a staged guide becomes rows: the comparison, and the one transaction.
struct GuideSwap: Sendable {
    let source: Int

    // MARK: - Before the lock

    /// Finds the mapped guide channels whose programmes are not what was staged.
    func compare(_ db: Database, _ counts: inout GuideRefreshCounts) throws {
        try db.execute(sql: #"CREATE INDEX temp."staged_by_guide" ON "staged_programme" ("epg_id", "position")"#)
        counts.programmes = try Int.fetchOne(db, sql: "SELECT count(*) FROM temp.staged_programme") ?? 0
        let columns = #""start_time", "end_time", "title", "sub_title", "description", "tvg_id", "custom_properties""#
        let old = try RawStatement(
            db, sql: #"SELECT \#(columns) FROM "epg_programdata" WHERE "epg_id" = ? ORDER BY "id""#)
        let new = try RawStatement(
            db, sql: #"SELECT \#(columns) FROM temp.staged_programme WHERE "epg_id" = ? ORDER BY "position""#)
        for guide in try Int.fetchAll(db, sql: #"SELECT "id" FROM temp.mapped ORDER BY "id""#) {
            if try Self.sameRows(old, new, of: guide, columns: 7) {
                counts.guidesUnchanged += 1
            } else {
                try db.execute(sql: #"UPDATE temp.mapped SET "differs" = 1 WHERE "id" = ?"#, arguments: [guide])
                counts.guidesReplaced += 1
            }
        }
    }

    private static func sameRows(
        _ old: borrowing RawStatement, _ new: borrowing RawStatement, of guide: Int, columns: Int32
    ) throws -> Bool {
        defer {
            old.reset()
            new.reset()
        }
        old.bind(guide, at: 1)
        new.bind(guide, at: 1)
        while true {
            let hasOld = try old.step()
            guard try new.step() == hasOld else { return false }
            guard hasOld else { return true }
            for column in 0..<columns where !old.columnEquals(new, at: column) { return false }
        }
    }

    // MARK: - Under the lock

    func run(_ db: Database, _ counts: inout GuideRefreshCounts) throws {
        _ = try EPGSourceTable.get(db, source)
        try writeChannels(db, &counts)
        counts.channelsDeleted = try deleteChannels(db)
        try replaceProgrammes(db)
        counts.mappedMeanwhile = try Int.fetchAll(
            db,
            sql: """
                SELECT guide."id" FROM "epg_epgdata" AS guide
                WHERE guide."epg_source_id" = ? AND guide."id" NOT IN (SELECT "id" FROM temp.mapped)
                    AND \(EPGSourceTable.isMapped)
                ORDER BY guide."id"
                """,
            arguments: [source])
    }

    private func writeChannels(_ db: Database, _ counts: inout GuideRefreshCounts) throws {
        try db.execute(
            sql: """
                UPDATE "epg_epgdata" AS guide SET "name" = staged."name", "icon_url" = staged."icon_url"
                FROM temp.staged_channel AS staged
                WHERE guide."epg_source_id" = ? AND guide."tvg_id" = staged."tvg_id"
                    AND (guide."name", guide."icon_url") IS NOT (staged."name", staged."icon_url")
                """,
            arguments: [source])
        counts.channelsUpdated = db.changesCount
        try db.execute(
            sql: """
                INSERT INTO "epg_epgdata" ("tvg_id", "name", "icon_url", "epg_source_id")
                SELECT "tvg_id", "name", "icon_url", ? FROM temp.staged_channel WHERE true ORDER BY rowid
                ON CONFLICT ("tvg_id", "epg_source_id") DO NOTHING
                """,
            arguments: [source])
        counts.channelsCreated = db.changesCount
        let staged = try Int.fetchOne(db, sql: "SELECT count(*) FROM temp.staged_channel") ?? 0
        counts.channelsUnchanged = staged - counts.channelsCreated - counts.channelsUpdated
    }

    /// Deletes guide channels that were not staged and that no channel shows.
    ///
    /// A guide without any channel deletes none: some providers send programmes only.
    private func deleteChannels(_ db: Database) throws -> Int {
        try db.execute(
            sql: """
                INSERT INTO temp.doomed ("id")
                SELECT guide."id" FROM "epg_epgdata" AS guide
                WHERE guide."epg_source_id" = ? AND guide."tvg_id" NOT IN (SELECT "tvg_id" FROM temp.staged_channel)
                    AND EXISTS (SELECT 1 FROM temp.staged_channel) AND NOT \(EPGSourceTable.isMapped)
                """,
            arguments: [source])
        guard db.changesCount > 0 else { return 0 }
        try db.execute(
            sql: """
                DELETE FROM "epg_programdata" WHERE "epg_id" IN (SELECT "id" FROM temp.doomed);
                DELETE FROM "epg_epgdata" WHERE "id" IN (SELECT "id" FROM temp.doomed);
                """)
        return db.changesCount
    }

    private func replaceProgrammes(_ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM "epg_programdata" WHERE "epg_id" IN (SELECT "id" FROM temp.mapped WHERE "differs");
                INSERT INTO "epg_programdata" (
                    "epg_id", "start_time", "end_time", "title", "sub_title", "description", "tvg_id",
                    "custom_properties"
                )
                SELECT staged."epg_id", staged."start_time", staged."end_time", staged."title", staged."sub_title",
                    staged."description", staged."tvg_id", staged."custom_properties"
                FROM temp.staged_programme AS staged
                JOIN temp.mapped AS mapped ON mapped."id" = staged."epg_id" AND mapped."differs"
                WHERE staged."epg_id" IN (SELECT "id" FROM "epg_epgdata")
                ORDER BY staged."epg_id", staged."position";
                """)
    }
}
