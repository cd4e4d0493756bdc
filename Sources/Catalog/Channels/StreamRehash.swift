import GRDB

/// What a stream's hash may be made of.
public struct StreamFacts: Sendable {
    /// As the playlist spelled it.
    public let name: String
    /// Where it is.
    public let url: String?
    /// The provider's name for its guide.
    public let tvgID: String?
    /// Whose it is.
    public let accountID: Int
    /// The group's name.
    public let group: String?
    /// Whether the account speaks Xtream Codes.
    public let isXtream: Bool
    /// The provider's number for it.
    public let streamID: Int?
}

/// What hashing all streams anew did.
public struct RehashCounts: Sendable, Equatable {
    /// Streams that were looked at.
    public var processed = 0
    /// Streams that turned out to be another one.
    public var merged = 0
    /// Streams that are left.
    public var remaining = 0
}

extension CatalogDatabase {
    /// Gives every stream of a playlist a new hash, and merges those that now have the same one, in one transaction.
    ///
    /// Of several the one stays that a channel uses, and of those the oldest; channels that used the others use it
    /// instead. Streams made by hand keep their hash.
    ///
    /// - Parameters:
    ///   - hash: The new hash. Called on the database's queue.
    ///   - progress: Told after every thousandth stream how many there were.
    /// - Returns: What it did.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func rehashStreams(
        hash: @escaping @Sendable (StreamFacts) -> String,
        progress: @escaping @Sendable (_ processed: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws -> RehashCounts {
        try await pool.write { try StreamRehash(hash: hash, progress: progress).run($0) }
    }

    /// How many streams ``rehashStreams(hash:progress:)`` would look at.
    public func rehashableStreams() async throws -> Int {
        try await pool.read {
            try Int.fetchOne($0, sql: #"SELECT count(*) FROM "dispatcharr_channels_stream" WHERE NOT "is_custom""#) ?? 0
        }
    }
}

private struct StreamRehash {
    let hash: @Sendable (StreamFacts) -> String
    let progress: @Sendable (Int, Int) -> Void

    func run(_ db: Database) throws -> RehashCounts {
        // One that an earlier run left behind on this connection would be in the way.
        try db.execute(
            sql: """
                DROP TABLE IF EXISTS temp.rehashed;
                CREATE TEMP TABLE rehashed (
                    "id" INTEGER PRIMARY KEY, "hash" TEXT NOT NULL, "is_used" INTEGER NOT NULL, "keeper" INTEGER
                );
                """)
        defer { try? db.execute(sql: "DROP TABLE temp.rehashed") }  // the next run drops it otherwise
        var counts = RehashCounts()
        counts.processed = try computeHashes(db)
        try db.execute(
            sql: """
                CREATE INDEX temp.rehashed_by_hash ON rehashed ("hash", "is_used" DESC, "id");
                UPDATE temp.rehashed SET "keeper" = (
                    SELECT other."id" FROM temp.rehashed AS other WHERE other."hash" = rehashed."hash"
                    ORDER BY other."is_used" DESC, other."id" LIMIT 1
                );
                INSERT OR IGNORE INTO "dispatcharr_channels_channelstream" ("channel_id", "stream_id", "order")
                SELECT link."channel_id", rehashed."keeper", link."order"
                FROM "dispatcharr_channels_channelstream" AS link
                JOIN temp.rehashed AS rehashed ON rehashed."id" = link."stream_id"
                WHERE rehashed."keeper" <> rehashed."id"
                ORDER BY link."channel_id", link."order", link."id";
                DELETE FROM "dispatcharr_channels_channelstream"
                WHERE "stream_id" IN (SELECT "id" FROM temp.rehashed WHERE "keeper" <> "id");
                DELETE FROM "dispatcharr_channels_stream"
                WHERE "id" IN (SELECT "id" FROM temp.rehashed WHERE "keeper" <> "id");
                """)
        counts.merged = db.changesCount
        // Two steps: one stream's new hash may be another one's old one, and the column is unique row by row.
        try db.execute(
            sql: """
                DELETE FROM temp.rehashed WHERE "keeper" <> "id" OR EXISTS (
                    SELECT 1 FROM "dispatcharr_channels_stream" AS stream
                    WHERE stream."id" = rehashed."id" AND stream."stream_hash" = rehashed."hash"
                );
                UPDATE "dispatcharr_channels_stream" SET "stream_hash" = NULL
                WHERE "id" IN (SELECT "id" FROM temp.rehashed);
                UPDATE "dispatcharr_channels_stream" AS stream SET "stream_hash" = rehashed."hash"
                FROM temp.rehashed AS rehashed WHERE rehashed."id" = stream."id";
                """)
        counts.remaining = counts.processed - counts.merged
        return counts
    }

    private func computeHashes(_ db: Database) throws -> Int {
        let total =
            try Int.fetchOne(db, sql: #"SELECT count(*) FROM "dispatcharr_channels_stream" WHERE NOT "is_custom""#) ?? 0
        let insert = try RawStatement(
            db, sql: #"INSERT INTO temp.rehashed ("id", "hash", "is_used") VALUES (?1, ?2, ?3)"#)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT stream."id", stream."name", stream."url", stream."tvg_id", stream."m3u_account_id",
                    stream."stream_id", channelgroup."name" AS "group_name", account."account_type",
                    EXISTS (
                        SELECT 1 FROM "dispatcharr_channels_channelstream" AS link WHERE link."stream_id" = stream."id"
                    ) AS "is_used"
                FROM "dispatcharr_channels_stream" AS stream
                LEFT JOIN "dispatcharr_channels_channelgroup" AS channelgroup
                    ON channelgroup."id" = stream."channel_group_id"
                JOIN "m3u_m3uaccount" AS account ON account."id" = stream."m3u_account_id"
                WHERE NOT stream."is_custom"
                """)
        var processed = 0
        while let row = try rows.next() {
            let facts = StreamFacts(
                name: row["name"], url: row["url"], tvgID: row["tvg_id"], accountID: row["m3u_account_id"],
                group: row["group_name"], isXtream: row["account_type"] == "XC", streamID: row["stream_id"])
            insert.bind(row["id"] as Int, at: 1)
            insert.bind(hash(facts), at: 2)
            insert.bind(row["is_used"] as Bool, at: 3)
            try insert.run()
            processed += 1
            if processed.isMultiple(of: 1000) { progress(processed, total) }
        }
        return processed
    }
}
