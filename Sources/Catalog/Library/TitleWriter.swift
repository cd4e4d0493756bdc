import CeleryProtocol
import FoundationEssentials
import GRDB

/// Finds or makes the film or series that an offer means, and takes over what the provider knows.
///
/// The same title of several accounts is one row: by its number at The Movie Database, else at IMDb, else by name and
/// year among those that have neither. What a provider leaves out never clears what another one, or a question for
/// details, has filled in.
struct TitleWriter {
    let kind: LibraryKind
    let now: String
    private(set) var created = 0
    private(set) var updated = 0
    private var logos: [String: Int] = [:]

    init(kind: LibraryKind, now: String) {
        self.kind = kind
        self.now = now
    }

    /// The row's identifier.
    mutating func write(_ db: Database, _ facts: JSONObject) throws -> Int {
        guard let row = try find(db, facts) else { return try insert(db, facts) }
        let id: Int = row["id"]
        var changes = RowChanges()
        try compare(db, row, facts, &changes)
        guard !changes.columns.isEmpty else { return id }
        changes.set("updated_at", now)
        try changes.update(db, table: kind.table, id: id)
        updated += 1
        return id
    }

    private func find(_ db: Database, _ facts: JSONObject) throws -> Row? {
        var hasNumber = false
        for column in ["tmdb_id", "imdb_id"] {
            guard let number = facts[column]?.string else { continue }
            hasNumber = true
            if let row = try fetch(db, #""\#(column)" = ?"#, [number]) { return row }
        }
        guard !hasNumber else { return nil }
        return try fetch(
            db, #""name" = ? AND "year" IS ? AND "tmdb_id" IS NULL AND "imdb_id" IS NULL ORDER BY "id""#,
            [facts["name"]?.string, facts["year"]?.int])
    }

    private func fetch(_ db: Database, _ condition: String, _ arguments: StatementArguments) throws -> Row? {
        let statement = try db.cachedStatement(sql: #"SELECT * FROM "\#(kind.table)" WHERE \#(condition)"#)
        return try Row.fetchOne(statement, arguments: arguments)
    }

    private mutating func insert(_ db: Database, _ facts: JSONObject) throws -> Int {
        var row = RowChanges()
        row.set("uuid", UUID().djangoText)
        row.set("name", facts["name"]?.string ?? "Unknown")
        row.set("description", facts["description"]?.string ?? "")
        row.set("genre", facts["genre"]?.string ?? "")
        for column in ["rating", "tmdb_id", "imdb_id"] { row.set(column, facts[column]?.string) }
        row.set("year", facts["year"]?.int)
        if kind == .movie {
            row.set("duration_secs", facts["duration_secs"]?.int)
            row.set("is_adult", facts["is_adult"]?.bool ?? false)
        }
        row.set("logo_id", try logo(db, facts))
        let properties = facts["custom_properties"]?.object ?? [:]
        row.set("custom_properties", properties.isEmpty ? nil : JSONValue.object(properties).text)
        row.set("created_at", now)
        row.set("updated_at", now)
        created += 1
        return try row.insert(db, table: kind.table)
    }

    /// What of the row is to be written anew.
    private mutating func compare(
        _ db: Database, _ row: Row, _ facts: JSONObject, _ changes: inout RowChanges
    ) throws {
        for column in ["description", "rating", "genre"] {
            guard let new = facts[column]?.string, !new.isEmpty else { continue }
            changes.set(column, row[column] as String?, new)
        }
        for column in ["tmdb_id", "imdb_id"] {
            guard let new = facts[column]?.string, new != row[column] as String? else { continue }
            // Two rows that turn out to be one title stay two here; a question for details joins them.
            guard try fetch(db, #""\#(column)" = ?"#, [new]) == nil else { continue }
            changes.set(column, new)
        }
        if let year = facts["year"]?.int { changes.set("year", row["year"] as Int?, year) }
        if kind == .movie {
            if let seconds = facts["duration_secs"]?.int {
                changes.set("duration_secs", row["duration_secs"] as Int?, seconds)
            }
            if let isAdult = facts["is_adult"]?.bool { changes.set("is_adult", row["is_adult"] as Bool?, isAdult) }
        }
        let logo = try logo(db, facts)
        if row["logo_id"] as Int? != logo { changes.set("logo_id", logo) }
        let old = row.object("custom_properties")
        let new = merge(facts["custom_properties"]?.object ?? [:], into: old)
        if new != old { changes.set("custom_properties", JSONValue.object(new).text) }
    }

    /// Of a film these come in more detail when it is asked for by itself, and then stay.
    private static let detailed: Set<String> = ["director", "actors", "release_date"]

    private func merge(_ new: JSONObject, into old: JSONObject) -> JSONObject {
        var merged = old
        for (key, value) in new {
            let isKept =
                kind == .movie && Self.detailed.contains(key) && old[key].map { !$0.isNull && $0 != "" } ?? false
            if !isKept { merged[key] = value }
        }
        return merged
    }

    private mutating func logo(_ db: Database, _ facts: JSONObject) throws -> Int? {
        guard let url = facts["logo"]?.string else { return nil }
        if let known = logos[url] { return known }
        try db.cachedStatement(
            sql: #"INSERT INTO "vod_vodlogo" ("name", "url") VALUES (?, ?) ON CONFLICT ("url") DO NOTHING"#
        ).execute(arguments: [facts["name"]?.string ?? "", url])
        let id = try Int.fetchOne(
            try db.cachedStatement(sql: #"SELECT "id" FROM "vod_vodlogo" WHERE "url" = ?"#), arguments: [url])
        // Every film has its own, as a rule: few are worth remembering.
        if logos.count > 10_000 { logos = [:] }
        logos[url] = id
        return id
    }
}
