import Foundation
import GRDB

/// A way to receive a channel.
public struct RecordingSource: Sendable, Equatable {
    /// `dispatcharr_channels_stream.id`.
    public let streamID: Int
    /// For people.
    public let name: String
    /// Where the stream is, as the account's default profile rewrites it.
    ///
    /// Secret: providers put credentials there.
    public let url: String
    /// What the account says it is; nil for the default.
    public let userAgent: String?
}

extension RecordingTable {
    /// The streams of a channel in the order in which they are tried.
    ///
    /// Those that the last refresh missed come last, those of accounts that are switched off not at all.
    public func sources(of channel: Int) async throws -> [RecordingSource] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT stream."id", stream."name", stream."url", agent."user_agent", profile."search_pattern",
                        profile."replace_pattern"
                    FROM "dispatcharr_channels_channelstream" AS link
                    JOIN "dispatcharr_channels_stream" AS stream ON stream."id" = link."stream_id"
                    LEFT JOIN "m3u_m3uaccount" AS account ON account."id" = stream."m3u_account_id"
                    LEFT JOIN "m3u_m3uaccountprofile" AS profile
                        ON profile."m3u_account_id" = account."id" AND profile."is_default" AND profile."is_active"
                    LEFT JOIN "core_useragent" AS agent ON agent."id" = account."user_agent_id"
                    WHERE link."channel_id" = ? AND ifnull(stream."url", '') <> '' AND ifnull(account."is_active", 1)
                    ORDER BY stream."is_stale", link."order", link."id"
                    """,
                arguments: [channel]
            ).map { row in
                RecordingSource(
                    streamID: row["id"], name: row["name"],
                    url: Self.rewrite(row["url"], row["search_pattern"], row["replace_pattern"]),
                    userAgent: row["user_agent"])
            }
        }
    }

    /// A pattern that cannot be read leaves the address as it is.
    private static func rewrite(_ url: String, _ pattern: String?, _ replacement: String?) -> String {
        guard let pattern, let replacement, pattern != "^(.*)$",
            let expression = try? NSRegularExpression(pattern: pattern)  // said above
        else { return url }
        return expression.stringByReplacingMatches(
            in: url, range: NSRange(url.startIndex..., in: url), withTemplate: replacement)
    }
}
