public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// What belongs to an account.
extension M3UAccountTable {
    /// The account's filters in the order in which they are asked.
    public func filters(of id: Int) async throws -> [M3UFilter] {
        try await pool.read { db in
            try Row.fetchAll(
                db, sql: #"SELECT * FROM "m3u_m3ufilter" WHERE "m3u_account_id" = ? ORDER BY "order", "id""#,
                arguments: [id]
            ).compactMap { row in
                guard let target = M3UFilter.Target(rawValue: row["filter_type"]) else { return nil }
                return M3UFilter(
                    id: row["id"], target: target, pattern: row["regex_pattern"], excludes: row["exclude"],
                    order: row["order"],
                    isCaseSensitive: row.object("custom_properties")["case_sensitive"]?.bool ?? true)
            }
        }
    }

    /// Appends a filter to the account's list and returns its identifier.
    ///
    /// - Throws: ``CatalogError`` `notFound`, or `invalidValue` for an empty pattern or one above 200 characters.
    @discardableResult
    public func addFilter(
        to id: Int, target: M3UFilter.Target, pattern: String, excludes: Bool = true, isCaseSensitive: Bool = true
    ) async throws -> Int {
        guard !pattern.isEmpty, pattern.count <= 200 else {
            throw CatalogError.invalid(
                "m3u_m3ufilter.regex_pattern", found: "\(pattern.count) characters",
                hint: "A pattern has 1 to 200 characters.")
        }
        return try await pool.write { db in
            _ = try Self.get(db, id)
            try db.execute(
                sql: """
                    INSERT INTO "m3u_m3ufilter" (
                        "m3u_account_id", "filter_type", "regex_pattern", "exclude", "order", "custom_properties"
                    )
                    SELECT ?1, ?2, ?3, ?4, ifnull(max("order") + 1, 0), ?5
                    FROM "m3u_m3ufilter" WHERE "m3u_account_id" = ?1
                    """,
                arguments: [
                    id, target.rawValue, pattern, excludes, isCaseSensitive ? "{}" : #"{"case_sensitive":false}"#,
                ])
            return Int(db.lastInsertedRowID)
        }
    }

    /// The account's connection profiles, the default one first.
    public func profiles(of id: Int) async throws -> [M3UAccountProfile] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql:
                    #"SELECT * FROM "m3u_m3uaccountprofile" WHERE "m3u_account_id" = ? ORDER BY "is_default" DESC, "id""#,
                arguments: [id]
            ).map { row in
                M3UAccountProfile(
                    id: row["id"], name: row["name"], isDefault: row["is_default"], maxStreams: row["max_streams"],
                    isActive: row["is_active"], searchPattern: row["search_pattern"],
                    replacePattern: row["replace_pattern"], currentViewers: row["current_viewers"],
                    customProperties: row.object("custom_properties"), expiresAt: row.time("exp_date"))
            }
        }
    }

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
