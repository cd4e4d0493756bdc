public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// One stream of an episode on its way into the library.
public struct StagedEpisode: Sendable, Equatable {
    /// The provider's number of the stream.
    public var id: String
    /// From 0, which holds specials.
    public var season: Int
    /// Within its season.
    public var number: Int
    /// At most 255 characters.
    public var name: String
    /// What it is about.
    public var description = ""
    /// The day of its first showing, ISO.
    public var airDate: String?
    /// A number as text.
    public var rating: String?
    /// How long it lasts.
    public var durationSeconds: Int?
    /// Its number at The Movie Database.
    public var tmdbID: String?
    /// Its number at IMDb.
    public var imdbID: String?
    /// Of the file.
    public var containerExtension = "mp4"
    /// What has no column.
    public var customProperties: JSONObject = [:]
    /// What the provider wrote; kept with the relation.
    public var raw: JSONObject = [:]

    /// An episode with nothing but a name.
    public init(id: String, season: Int, number: Int, name: String) {
        self.id = id
        self.season = season
        self.number = number
        self.name = name
    }
}

/// What a provider tells about a series; nil where it says nothing.
public struct SeriesFacts: Sendable, Equatable {
    /// What it is about.
    public var description: String?
    /// A number as text.
    public var rating: String?
    /// For people.
    public var genre: String?
    /// Of its first showing.
    public var year: Int?

    /// These facts.
    public init(description: String? = nil, rating: String? = nil, genre: String? = nil, year: Int? = nil) {
        self.description = description
        self.rating = rating
        self.genre = genre
        self.year = year
    }
}

extension LibraryTable {
    /// Stores the episodes that an account has of a series, in one transaction.
    ///
    /// Several streams may be one episode: one row, and one relation each. Streams that the provider has no more go;
    /// an answer without any episode changes none. Of the series itself only what nobody has filled in is taken over.
    ///
    /// - Returns: How many streams there are now; nil when the offer has gone meanwhile.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func store(
        _ episodes: [StagedEpisode], _ facts: SeriesFacts, ofOffer id: Int, at date: Date = Date()
    ) async throws -> Int? {
        try await pool.write { db in
            guard
                let offer = try Row.fetchOne(
                    db, sql: #"SELECT * FROM "vod_m3useriesrelation" WHERE "id" = ?"#, arguments: [id])
            else { return nil }
            let writer = EpisodeWriter(
                account: offer["m3u_account_id"], series: offer["series_id"], offer: id, now: DjangoTime.text(date))
            try writer.fillGaps(db, facts)
            var rows: [Int: [Int: Int]] = [:]
            for episode in episodes {
                let known = rows[episode.season]?[episode.number]
                let row = try known ?? writer.write(db, episode)
                rows[episode.season, default: [:]][episode.number] = row
                try writer.writeRelation(db, episode, to: row)
            }
            if !episodes.isEmpty { try writer.dropRelations(db, except: episodes.map(\.id)) }
            try db.execute(
                sql: """
                    UPDATE "vod_m3useriesrelation" SET "last_episode_refresh" = ?1, "updated_at" = ?1,
                        "custom_properties" = json_set(
                            ifnull("custom_properties", '{}'), '$.episodes_fetched', json('true'),
                            '$.detailed_fetched', json('true'))
                    WHERE "id" = ?2
                    """,
                arguments: [writer.now, id])
            return episodes.count
        }
    }
}

/// Writes episodes of one series of one account.
private struct EpisodeWriter {
    let account: Int
    let series: Int
    let offer: Int
    let now: String

    func fillGaps(_ db: Database, _ facts: SeriesFacts) throws {
        guard
            let row = try Row.fetchOne(
                db, sql: #"SELECT * FROM "vod_series" WHERE "id" = ?"#, arguments: [series])
        else { return }
        var changes = RowChanges()
        for (column, value) in [
            ("description", facts.description), ("rating", facts.rating), ("genre", facts.genre),
        ] where (row[column] as String? ?? "").allSatisfy(\.isWhitespace) {
            if let value { changes.set(column, value) }
        }
        if let year = facts.year, row["year"] as Int? == nil, try !isTaken(db, row, year: year) {
            changes.set("year", year)
        }
        guard !changes.columns.isEmpty else { return }
        changes.set("updated_at", now)
        try changes.update(db, table: "vod_series", id: series)
    }

    /// Name and year are unique among series without a number at a film data bank.
    private func isTaken(_ db: Database, _ row: Row, year: Int) throws -> Bool {
        guard row["tmdb_id"] as String? == nil, row["imdb_id"] as String? == nil else { return false }
        return try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM "vod_series" WHERE "name" = ? AND "year" = ? AND "tmdb_id" IS NULL
                    AND "imdb_id" IS NULL)
                """,
            arguments: [row["name"] as String, year]) ?? false
    }

    func write(_ db: Database, _ episode: StagedEpisode) throws -> Int {
        let properties = episode.customProperties
        let columns: [(String, (any DatabaseValueConvertible)?)] = [
            ("name", episode.name.cut(to: 255)), ("description", episode.description), ("air_date", episode.airDate),
            ("rating", episode.rating), ("duration_secs", episode.durationSeconds), ("tmdb_id", episode.tmdbID),
            ("imdb_id", episode.imdbID),
            ("custom_properties", properties.isEmpty ? nil : JSONValue.object(properties).text),
        ]
        let known = try Row.fetchOne(
            db,
            sql: """
                SELECT * FROM "vod_episode" WHERE "series_id" = ? AND "season_number" = ? AND "episode_number" = ?
                """,
            arguments: [series, episode.season, episode.number])
        var changes = RowChanges()
        guard let known else {
            changes.set("uuid", UUID().djangoText)
            changes.set("series_id", series)
            changes.set("season_number", episode.season)
            changes.set("episode_number", episode.number)
            for (column, value) in columns { changes.set(column, value) }
            changes.set("created_at", now)
            changes.set("updated_at", now)
            return try changes.insert(db, table: "vod_episode")
        }
        for (column, value) in columns where known[column] as DatabaseValue? != value?.databaseValue ?? .null {
            changes.set(column, value)
        }
        if !changes.columns.isEmpty { changes.set("updated_at", now) }
        let id: Int = known["id"]
        try changes.update(db, table: "vod_episode", id: id)
        return id
    }

    func writeRelation(_ db: Database, _ episode: StagedEpisode, to row: Int) throws {
        let properties: JSONObject = ["info": .object(episode.raw), "season_number": .int(episode.season)]
        try db.execute(
            sql: """
                INSERT INTO "vod_m3uepisoderelation" (
                    "m3u_account_id", "episode_id", "series_relation_id", "stream_id", "container_extension",
                    "custom_properties", "created_at", "updated_at", "last_seen"
                )
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7)
                ON CONFLICT ("m3u_account_id", "stream_id") DO UPDATE SET
                    "episode_id" = excluded."episode_id", "series_relation_id" = excluded."series_relation_id",
                    "container_extension" = excluded."container_extension",
                    "custom_properties" = excluded."custom_properties", "updated_at" = excluded."updated_at",
                    "last_seen" = excluded."last_seen"
                """,
            arguments: [
                account, row, offer, episode.id.cut(to: 255), episode.containerExtension,
                JSONValue.object(properties).text, now,
            ])
    }

    /// Streams that the provider has no more, those of before relations knew their series included.
    func dropRelations(_ db: Database, except ids: [String]) throws {
        try db.execute(
            sql: """
                DELETE FROM "vod_m3uepisoderelation" WHERE (
                    "series_relation_id" = ?1 OR "series_relation_id" IS NULL AND "m3u_account_id" = ?2
                        AND "episode_id" IN (SELECT "id" FROM "vod_episode" WHERE "series_id" = ?3)
                ) AND "stream_id" NOT IN (SELECT "value" FROM json_each(?4))
                """,
            arguments: [offer, account, series, JSONValue.array(ids.map { .string($0.cut(to: 255)) }).text])
    }
}
