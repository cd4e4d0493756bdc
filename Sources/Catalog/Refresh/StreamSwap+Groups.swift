import GRDB

/// What a refresh does for the groups of a playlist.
extension StreamSwap {
    /// Finds the rows of groups that exist.
    func resolveGroups(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE temp.wanted_group SET "group_id" = (
                    SELECT "id" FROM "dispatcharr_channels_channelgroup" AS known WHERE known."name" = wanted_group."name"
                )
                """)
    }

    /// Makes missing groups and relations; returns how many relations were new.
    func writeGroups(_ db: Database) throws -> Int {
        try db.execute(
            sql: """
                INSERT INTO "dispatcharr_channels_channelgroup" ("name")
                SELECT "name" FROM temp.wanted_group WHERE true ORDER BY "number"
                ON CONFLICT ("name") DO NOTHING
                """)
        try resolveGroups(db)
        let before = try relationCount(db)
        try db.execute(
            sql: """
                INSERT INTO "dispatcharr_channels_channelgroupm3uaccount" (
                    "channel_group_id", "m3u_account_id", "custom_properties", "enabled", "auto_channel_sync",
                    "last_seen", "is_stale"
                )
                SELECT "group_id", ?1, ifnull("properties", '{}'), ?2, 0, ?3, 0
                FROM temp.wanted_group WHERE true ORDER BY "number"
                ON CONFLICT ("channel_group_id", "m3u_account_id") DO UPDATE SET
                    "last_seen" = excluded."last_seen", "is_stale" = 0,
                    "custom_properties" = CASE excluded."custom_properties"
                        WHEN '{}' THEN "custom_properties"
                        ELSE json_patch(ifnull("custom_properties", '{}'), excluded."custom_properties")
                    END
                """,
            arguments: [account, newGroupsEnabled, seenAt])
        try db.execute(
            sql: """
                UPDATE temp.wanted_group SET "is_enabled" = (
                    SELECT "enabled" FROM "dispatcharr_channels_channelgroupm3uaccount" AS relation
                    WHERE relation."channel_group_id" = wanted_group."group_id" AND relation."m3u_account_id" = ?
                )
                """,
            arguments: [account])
        return try relationCount(db) - before
    }

    private func relationCount(_ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: #"SELECT count(*) FROM "dispatcharr_channels_channelgroupm3uaccount" WHERE "m3u_account_id" = ?"#,
            arguments: [account]) ?? 0
    }

    /// Groups that the account no longer carries go the way of its streams.
    func settleGroups(_ db: Database, before keepSince: String) throws {
        try db.execute(
            sql: """
                UPDATE "dispatcharr_channels_channelgroupm3uaccount" SET "is_stale" = 1
                WHERE "m3u_account_id" = ? AND "is_stale" = 0
                    AND "channel_group_id" NOT IN (SELECT "group_id" FROM temp.wanted_group)
                """,
            arguments: [account])
        try db.execute(
            sql: """
                DELETE FROM "dispatcharr_channels_channelgroupm3uaccount"
                WHERE "m3u_account_id" = ? AND "last_seen" < ?
                    AND "channel_group_id" NOT IN (SELECT "group_id" FROM temp.wanted_group)
                """,
            arguments: [account, keepSince])
    }

    /// A channel offers catch-up when one of its streams does, for as many days as the best one.
    func rollUpCatchup(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO temp.touched_channel ("id")
                SELECT DISTINCT link."channel_id" FROM "dispatcharr_channels_channelstream" AS link
                JOIN temp.seen AS seen ON seen."id" = link."stream_id" AND seen."difference" > 0
                """)
        try db.execute(
            sql: """
                UPDATE "dispatcharr_channels_channel" AS channel
                SET "is_catchup" = best."days" IS NOT NULL, "catchup_days" = ifnull(best."days", 0)
                FROM (
                    SELECT touched."id" AS "channel_id", max(stream."catchup_days") AS "days"
                    FROM temp.touched_channel AS touched
                    LEFT JOIN "dispatcharr_channels_channelstream" AS link ON link."channel_id" = touched."id"
                    LEFT JOIN "dispatcharr_channels_stream" AS stream
                        ON stream."id" = link."stream_id" AND stream."is_catchup"
                    GROUP BY touched."id"
                ) AS best
                WHERE channel."id" = best."channel_id"
                    AND (channel."is_catchup", channel."catchup_days")
                        IS NOT (best."days" IS NOT NULL, ifnull(best."days", 0))
                """)
    }
}
