public import FoundationEssentials
import GRDB

/// What cleaning the film and series library removed.
public struct LibraryCleanup: Sendable, Equatable {
    /// Offers of films by an account that does not have them any more.
    public var movieRelations = 0
    /// Offers of series.
    public var seriesRelations = 0
    /// Offers of episodes.
    public var episodeRelations = 0
    /// Films that nobody offers.
    public var movies = 0
    /// Series that nobody offers.
    public var series = 0
    /// Episodes that nobody offers.
    public var episodes = 0
}

extension CatalogDatabase {
    /// Removes what no account offers any more, in one transaction.
    ///
    /// First the offers that a refresh has not seen for so long, then films, series and episodes without any offer.
    ///
    /// - Parameters:
    ///   - scanStart: When the refresh began: what it saw is newer.
    ///   - staleDays: For how long an offer may be missing; 0 means since the scan.
    ///   - account: Only offers of this account; films and series of others are not touched while they offer them.
    /// - Returns: What it removed.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func cleanLibrary(
        scanStart: Date = Date(), staleDays: Int = 0, account: Int? = nil
    ) async throws -> LibraryCleanup {
        let limit = DjangoTime.text(scanStart.addingTimeInterval(-86_400 * Double(max(staleDays, 0))))
        return try await pool.write { try LibraryCleanup($0, limit: limit, account: account) }
    }
}

extension LibraryCleanup {
    /// Cleans, inside the caller's transaction; what was seen last before the limit is gone.
    init(_ db: Database, limit: String, account: Int?) throws {
        func delete(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
            try db.execute(sql: sql, arguments: arguments)
            return db.changesCount
        }
        let isGone = #""last_seen" < ?1 AND (?2 IS NULL OR "m3u_account_id" = ?2)"#
        let gone: StatementArguments = [limit, account]
        // Children before parents.
        episodeRelations = try delete(
            """
            DELETE FROM "vod_m3uepisoderelation" WHERE "series_relation_id" IN (
                SELECT "id" FROM "vod_m3useriesrelation" WHERE \(isGone)
            )
            """, gone)
        seriesRelations = try delete(#"DELETE FROM "vod_m3useriesrelation" WHERE \#(isGone)"#, gone)
        movieRelations = try delete(#"DELETE FROM "vod_m3umovierelation" WHERE \#(isGone)"#, gone)
        episodes = try delete(
            """
            DELETE FROM "vod_episode" WHERE "series_id" NOT IN (SELECT "series_id" FROM "vod_m3useriesrelation")
                AND "id" NOT IN (SELECT "episode_id" FROM "vod_m3uepisoderelation")
            """)
        series = try delete(
            """
            DELETE FROM "vod_series" WHERE "id" NOT IN (SELECT "series_id" FROM "vod_m3useriesrelation")
                AND "id" NOT IN (SELECT "series_id" FROM "vod_episode")
            """)
        movies = try delete(
            #"DELETE FROM "vod_movie" WHERE "id" NOT IN (SELECT "movie_id" FROM "vod_m3umovierelation")"#)
    }
}
