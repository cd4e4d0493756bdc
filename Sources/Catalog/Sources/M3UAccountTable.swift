import CeleryProtocol
package import GRDB

/// `m3u_m3uaccount` and what belongs to an account: filters, profiles, groups, and its schedule.
public struct M3UAccountTable: SourceTable {
    package let pool: DatabasePool
    package static let table = "m3u_m3uaccount"

    /// The accounts that a refresh of all goes through: active and not the locked `custom` one.
    public func refreshableIDs() async throws -> [Int] {
        try await pool.read { db in
            try Int.fetchAll(
                db, sql: #"SELECT "id" FROM "m3u_m3uaccount" WHERE "is_active" AND NOT "locked" ORDER BY "id""#)
        }
    }

    /// Removes an account with everything that exists only through it: streams, filters, profiles, group settings,
    /// what it carries of films and series, and its schedule.
    ///
    /// Channels made of it stay.
    ///
    /// - Throws: ``CatalogError`` `notFound`, or `locked` for the account `custom`.
    public func delete(_ id: Int) async throws {
        try await pool.write { db in
            guard try !Self.get(db, id).isLocked else {
                throw CatalogError(
                    code: .locked, place: "\(Self.table) \(id)", found: "the account belongs to the product",
                    hint: "Delete its streams instead.")
            }
            _ = try PeriodicTasks.delete(db, named: Self.scheduleName(id))
            try FetchedFileRow.forget(db, .playlist, id)
            // Children before parents; `?1` is the account.
            for statement in [
                #"DELETE FROM "dispatcharr_channels_channelstream" WHERE "stream_id" IN (SELECT "id" FROM "dispatcharr_channels_stream" WHERE "m3u_account_id" = ?1)"#,
                #"DELETE FROM "dispatcharr_channels_stream" WHERE "m3u_account_id" = ?1"#,
                #"DELETE FROM "dispatcharr_channels_channelgroupm3uaccount" WHERE "m3u_account_id" = ?1"#,
                #"UPDATE "dispatcharr_channels_channel" SET "auto_created_by_id" = NULL WHERE "auto_created_by_id" = ?1"#,
                #"DELETE FROM "vod_m3uepisoderelation" WHERE "m3u_account_id" = ?1 OR "series_relation_id" IN (SELECT "id" FROM "vod_m3useriesrelation" WHERE "m3u_account_id" = ?1)"#,
                #"DELETE FROM "vod_m3useriesrelation" WHERE "m3u_account_id" = ?1"#,
                #"DELETE FROM "vod_m3umovierelation" WHERE "m3u_account_id" = ?1"#,
                #"DELETE FROM "vod_m3uvodcategoryrelation" WHERE "m3u_account_id" = ?1"#,
                #"DELETE FROM "m3u_m3ufilter" WHERE "m3u_account_id" = ?1"#,
                #"DELETE FROM "m3u_m3uaccountprofile" WHERE "m3u_account_id" = ?1"#,
                #"DELETE FROM "m3u_m3uaccount" WHERE "id" = ?1"#,
            ] {
                try db.execute(sql: statement, arguments: [id])
            }
        }
    }
}

extension M3UAccountTable {
    package static func fetch(
        _ db: Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [M3UAccount] {
        try Row.fetchAll(
            db, sql: #"SELECT * FROM "m3u_m3uaccount" WHERE \#(condition)"#, arguments: arguments
        ).map { M3UAccount($0, cron: try PeriodicTasks.cronExpression(db, ofTask: $0["refresh_task_id"])) }
    }

    private static func scheduleName(_ id: Int) -> String { "m3u_account-refresh-\(id)" }

    package static func schedule(_ db: Database, _ id: Int, _ draft: M3UAccountDraft) throws {
        let task = try PeriodicTasks.refreshEvery(
            db, name: scheduleName(id), task: "apps.m3u.tasks.refresh_single_m3u_account",
            keywordArguments: ["account_id": .int(id)], hours: draft.refreshInterval, cron: draft.cron,
            isActive: draft.isActive)
        try db.execute(
            sql: #"UPDATE "m3u_m3uaccount" SET "refresh_task_id" = ? WHERE "id" = ?"#, arguments: [task, id])
    }

    package static func needsAnotherSchedule(_ old: M3UAccountDraft, _ new: M3UAccountDraft) -> Bool { false }

    /// A new account has a default profile.
    package static func complete(
        _ db: Database, _ id: Int, from old: M3UAccountDraft?, to draft: M3UAccountDraft
    ) throws {
        guard old == nil else { return }
        var changes = RowChanges()
        changes.set("m3u_account_id", id)
        changes.set("name", String("\(draft.name) Default".suffix(255)))
        changes.set("is_default", true)
        changes.set("max_streams", draft.maxStreams)
        changes.set("is_active", true)
        changes.set("search_pattern", "^(.*)$")
        changes.set("replace_pattern", "$1")
        changes.set("current_viewers", 0)
        changes.set("custom_properties", "{}")
        _ = try changes.insert(db, table: "m3u_m3uaccountprofile")
    }

    package static func changes(from old: M3UAccountDraft?, to new: M3UAccountDraft) -> RowChanges {
        var changes = RowChanges()
        if old == nil { changes.set("locked", false) }
        changes.set("name", old?.name, new.name)
        changes.set("server_url", old?.serverURL, new.serverURL)
        changes.set("file_path", old?.filePath, new.filePath)
        changes.set("server_group_id", old?.serverGroupID, new.serverGroupID)
        changes.set("max_streams", old?.maxStreams, new.maxStreams)
        changes.set("is_active", old?.isActive, new.isActive)
        changes.set("user_agent_id", old?.userAgentID, new.userAgentID)
        changes.set("stream_profile_id", old?.streamProfileID, new.streamProfileID)
        changes.set("account_type", old?.kind.rawValue, new.kind.rawValue)
        changes.set("username", old?.username, new.username)
        changes.set("password", old?.password, new.password)
        changes.setJSON("custom_properties", old?.customProperties, new.customProperties)
        changes.set("refresh_interval", old?.refreshInterval, new.refreshInterval)
        changes.set("stale_stream_days", old?.staleStreamDays, new.staleStreamDays)
        changes.set("priority", old?.priority, new.priority)
        return changes
    }

    package static func check(_ draft: M3UAccountDraft) throws(CatalogError) {
        try checkName(draft.name, table: table)
        for (column, value) in [
            ("max_streams", draft.maxStreams), ("refresh_interval", draft.refreshInterval),
            ("stale_stream_days", draft.staleStreamDays), ("priority", draft.priority),
        ] where value < 0 {
            throw .invalid("\(table).\(column)", found: "\(value)", hint: "A whole number from 0.")
        }
    }
}
