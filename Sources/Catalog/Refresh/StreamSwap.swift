import CeleryProtocol
import FoundationEssentials
import GRDB

/// How staged entries become streams: the comparison, and the one transaction.
///
/// Every step is one statement over whole sets, in the order of ``run(_:)``. A plus before a column keeps SQLite from
/// using its index where another one leads to few rows and this one to all of an account's.
struct StreamSwap: Sendable {
    private let account: Int
    /// When this refresh happened, as the columns spell it.
    private let seenAt: String
    private let date: Date
    private let newGroupsEnabled: Bool

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
        counts.unchanged = try Int.fetchOne(db, sql: "SELECT count(*) FROM temp.seen") ?? 0
        counts.unchanged -= counts.updated
        counts.stale = try markStale(db)
        counts.created = try insertNew(db)
        counts.deleted = try deleteExpired(db, before: keepSince)
        try settleGroups(db, before: keepSince)
        if counts.created + counts.updated + counts.deleted > 0 { try rollUpCatchup(db) }
        return counts
    }

    /// Nothing differs: everything that was there the last time has been seen again.
    func confirm(_ db: Database) throws -> StreamRefreshCounts {
        let keepSince = try expiry(db)
        var counts = StreamRefreshCounts()
        for table in ["dispatcharr_channels_channelgroupm3uaccount", "dispatcharr_channels_stream"] {
            try db.execute(
                sql: #"UPDATE "\#(table)" SET "last_seen" = ? WHERE "m3u_account_id" = ? AND NOT "is_stale""#,
                arguments: [seenAt, account])
            counts.unchanged = db.changesCount
        }
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

    private func resolveGroups(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE temp.wanted_group SET "group_id" = (
                    SELECT "id" FROM "dispatcharr_channels_channelgroup" AS known WHERE known."name" = wanted_group."name"
                )
                """)
    }

    /// Makes missing groups and relations; returns how many relations were new.
    private func writeGroups(_ db: Database) throws -> Int {
        try db.execute(
            sql: """
                INSERT INTO "dispatcharr_channels_channelgroup" ("name")
                SELECT "name" FROM temp.wanted_group WHERE true ORDER BY "number"
                ON CONFLICT ("name") DO NOTHING
                """)
        try resolveGroups(db)
        let before = try relationCount(db)
        try db.execute(
            sql: """
                INSERT INTO "dispatcharr_channels_channelgroupm3uaccount" (
                    "channel_group_id", "m3u_account_id", "custom_properties", "enabled", "auto_channel_sync",
                    "last_seen", "is_stale"
                )
                SELECT "group_id", ?1, ifnull("properties", '{}'), ?2, 0, ?3, 0
                FROM temp.wanted_group WHERE true ORDER BY "number"
                ON CONFLICT ("channel_group_id", "m3u_account_id") DO UPDATE SET
                    "last_seen" = excluded."last_seen", "is_stale" = 0,
                    "custom_properties" = CASE excluded."custom_properties"
                        WHEN '{}' THEN "custom_properties"
                        ELSE json_patch(ifnull("custom_properties", '{}'), excluded."custom_properties")
                    END
                """,
            arguments: [account, newGroupsEnabled, seenAt])
        try db.execute(
            sql: """
                UPDATE temp.wanted_group SET "is_enabled" = (
                    SELECT "enabled" FROM "dispatcharr_channels_channelgroupm3uaccount" AS relation
                    WHERE relation."channel_group_id" = wanted_group."group_id" AND relation."m3u_account_id" = ?
                )
                """,
            arguments: [account])
        return try relationCount(db) - before
    }

    private func relationCount(_ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: #"SELECT count(*) FROM "dispatcharr_channels_channelgroupm3uaccount" WHERE "m3u_account_id" = ?"#,
            arguments: [account]) ?? 0
    }

    /// Takes out entries of groups that nobody wants; returns how many.
    private func dropUnwanted(_ db: Database) throws -> Int {
        guard try isTrue(db, #"SELECT EXISTS (SELECT 1 FROM temp.wanted_group WHERE NOT "is_enabled")"#) else {
            return 0
        }
        try db.execute(
            sql: """
                DELETE FROM temp.staged WHERE "group_number" IN (
                    SELECT "number" FROM temp.wanted_group WHERE NOT "is_enabled"
                )
                """)
        let dropped = db.changesCount
        if dropped > 0 {
            try db.execute(
                sql: #"DELETE FROM temp.seen WHERE "position" NOT IN (SELECT "position" FROM temp.staged)"#)
        }
        return dropped
    }

    /// Moves `last_seen` of every stream that is still there.
    ///
    /// One that was deleted since the comparison becomes new.
    private func touchSeen(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE "dispatcharr_channels_stream" SET "last_seen" = ? WHERE "id" IN (SELECT "id" FROM temp.seen)
                """,
            arguments: [seenAt])
        if db.changesCount < (try Int.fetchOne(db, sql: "SELECT count(*) FROM temp.seen") ?? 0) {
            try db.execute(
                sql: """
                    DELETE FROM temp.seen WHERE "id" NOT IN (SELECT "id" FROM "dispatcharr_channels_stream")
                    """)
        }
        try db.execute(
            sql: """
                UPDATE "dispatcharr_channels_stream" SET "is_stale" = 0
                WHERE "is_stale" = 1 AND +"id" IN (SELECT "id" FROM temp.seen)
                """)
    }

    /// Writes what differs; returns in how many streams.
    ///
    /// Two statements, because SQLite rewrites the index entries of every column that a statement names, and the
    /// usual change is a URL or a logo.
    private func updateChanged(_ db: Database) throws -> Int {
        guard try isTrue(db, #"SELECT EXISTS (SELECT 1 FROM temp.seen WHERE "difference" > 0)"#) else { return 0 }
        try db.execute(
            sql: """
                UPDATE "dispatcharr_channels_stream" AS stream SET
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
                UPDATE "dispatcharr_channels_stream" AS stream SET
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
                UPDATE "dispatcharr_channels_stream" SET "is_stale" = 1
                WHERE "is_stale" = 0 AND "id" IN (SELECT "id" FROM temp.missed)
                """)
        return db.changesCount
    }

    private func insertNew(_ db: Database) throws -> Int {
        let indexes = SecondaryIndexes(
            table: "dispatcharr_channels_stream", columns: ["name", "channel_group_id", "stream_chno"])
        let new = try Int.fetchOne(
            db,
            sql: "SELECT (SELECT count(*) FROM temp.staged) - (SELECT count(*) FROM temp.seen)")
        guard new != 0 else { return 0 }
        return try indexes.rebuilding(db, forNewRows: new ?? 0) { try insertRows(db) }
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
                WHERE staged."position" NOT IN (SELECT "position" FROM temp.seen)
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

    /// Groups that the account no longer carries go the way of its streams.
    private func settleGroups(_ db: Database, before keepSince: String) throws {
        try db.execute(
            sql: """
                UPDATE "dispatcharr_channels_channelgroupm3uaccount" SET "is_stale" = 1
                WHERE "m3u_account_id" = ? AND "is_stale" = 0
                    AND "channel_group_id" NOT IN (SELECT "group_id" FROM temp.wanted_group)
                """,
            arguments: [account])
        try db.execute(
            sql: """
                DELETE FROM "dispatcharr_channels_channelgroupm3uaccount"
                WHERE "m3u_account_id" = ? AND "last_seen" < ?
                    AND "channel_group_id" NOT IN (SELECT "group_id" FROM temp.wanted_group)
                """,
            arguments: [account, keepSince])
    }

    /// A channel offers catch-up when one of its streams does, for as many days as the best one.
    private func rollUpCatchup(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO temp.touched_channel ("id")
                SELECT DISTINCT link."channel_id" FROM "dispatcharr_channels_channelstream" AS link
                JOIN temp.seen AS seen ON seen."id" = link."stream_id" AND seen."difference" > 0
                """)
        try db.execute(
            sql: """
                UPDATE "dispatcharr_channels_channel" AS channel
                SET "is_catchup" = best."days" IS NOT NULL, "catchup_days" = ifnull(best."days", 0)
                FROM (
                    SELECT touched."id" AS "channel_id", max(stream."catchup_days") AS "days"
                    FROM temp.touched_channel AS touched
                    LEFT JOIN "dispatcharr_channels_channelstream" AS link ON link."channel_id" = touched."id"
                    LEFT JOIN "dispatcharr_channels_stream" AS stream
                        ON stream."id" = link."stream_id" AND stream."is_catchup"
                    GROUP BY touched."id"
                ) AS best
                WHERE channel."id" = best."channel_id"
                    AND (channel."is_catchup", channel."catchup_days")
                        IS NOT (best."days" IS NOT NULL, ifnull(best."days", 0))
                """)
    }
}
