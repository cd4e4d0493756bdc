import FoundationEssentials
import GRDB

/// How a staged guide becomes rows: the comparison, and the one transaction.
///
/// With a history, each guide channel has a boundary: the beginning of the first programme that was staged for it.
/// What ended before it is history and stays for some days; what ends after it is replaced.
struct GuideSwap: Sendable {
    let source: Int
    /// For how many days history stays; 0: there is none.
    let historyDays: Int
    let now = Date()

    // MARK: - Before the lock

    /// Finds the mapped guide channels whose programmes are not what was staged, which are of so many.
    func compare(_ db: Database, guides: Int, _ counts: inout GuideRefreshCounts) throws {
        guard try hasProgrammes(db) else { return try takeAll(db, guides, &counts) }
        try db.execute(sql: #"CREATE INDEX temp."staged_by_guide" ON "staged_programme" ("epg_id", "position")"#)
        if historyDays > 0 {
            try db.execute(
                sql: """
                    UPDATE temp.mapped SET "boundary" = ifnull((
                        SELECT min("start_time") FROM temp.staged_programme AS staged WHERE staged."epg_id" = mapped."id"
                    ), ?)
                    """,
                arguments: [DjangoTime.text(now)])
        }
        let columns = #""start_time", "end_time", "title", "sub_title", "description", "tvg_id", "custom_properties""#
        let old = try RawStatement(
            db,
            sql: #"SELECT \#(columns) FROM "epg_programdata" WHERE "epg_id" = ?1 AND "end_time" > ?2 ORDER BY "id""#)
        let new = try RawStatement(
            db, sql: #"SELECT \#(columns) FROM temp.staged_programme WHERE "epg_id" = ? ORDER BY "position""#)
        for row in try Row.fetchAll(db, sql: #"SELECT "id", "boundary" FROM temp.mapped ORDER BY "id""#) {
            let guide: Int = row["id"]
            old.bind(row["boundary"] as String, at: 2)
            if try Self.sameRows(old, new, of: guide, columns: 7) {
                counts.guidesUnchanged += 1
            } else {
                try db.execute(sql: #"UPDATE temp.mapped SET "differs" = 1 WHERE "id" = ?"#, arguments: [guide])
                counts.guidesReplaced += 1
            }
        }
    }

    private func hasProgrammes(_ db: Database) throws -> Bool {
        let found = try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (
                    SELECT 1 FROM temp.mapped AS mapped JOIN "epg_programdata" AS old ON old."epg_id" = mapped."id")
                """)
        return found ?? false
    }

    /// Nothing is there to compare with: no index is needed, and the rows go in as they came.
    private func takeAll(_ db: Database, _ guides: Int, _ counts: inout GuideRefreshCounts) throws {
        try db.execute(sql: #"UPDATE temp.mapped SET "differs" = 1"#)
        counts.guidesReplaced = guides
        counts.guidesUnchanged = db.changesCount - guides
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

    /// The channels alone.
    func runChannels(_ db: Database) throws {
        var counts = GuideRefreshCounts()
        _ = try EPGSourceTable.get(db, source)
        try writeChannels(db, &counts)
        _ = try deleteChannels(db)
    }

    func run(_ db: Database, _ counts: inout GuideRefreshCounts) throws {
        _ = try EPGSourceTable.get(db, source)
        try writeChannels(db, &counts)
        counts.channelsDeleted = try deleteChannels(db)
        try findNewGuides(db)
        try replaceProgrammes(db)
        counts.mappedMeanwhile = try Int.fetchAll(
            db,
            sql: """
                SELECT guide."id" FROM "epg_epgdata" AS guide
                WHERE guide."epg_source_id" = ?
                    AND guide."id" NOT IN (SELECT "guide_id" FROM temp.mapped WHERE "guide_id" IS NOT NULL)
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

    /// Guide channels that this refresh made, for the programmes that were staged before there was a row.
    ///
    /// A channel that only programmes name gets none, and its programmes are left out.
    private func findNewGuides(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE temp.mapped SET "guide_id" = (
                    SELECT guide."id" FROM "epg_epgdata" AS guide
                    WHERE guide."epg_source_id" = ? AND guide."tvg_id" = mapped."tvg_id"
                ) WHERE "guide_id" IS NULL
                """,
            arguments: [source])
    }

    private func deleteProgrammes(_ db: Database) throws {
        guard historyDays > 0 else {
            return try db.execute(
                sql: """
                    DELETE FROM "epg_programdata" WHERE "epg_id" IN (SELECT "guide_id" FROM temp.mapped WHERE "differs")
                    """)
        }
        try db.execute(
            sql: """
                DELETE FROM "epg_programdata" WHERE "id" IN (
                    SELECT programme."id" FROM temp.mapped AS mapped
                    JOIN "epg_programdata" AS programme ON programme."epg_id" = mapped."guide_id"
                    WHERE CASE WHEN programme."end_time" > mapped."boundary" THEN mapped."differs"
                        ELSE programme."end_time" <= ? END
                )
                """,
            arguments: [DjangoTime.text(now.addingTimeInterval(-86_400 * Double(historyDays)))])
    }

    private func replaceProgrammes(_ db: Database) throws {
        try deleteProgrammes(db)
        try db.execute(
            sql: """
                INSERT INTO "epg_programdata" (
                    "epg_id", "start_time", "end_time", "title", "sub_title", "description", "tvg_id",
                    "custom_properties"
                )
                SELECT mapped."guide_id", staged."start_time", staged."end_time", staged."title", staged."sub_title",
                    staged."description", staged."tvg_id", staged."custom_properties"
                FROM temp.staged_programme AS staged
                CROSS JOIN temp.mapped AS mapped ON mapped."id" = staged."epg_id" AND mapped."differs"
                WHERE mapped."guide_id" IN (SELECT "id" FROM "epg_epgdata")
                ORDER BY staged."position"
                """)
    }
}
