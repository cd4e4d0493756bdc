public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// What belongs to an account.
extension M3UAccountTable {
    /// Writes what the provider says about the account's user into its default profile.
    ///
    /// Other keys of the profile's `custom_properties` stay.
    public func saveInfo(of id: Int, _ info: JSONObject, expires: Date?) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    UPDATE "m3u_m3uaccountprofile"
                    SET "custom_properties" = json_patch(ifnull("custom_properties", '{}'), ?), "exp_date" = ?
                    WHERE "m3u_account_id" = ? AND "is_default"
                    """,
                arguments: [JSONValue.object(info).text, expires.map(DjangoTime.text), id])
        }
    }

    /// The groups that refreshes have seen in the account, by name.
    public func groups(of id: Int) async throws -> [AccountGroup] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT relation.*, channelgroup."name"
                    FROM "dispatcharr_channels_channelgroupm3uaccount" AS relation
                    JOIN "dispatcharr_channels_channelgroup" AS channelgroup
                        ON channelgroup."id" = relation."channel_group_id"
                    WHERE relation."m3u_account_id" = ?
                    ORDER BY channelgroup."name"
                    """,
                arguments: [id]
            ).map { row in
                AccountGroup(
                    groupID: row["channel_group_id"], name: row["name"], isEnabled: row["enabled"],
                    syncsChannels: row["auto_channel_sync"], firstChannelNumber: row["auto_sync_channel_start"],
                    lastChannelNumber: row["auto_sync_channel_end"], lastSeen: row.time("last_seen"),
                    isStale: row["is_stale"], customProperties: row.object("custom_properties"))
            }
        }
    }

    /// Says which of the account's groups are wanted; groups that it does not carry are ignored.
    public func setGroups(of id: Int, enabled choices: [Int: Bool]) async throws {
        try await pool.write { db in
            let statement = try db.cachedStatement(
                sql: """
                    UPDATE "dispatcharr_channels_channelgroupm3uaccount" SET "enabled" = ?
                    WHERE "m3u_account_id" = ? AND "channel_group_id" = ?
                    """)
            for (group, isEnabled) in choices { try statement.execute(arguments: [isEnabled, id, group]) }
        }
    }

    /// How many streams the account owns.
    public func streamCount(of id: Int) async throws -> Int {
        try await pool.read { db in
            try Int.fetchOne(
                db, sql: #"SELECT count(*) FROM "dispatcharr_channels_stream" WHERE "m3u_account_id" = ?"#,
                arguments: [id]) ?? 0
        }
    }
}
