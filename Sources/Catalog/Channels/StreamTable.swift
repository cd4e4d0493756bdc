public import FoundationEssentials
import GRDB

/// One row of `dispatcharr_channels_stream`, as lists show it.
public struct StreamRow: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// For people.
    public let name: String
    /// Where it plays; often holds a password.
    public let url: String?
    /// `m3u_m3uaccount.id`; nil for one of no account.
    public let accountID: Int?
    /// The name of its group; nil for none.
    public let group: String?
    /// A picture.
    public let logoURL: String?
    /// What it calls its guide channel.
    public let tvgID: String?
    /// The provider's number for it.
    public let number: Double?
    /// Whether the last refresh did not find it any more.
    public let isStale: Bool
    /// When a refresh found it last.
    public let lastSeen: Date?
}

/// Which streams a list shows.
public struct StreamQuery: Sendable {
    /// Only of this account.
    public var account: Int?
    /// Only of the group of this name.
    public var group: String?
    /// Only whose name has this text, in any case of ASCII letters.
    public var text: String?
    /// Only those after this identifier.
    public var after = 0
    /// At most so many.
    public var limit = 50

    /// Every stream.
    public init() {}
}

/// `dispatcharr_channels_stream`, for those who read; refreshes write it.
public struct StreamTable: Sendable {
    let pool: DatabasePool

    /// Streams by identifier, from `after` on: a page costs the same wherever it is.
    public func page(_ query: StreamQuery) async throws -> [StreamRow] {
        // A plus keeps SQLite from an index that would have to be sorted: pages go along the identifiers.
        var conditions = [#"stream."id" > ?"#]
        var arguments: StatementArguments = [query.after]
        if let account = query.account {
            conditions.append(#"+stream."m3u_account_id" = ?"#)
            arguments += [account]
        }
        if let group = query.group {
            conditions.append(
                #"+stream."channel_group_id" = (SELECT "id" FROM "dispatcharr_channels_channelgroup" WHERE "name" = ?)"#
            )
            arguments += [group]
        }
        if let text = query.text {
            conditions.append(#"stream."name" LIKE ? ESCAPE '\'"#)
            let escaped = text.map { "\\%_".contains($0) ? "\\\($0)" : "\($0)" }.joined()
            arguments += ["%\(escaped)%"]
        }
        arguments += [query.limit]
        let sql = """
            SELECT stream.*, known."name" AS "group_name" FROM "dispatcharr_channels_stream" AS stream
            LEFT JOIN "dispatcharr_channels_channelgroup" AS known ON known."id" = stream."channel_group_id"
            WHERE \(conditions.joined(separator: " AND "))
            ORDER BY stream."id" LIMIT ?
            """
        return try await pool.read { [arguments] db in
            try Row.fetchAll(db, sql: sql, arguments: arguments).map { row in
                StreamRow(
                    id: row["id"], name: row["name"], url: row["url"], accountID: row["m3u_account_id"],
                    group: row["group_name"], logoURL: row["logo_url"], tvgID: row["tvg_id"],
                    number: row["stream_chno"], isStale: row["is_stale"], lastSeen: row.time("last_seen"))
            }
        }
    }
}
