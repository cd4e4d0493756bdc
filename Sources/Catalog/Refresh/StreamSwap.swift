import CeleryProtocol
import FoundationEssentials
import GRDB

/// How staged entries become streams: the comparison, and the one transaction.
///
/// Every step is one statement over whole sets, in the order of ``run(_:)``. A plus before a column keeps SQLite from
/// using its index where another one leads to few rows and this one to all of an account's; `OR FAIL` keeps it from
/// copying every page that a statement changes, to undo that statement alone: what fails here undoes everything.
struct StreamSwap: Sendable {
    let account: Int
    /// When this refresh happened, as the columns spell it.
    let seenAt: String
    private let date: Date
    let newGroupsEnabled: Bool

    init(account: Int, date: Date, newGroupsEnabled: Bool) {
        self.account = account
        self.date = date
        seenAt = DjangoTime.text(date)
        self.newGroupsEnabled = newGroupsEnabled
    }

    // MARK: - Before the lock

    /// Finds the row of each entry and how it differs: 0 not at all, 1 in how its properties are spelt, 2 in columns
    /// without an index, 3 in columns with one.
    ///
    /// Takes no lock: a row that goes meanwhile is noticed in ``run(_:)``, one that changes meanwhile keeps that
    /// change until the next refresh.
    func compare(_ db: Database) throws {
        try resolveGroups(db)
        try dropRepeated(db)
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO temp.seen ("id", "position", "difference")
                SELECT stream."id", staged."position",
                    CASE
                        WHEN (
                            stream."name", stream."is_adult", stream."stream_id", stream."stream_chno",
                            stream."channel_group_id", stream."is_catchup"
                        ) IS NOT (
                            staged."name", staged."is_adult", staged."stream_id", staged."stream_chno",
                            wanted."group_id", staged."is_catchup"
                        ) THEN 3
                        WHEN (stream."url", stream."logo_url", stream."tvg_id", stream."catchup_days")
                            IS NOT (staged."url", staged."logo_url", staged."tvg_id", staged."catchup_days") THEN 2
                        WHEN stream."custom_properties" IS NOT staged."custom_properties" THEN 1
                        ELSE 0
                    END
                FROM temp.staged AS staged
                JOIN temp.wanted_group AS wanted ON wanted."number" = staged."group_number"
                CROSS JOIN "dispatcharr_channels_stream" AS stream ON stream."stream_hash" = staged."stream_hash"
                """)
        try compareProperties(db)
    }

    /// The last of several entries of the same stream stays.
    private func dropRepeated(_ db: Database) throws {
        guard try isTrue(db, "SELECT EXISTS (SELECT 1 FROM temp.repeated)") else { return }
        try db.execute(
            sql: """
                DELETE FROM temp.staged WHERE "position" < (
                    SELECT "position" FROM temp.repeated WHERE repeated."stream_hash" = staged."stream_hash"
                )
                """)
    }

    /// The same properties may be spelt differently once Django has saved the row: then nothing changed.
    private func compareProperties(_ db: Database) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT seen."id", stream."custom_properties" AS "old", staged."custom_properties" AS "new"
                FROM temp.seen AS seen
                JOIN temp.staged AS staged ON staged."position" = seen."position"
                JOIN "dispatcharr_channels_stream" AS stream ON stream."id" = seen."id"
                WHERE seen."difference" = 1
                """)
        var same: [Int] = []
        while let row = try rows.next() {
            if let old = row.json("old"), old == row.json("new") { same.append(row["id"]) }
        }
        let settle = try db.cachedStatement(sql: #"UPDATE temp.seen SET "difference" = 0 WHERE "id" = ?"#)
        for id in same { try settle.execute(arguments: [id]) }
    }

    // MARK: - Under the lock

    func run(_ db: Database) throws -> StreamRefreshCounts {
        let keepSince = try expiry(db)
        var counts = StreamRefreshCounts()
        counts.newGroups = try writeGroups(db)
        counts.unwanted = try dropUnwanted(db)
        try touchSeen(db)
        counts.updated = try updateChanged(db)
        counts.unchanged = try seenCount(db) - counts.updated
        counts.stale = try markStale(db)
        counts.created = try insertNew(db, unwanted: counts.unwanted)
        counts.deleted = try deleteExpired(db, before: keepSince)
        try settleGroups(db, before: keepSince)
        if counts.created + counts.updated + counts.deleted > 0 { try rollUpCatchup(db) }
        return counts
    }

    /// Nothing differs: everything that was there the last time has been seen again.
    func confirm(_ db: Database) throws -> StreamRefreshCounts {
        let keepSince = try expiry(db)
        var counts = StreamRefreshCounts()
        let seenAgain = #""last_seen" = ? WHERE "m3u_account_id" = ? AND NOT "is_stale""#
        try db.execute(
            sql: #"UPDATE "dispatcharr_channels_channelgroupm3uaccount" SET \#(seenAgain)"#,
            arguments: [seenAt, account])
        let streams = try Int.fetchOne(
            db, sql: #"SELECT count(*) FROM "dispatcharr_channels_stream" WHERE "m3u_account_id" = ?"#,
            arguments: [account])
        counts.unchanged = try touch(
            db, streams ?? 0, #"UPDATE OR FAIL "dispatcharr_channels_stream" SET \#(seenAgain)"#, [seenAt, account])
        try db.execute(
            sql: """
                INSERT INTO temp.missed ("id")
                SELECT "id" FROM "dispatcharr_channels_stream" WHERE "is_stale" = 1 AND +"m3u_account_id" = ?
                """,
            arguments: [account])
        counts.deleted = try deleteExpired(db, before: keepSince)
        try db.execute(
            sql: """
                DELETE FROM "dispatcharr_channels_channelgroupm3uaccount"
                WHERE "m3u_account_id" = ? AND "is_stale" AND "last_seen" < ?
                """,
            arguments: [account, keepSince])
        if counts.deleted > 0 { try rollUpCatchup(db) }
        return counts
    }

    /// The time before which a stream must have been seen last to be deleted.
    private func expiry(_ db: Database) throws -> String {
        let days = try Int.fetchOne(
            db, sql: #"SELECT "stale_stream_days" FROM "m3u_m3uaccount" WHERE "id" = ?"#, arguments: [account])
        guard let days else { throw CatalogError.notFound(M3UAccountTable.table, account) }
        return DjangoTime.text(date.addingTimeInterval(-Double(days) * 86400))
    }

    /// Takes entries of groups that nobody wants for not seen; returns how many there are.
    private func dropUnwanted(_ db: Database) throws -> Int {
        guard try isTrue(db, #"SELECT EXISTS (SELECT 1 FROM temp.wanted_group WHERE NOT "is_enabled")"#) else {
            return 0
        }
        let unwanted = """
            FROM temp.staged WHERE "group_number" IN (
                SELECT "number" FROM temp.wanted_group WHERE NOT "is_enabled"
            )
            """
        try db.execute(sql: #"DELETE FROM temp.seen WHERE "position" IN (SELECT "position" \#(unwanted))"#)
        return try Int.fetchOne(db, sql: "SELECT count(*) \(unwanted)") ?? 0
    }

    /// Moves `last_seen` of every stream that is still there.
    ///
    /// One that was deleted since the comparison becomes new.
    private func touchSeen(_ db: Database) throws {
        let seen = try seenCount(db)
        let touched = try touch(
            db, seen,
            """
            UPDATE OR FAIL "dispatcharr_channels_stream" SET "last_seen" = ? WHERE "id" IN (SELECT "id" FROM temp.seen)
            """, [seenAt])
        if touched < seen {
            try db.execute(
                sql: """
                    DELETE FROM temp.seen WHERE "id" NOT IN (SELECT "id" FROM "dispatcharr_channels_stream")
                    """)
        }
        try db.execute(
            sql: """
                UPDATE OR FAIL "dispatcharr_channels_stream" SET "is_stale" = 0
                WHERE "is_stale" = 1 AND +"id" IN (SELECT "id" FROM temp.seen)
                """)
    }

    /// Moves `last_seen` of about that many streams; returns of how many.
    private func touch(
        _ db: Database, _ streams: Int, _ sql: String, _ arguments: StatementArguments
    ) throws -> Int {
        let index = SecondaryIndexes(table: "dispatcharr_channels_stream", columns: ["last_seen"])
        return try index.rebuilding(db, forNewRows: streams, replacing: streams) {
            try db.execute(sql: sql, arguments: arguments)
            return db.changesCount
        }
    }

    /// Writes what differs; returns in how many streams.
    ///
    /// Two statements, because SQLite rewrites the index entries of every column that a statement names, and the
    /// usual change is a URL or a logo.
    private func updateChanged(_ db: Database) throws -> Int {
        guard try isTrue(db, #"SELECT EXISTS (SELECT 1 FROM temp.seen WHERE "difference" > 0)"#) else { return 0 }
        try db.execute(
            sql: """
                UPDATE OR FAIL "dispatcharr_channels_stream" AS stream SET
                    "name" = staged."name", "is_adult" = staged."is_adult", "stream_id" = staged."stream_id",
                    "stream_chno" = staged."stream_chno", "channel_group_id" = wanted."group_id",
                    "is_catchup" = staged."is_catchup"
                FROM temp.seen AS seen
                JOIN temp.staged AS staged ON staged."position" = seen."position"
                JOIN temp.wanted_group AS wanted ON wanted."number" = staged."group_number"
                WHERE seen."difference" = 3 AND stream."id" = seen."id"
                """)
        try db.execute(
            sql: """
                UPDATE OR FAIL "dispatcharr_channels_stream" AS stream SET
                    "url" = staged."url", "logo_url" = staged."logo_url", "tvg_id" = staged."tvg_id",
                    "custom_properties" = staged."custom_properties", "catchup_days" = staged."catchup_days",
                    "updated_at" = ?
                FROM temp.seen AS seen
                JOIN temp.staged AS staged ON staged."position" = seen."position"
                WHERE seen."difference" > 0 AND stream."id" = seen."id"
                """,
            arguments: [seenAt])
        return db.changesCount
    }

    /// Marks the account's streams that were not staged; returns how many were not marked before.
    private func markStale(_ db: Database) throws -> Int {
        try db.execute(
            sql: """
                INSERT INTO temp.missed ("id")
                SELECT "id" FROM "dispatcharr_channels_stream"
                WHERE "m3u_account_id" = ? AND "id" NOT IN (SELECT "id" FROM temp.seen)
                """,
            arguments: [account])
        try db.execute(
            sql: """
                UPDATE OR FAIL "dispatcharr_channels_stream" SET "is_stale" = 1
                WHERE "is_stale" = 0 AND "id" IN (SELECT "id" FROM temp.missed)
                """)
        return db.changesCount
    }

    private func insertNew(_ db: Database, unwanted: Int) throws -> Int {
        let indexes = SecondaryIndexes(
            table: "dispatcharr_channels_stream", columns: ["name", "channel_group_id", "stream_chno"])
        let staged = try Int.fetchOne(db, sql: "SELECT count(*) FROM temp.staged") ?? 0
        let new = try staged - unwanted - seenCount(db)
        guard new > 0 else { return 0 }
        return try indexes.rebuilding(db, forNewRows: new) { try insertRows(db) }
    }

    private func seenCount(_ db: Database) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM temp.seen") ?? 0
    }

    private func isTrue(_ db: Database, _ sql: String) throws -> Bool { try Bool.fetchOne(db, sql: sql) ?? false }

    private func insertRows(_ db: Database) throws -> Int {
        try db.execute(
            sql: """
                INSERT INTO "dispatcharr_channels_stream" (
                    "name", "url", "m3u_account_id", "logo_url", "tvg_id", "current_viewers", "updated_at",
                    "channel_group_id", "is_custom", "stream_hash", "last_seen", "is_stale", "is_adult",
                    "custom_properties", "stream_id", "stream_chno", "is_catchup", "catchup_days"
                )
                SELECT staged."name", staged."url", ?1, staged."logo_url", staged."tvg_id", 0, ?2,
                    wanted."group_id", 0, staged."stream_hash", ?2, 0, staged."is_adult",
                    staged."custom_properties", staged."stream_id", staged."stream_chno", staged."is_catchup",
                    staged."catchup_days"
                FROM temp.staged AS staged
                JOIN temp.wanted_group AS wanted ON wanted."number" = staged."group_number"
                WHERE wanted."is_enabled" AND staged."position" NOT IN (SELECT "position" FROM temp.seen)
                ORDER BY staged."position"
                ON CONFLICT ("stream_hash") DO UPDATE SET "last_seen" = excluded."last_seen"
                """,
            arguments: [account, seenAt])
        return db.changesCount
    }

    /// Deletes streams that were missing for too long or are in groups that nobody wants, and takes them out of channels.
    private func deleteExpired(_ db: Database, before keepSince: String) throws -> Int {
        try db.execute(
            sql: """
                INSERT INTO temp.doomed ("id")
                SELECT "id" FROM "dispatcharr_channels_stream"
                WHERE "id" IN (SELECT "id" FROM temp.missed) AND "last_seen" < ?2
                UNION
                SELECT "id" FROM "dispatcharr_channels_stream"
                WHERE +"m3u_account_id" = ?1 AND "channel_group_id" IN (
                    SELECT "channel_group_id" FROM "dispatcharr_channels_channelgroupm3uaccount"
                    WHERE "m3u_account_id" = ?1 AND NOT "enabled"
                )
                """,
            arguments: [account, keepSince])
        guard db.changesCount > 0 else { return 0 }
        try db.execute(
            sql: """
                INSERT INTO temp.touched_channel ("id")
                SELECT DISTINCT "channel_id" FROM "dispatcharr_channels_channelstream"
                WHERE "stream_id" IN (SELECT "id" FROM temp.doomed);
                DELETE FROM "dispatcharr_channels_channelstream" WHERE "stream_id" IN (SELECT "id" FROM temp.doomed);
                DELETE FROM "dispatcharr_channels_stream" WHERE "id" IN (SELECT "id" FROM temp.doomed);
                """)
        return db.changesCount
    }
}
