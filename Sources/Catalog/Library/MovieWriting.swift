public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// What a provider tells about one film when it is asked; nil where it says nothing.
public struct MovieFacts: Sendable, Equatable {
    /// What it is about.
    public var description: String?
    /// A number as text.
    public var rating: String?
    /// For people.
    public var genre: String?
    /// How long it lasts.
    public var durationSeconds: Int?
    /// Of its release.
    public var year: Int?
    /// Its number at The Movie Database.
    public var tmdbID: String?
    /// Its number at IMDb.
    public var imdbID: String?
    /// What has no column; taken over where nothing is known.
    public var customProperties: JSONObject = [:]
    /// What the provider wrote about the film; kept with the relation as `detailed_info`.
    public var info: JSONObject = [:]
    /// What it wrote about the file; kept with the relation.
    public var movieData: JSONObject = [:]

    /// Nothing known.
    public init() {}
}

extension LibraryTable {
    /// Stores what a provider tells about a film, in one transaction.
    ///
    /// Where it turns out to be a film that is there already, under the same number at The Movie Database or IMDb, the two
    /// become one: the one that was asked about stays, with what only the other one knew and with its offers.
    ///
    /// - Parameters:
    ///   - facts: Nil: the provider knows nothing of it, and nothing but that it was asked is written.
    ///   - id: The offer, `vod_m3umovierelation.id`.
    ///   - date: When it was asked.
    /// - Returns: False when the offer has gone meanwhile.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    @discardableResult
    public func store(_ facts: MovieFacts?, ofOffer id: Int, at date: Date = Date()) async throws -> Bool {
        try await pool.write { db in
            let now = DjangoTime.text(date)
            guard
                let offer = try Row.fetchOne(
                    db, sql: #"SELECT * FROM "vod_m3umovierelation" WHERE "id" = ?"#, arguments: [id])
            else { return false }
            guard let facts else { return true }
            let movie: Int = offer["movie_id"]
            for (column, number) in [("tmdb_id", facts.tmdbID), ("imdb_id", facts.imdbID)] {
                guard let number else { continue }
                let other = try Int.fetchOne(
                    db, sql: #"SELECT "id" FROM "vod_movie" WHERE "\#(column)" = ? AND "id" <> ?"#,
                    arguments: [number, movie])
                if let other { try Self.join(db, other, into: movie) }
            }
            try Self.update(db, movie, facts, now)
            var properties = offer.object("custom_properties")
            if !facts.info.isEmpty { properties["detailed_info"] = .object(facts.info) }
            if !facts.movieData.isEmpty { properties["movie_data"] = .object(facts.movieData) }
            properties["detailed_fetched"] = true
            var changes = RowChanges()
            changes.set("custom_properties", JSONValue.object(properties).text)
            changes.set("last_advanced_refresh", now)
            try changes.update(db, table: "vod_m3umovierelation", id: id)
            return true
        }
    }

    private static func movie(_ db: Database, _ id: Int) throws -> Row {
        guard let row = try Row.fetchOne(db, sql: #"SELECT * FROM "vod_movie" WHERE "id" = ?"#, arguments: [id]) else {
            throw CatalogError.notFound("vod_movie", id)
        }
        return row
    }

    private static func join(_ db: Database, _ other: Int, into movie: Int) throws {
        let (source, target) = (try Self.movie(db, other), try Self.movie(db, movie))
        var changes = RowChanges()
        for column in [
            "description", "year", "rating", "genre", "duration_secs", "logo_id", "tmdb_id", "imdb_id",
        ] {
            let (old, new): (DatabaseValue, DatabaseValue) = (target[column], source[column])
            if old.isNull || old == "".databaseValue, !new.isNull { changes.set(column, new) }
        }
        let old = target.object("custom_properties")
        let merged = source.object("custom_properties").merging(old.filter { !$0.value.isNull && $0.value != "" })
        changes.setJSON("custom_properties", old, merged)
        try db.execute(
            sql: #"UPDATE "vod_m3umovierelation" SET "movie_id" = ? WHERE "movie_id" = ?"#, arguments: [movie, other])
        // First, so that its numbers are free.
        try db.execute(sql: #"DELETE FROM "vod_movie" WHERE "id" = ?"#, arguments: [other])
        try changes.update(db, table: "vod_movie", id: movie)
    }

    private static func update(_ db: Database, _ id: Int, _ facts: MovieFacts, _ now: String) throws {
        let row = try movie(db, id)
        var changes = RowChanges()
        for (column, value) in [
            ("description", facts.description), ("rating", facts.rating), ("genre", facts.genre),
            ("tmdb_id", facts.tmdbID), ("imdb_id", facts.imdbID),
        ] {
            if let value { changes.set(column, row[column] as String?, value) }
        }
        if let seconds = facts.durationSeconds { changes.set("duration_secs", row["duration_secs"] as Int?, seconds) }
        if let year = facts.year, try !isTaken(db, row, facts, year: year) {
            changes.set("year", row["year"] as Int?, year)
        }
        let old = row.object("custom_properties")
        let known = old.filter { member in
            !member.value.isNull && member.value != "" && member.value.array.map { !$0.isEmpty } ?? true
        }
        changes.setJSON("custom_properties", old, facts.customProperties.merging(known))
        guard !changes.columns.isEmpty else { return }
        changes.set("updated_at", now)
        try changes.update(db, table: "vod_movie", id: id)
    }

    /// Name and year are unique among films without a number at a film data bank.
    private static func isTaken(_ db: Database, _ row: Row, _ facts: MovieFacts, year: Int) throws -> Bool {
        guard facts.tmdbID == nil, facts.imdbID == nil, row["tmdb_id"] as String? == nil,
            row["imdb_id"] as String? == nil
        else { return false }
        return try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM "vod_movie" WHERE "name" = ? AND "year" = ? AND "id" <> ?
                    AND "tmdb_id" IS NULL AND "imdb_id" IS NULL)
                """,
            arguments: [row["name"] as String, year, row["id"] as Int]) ?? false
    }
}
