public import FoundationEssentials
import GRDB

/// A log-in at Schedules Direct.
public struct KeptToken: Sendable, Equatable {
    /// Secret.
    public var text: String
    /// Stands for the account that it was given for.
    public var credentials: String
    /// When it is no longer good.
    public var expires: Date

    /// A log-in.
    public init(text: String, credentials: String, expires: Date) {
        self.text = text
        self.credentials = credentials
        self.expires = expires
    }
}

extension EPGSourceTable {
    /// The log-in that was kept for a source last, however old; nil without one.
    public func token(of source: Int) async throws -> KeptToken? {
        try await pool.read { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: #"SELECT * FROM "direct_token" WHERE "source_id" = ?"#, arguments: [source]),
                let expires = row.time("expires_at")
            else { return nil }
            return KeptToken(text: row["token"], credentials: row["credentials"], expires: expires)
        }
    }

    /// Keeps a log-in for the next refresh, or forgets the one that was kept; of a source that is gone nothing is kept.
    public func keep(_ token: KeptToken?, of source: Int) async throws {
        try await pool.write { db in
            guard let token else {
                return try db.execute(sql: #"DELETE FROM "direct_token" WHERE "source_id" = ?"#, arguments: [source])
            }
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO "direct_token" ("source_id", "token", "credentials", "expires_at")
                    SELECT "id", ?2, ?3, ?4 FROM "epg_epgsource" WHERE "id" = ?1
                    """,
                arguments: [source, token.text, token.credentials, DjangoTime.text(token.expires)])
        }
    }
}
