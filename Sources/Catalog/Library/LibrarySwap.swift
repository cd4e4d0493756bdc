import CeleryProtocol
import FoundationEssentials
import GRDB

/// How staged films, or series, become rows, inside the one transaction.
struct LibrarySwap {
    let account: Int
    let kind: LibraryKind
    /// When this refresh happened, as the columns spell it.
    let now: String

    /// Where titles without a category of the provider's are.
    static let uncategorized = "Uncategorized"

    // MARK: - Categories

    /// Makes categories and relations that are missing, and drops the relations of those that the provider has no more.
    ///
    /// `temp.wanted_category` knows afterwards which row each of the provider's numbers means; the empty number means
    /// the category of titles without any.
    func writeCategories(_ db: Database, _ categories: [StagedCategory], enablesNew: Bool) throws {
        let all = categories + [StagedCategory(id: "", name: Self.uncategorized)]
        for category in all {
            let name = category.name.cut(to: 255)
            try db.execute(
                sql: """
                    INSERT INTO "vod_vodcategory" ("name", "category_type", "created_at", "updated_at")
                    VALUES (?1, ?2, ?3, ?3) ON CONFLICT ("name", "category_type") DO NOTHING
                    """,
                arguments: [name, kind.rawValue, now])
            try db.execute(
                sql: """
                    INSERT INTO "vod_m3uvodcategoryrelation" (
                        "m3u_account_id", "category_id", "enabled", "custom_properties", "created_at", "updated_at"
                    )
                    SELECT ?1, "id", ?2, '{}', ?3, ?3 FROM "vod_vodcategory" WHERE "name" = ?4 AND "category_type" = ?5
                    ON CONFLICT ("m3u_account_id", "category_id") DO NOTHING
                    """,
                arguments: [account, enablesNew, now, name, kind.rawValue])
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO temp.wanted_category ("kind", "external", "id", "enabled")
                    SELECT ?1, ?2, category."id", relation."enabled" FROM "vod_vodcategory" AS category
                    JOIN "vod_m3uvodcategoryrelation" AS relation
                        ON relation."category_id" = category."id" AND relation."m3u_account_id" = ?3
                    WHERE category."name" = ?4 AND category."category_type" = ?1
                    """,
                arguments: [kind.rawValue, category.id, account, name])
        }
        try dropCategories(db)
    }

    private func dropCategories(_ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM "vod_m3uvodcategoryrelation" WHERE "m3u_account_id" = ?1 AND "category_id" IN (
                    SELECT "id" FROM "vod_vodcategory" WHERE "category_type" = ?2
                        AND "id" NOT IN (SELECT "id" FROM temp.wanted_category WHERE "kind" = ?2)
                )
                """,
            arguments: [account, kind.rawValue])
        guard db.changesCount > 0 else { return }
        let unused = """
            "category_type" = ?1 AND "id" NOT IN (SELECT "category_id" FROM "vod_m3uvodcategoryrelation")
            """
        for kind in LibraryKind.allCases {
            try db.execute(
                sql: """
                    UPDATE "\(kind.relations)" SET "category_id" = NULL
                    WHERE "category_id" IN (SELECT "id" FROM "vod_vodcategory" WHERE \(unused))
                    """,
                arguments: [self.kind.rawValue])
        }
        try db.execute(sql: #"DELETE FROM "vod_vodcategory" WHERE \#(unused)"#, arguments: [kind.rawValue])
    }

    // MARK: - Titles

    func run(_ db: Database, _ counts: inout LibraryRefreshCounts) throws {
        try resolve(db)
        counts.unchanged += try touchUnchanged(db)
        var writer = TitleWriter(kind: kind, now: now)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT * FROM temp.staged_title WHERE "kind" = ? AND "category" IS NOT NULL ORDER BY "position"
                """,
            arguments: [kind.rawValue])
        while let row = try rows.next() {
            let facts = row.object("facts")
            let title = try writer.write(db, facts)
            try writeRelation(db, row, facts, to: title)
        }
        counts.created += writer.created
        counts.updated += writer.updated
    }

    /// Leaves out titles of categories that nobody wants, and adds to what the provider wrote which category is meant,
    /// under the names that Dispatcharr's code looks for.
    private func resolve(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE temp.staged_title AS staged SET
                    "raw" = json_set(
                        staged."raw", '$._provider_category_id', staged."category", '$._category_id', category."id"),
                    "category" = CASE WHEN category."enabled" THEN category."id" END
                FROM temp.wanted_category AS category
                WHERE staged."kind" = ?1 AND category."kind" = ?1 AND category."external" = CASE
                    WHEN staged."category" IN (SELECT "external" FROM temp.wanted_category WHERE "kind" = ?1)
                    THEN staged."category" ELSE '' END
                """,
            arguments: [kind.rawValue])
    }

    /// Offers that say what they said the last time have been seen again, and that is all.
    private func touchUnchanged(_ db: Database) throws -> Int {
        try db.execute(
            sql: """
                UPDATE "\(kind.relations)" AS relation SET "last_seen" = ?1 FROM temp.staged_title AS staged
                WHERE staged."kind" = ?2 AND relation."m3u_account_id" = ?3
                    AND relation."\(kind.external)" = staged."external" AND relation."category_id" = staged."category"
                    AND json_extract(relation."custom_properties", '$.basic_data') = staged."raw"
                """,
            arguments: [now, kind.rawValue, account])
        let count = db.changesCount
        try db.execute(
            sql: """
                UPDATE temp.staged_title SET "category" = NULL WHERE "kind" = ?2 AND "external" IN (
                    SELECT "\(kind.external)" FROM "\(kind.relations)" WHERE "m3u_account_id" = ?3 AND "last_seen" = ?1
                )
                """,
            arguments: [now, kind.rawValue, account])
        return count
    }

    private func writeRelation(_ db: Database, _ row: Row, _ facts: JSONObject, to title: Int) throws {
        let isMovie = kind == .movie
        let column = isMovie ? #", "container_extension""# : ""
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO "\(kind.relations)" (
                    "m3u_account_id", "\(kind.owner)", "category_id", "\(kind.external)", "custom_properties",
                    "created_at", "updated_at", "last_seen"\(column)
                )
                VALUES (?1, ?2, ?3, ?4, json_set(\(kind.flags), '$.basic_data', json(?5)), ?6, ?6, ?6\(isMovie ? ", ?7" : ""))
                ON CONFLICT ("m3u_account_id", "\(kind.external)") DO UPDATE SET
                    "\(kind.owner)" = excluded."\(kind.owner)", "category_id" = excluded."category_id",
                    "custom_properties" = json_set(ifnull("custom_properties", '{}'), '$.basic_data', json(?5)),
                    "updated_at" = excluded."updated_at", "last_seen" = excluded."last_seen"
                    \(isMovie ? #", "container_extension" = excluded."container_extension""# : "")
                """)
        var arguments: StatementArguments = [
            account, title, row["category"] as String?, row["external"] as String, row["raw"] as String, now,
        ]
        if isMovie { arguments += [facts["container_extension"]?.string] }
        try statement.execute(arguments: arguments)
    }
}
