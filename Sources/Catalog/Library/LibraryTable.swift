public import FoundationEssentials
import GRDB

/// One film or series as one account offers it.
public struct LibraryOffer: Sendable, Equatable {
    /// The relation's identifier.
    public let id: Int
    /// The film or series.
    public let titleID: Int
    /// Its name.
    public let name: String
    /// The account.
    public let accountID: Int
    /// The provider's number for it.
    public let externalID: String
    /// When its details, or episodes, were asked for last; nil when never.
    public let detailedAt: Date?
}

/// Films and series that are looked at one by one.
public struct LibraryTable: Sendable {
    let pool: DatabasePool

    /// The offer with that identifier, or nil.
    public func offer(_ id: Int, of kind: LibraryKind) async throws -> LibraryOffer? {
        try await pool.read { try Self.fetch($0, kind, #"relation."id" = ?"#, [id]).first }
    }

    /// An account's offers of series: of those series, or of all whose episodes were read, but not since a time.
    public func seriesOffers(of account: Int, series: [Int]?, notSince date: Date) async throws -> [LibraryOffer] {
        try await pool.read { db in
            guard let series else {
                return try Self.fetch(
                    db, .series, #"relation."m3u_account_id" = ? AND relation."last_episode_refresh" < ?"#,
                    [account, DjangoTime.text(date)])
            }
            return try Self.fetch(db, .series, #"relation."m3u_account_id" = ?"#, [account])
                .filter { series.contains($0.titleID) }
        }
    }

    private static func fetch(
        _ db: Database, _ kind: LibraryKind, _ condition: String, _ arguments: StatementArguments
    ) throws -> [LibraryOffer] {
        let detailed = kind == .movie ? "last_advanced_refresh" : "last_episode_refresh"
        return try Row.fetchAll(
            db,
            sql: """
                SELECT relation.*, title."name", relation."\(kind.owner)" AS "title_id",
                    relation."\(kind.external)" AS "external",
                    CASE WHEN json_extract(relation."custom_properties", '$.detailed_fetched')
                        THEN relation."\(detailed)" END AS "detailed_at"
                FROM "\(kind.relations)" AS relation
                JOIN "\(kind.table)" AS title ON title."id" = relation."\(kind.owner)"
                WHERE \(condition) ORDER BY relation."id"
                """,
            arguments: arguments
        ).map {
            LibraryOffer(
                id: $0["id"], titleID: $0["title_id"], name: $0["name"], accountID: $0["m3u_account_id"],
                externalID: $0["external"], detailedAt: $0.time("detailed_at"))
        }
    }
}

extension CatalogDatabase {
    /// Films and series.
    public var library: LibraryTable { LibraryTable(pool: pool) }
}
