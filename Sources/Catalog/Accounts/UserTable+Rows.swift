import CeleryProtocol
import FoundationEssentials
import GRDB

// What the functions of UserTable share, inside one transaction.

extension UserTable {
    static func fetch(_ db: Database, _ condition: String, _ arguments: StatementArguments) throws -> [UserRow] {
        let rows = try Row.fetchAll(
            db, sql: #"SELECT * FROM "accounts_user" WHERE \#(condition) ORDER BY "id""#, arguments: arguments)
        return try rows.map { row in
            let profiles = try Int.fetchAll(
                db,
                sql: """
                    SELECT "channelprofile_id" FROM "accounts_user_channel_profiles"
                    WHERE "user_id" = ? ORDER BY "channelprofile_id"
                    """,
                arguments: [row["id"] as Int])
            return UserRow(row, channelProfiles: profiles)
        }
    }

    static func require(_ db: Database, _ id: Int) throws -> UserRow {
        guard let row = try fetch(db, #""id" = ?"#, [id]).first else { throw CatalogError.notFound(table, id) }
        return row
    }

    static func countAdministrators(_ db: Database) throws -> Int {
        try Int.fetchOne(
            db, sql: #"SELECT count(*) FROM "accounts_user" WHERE "user_level" >= ? AND "is_active""#,
            arguments: [UserLevel.admin.rawValue]) ?? 0
    }

    static func requireFree(_ db: Database, _ username: String, except id: Int?) throws {
        let taken = try Int.fetchOne(
            db, sql: #"SELECT "id" FROM "accounts_user" WHERE "username" = ?"#, arguments: [username])
        guard taken == nil || taken == id else { throw CatalogError.duplicate(table, name: username) }
    }

    /// An installation that nobody can administer any more would be open to whoever sets it up next.
    static func requireAdministrator(_ db: Database, before: Int, _ username: String) throws {
        guard before > 0, try countAdministrators(db) == 0 else { return }
        throw CatalogError(
            code: .locked, place: "\(table) \(username)", found: "this is the last administrator",
            hint: "Make somebody else an administrator first.")
    }

    static func apply(_ db: Database, _ change: UserChange, to id: Int) throws -> UserRow {
        let columns: [(String, (any DatabaseValueConvertible)?)] = [
            ("username", change.username), ("password", change.password), ("email", change.email),
            ("first_name", change.firstName), ("last_name", change.lastName), ("user_level", change.level?.rawValue),
            ("is_active", change.isActive), ("is_staff", change.isStaff), ("is_superuser", change.isSuperuser),
            ("custom_properties", change.customProperties.map { JSONValue.object($0).text }),
            ("avatar_config", change.avatar.map { JSONValue.object($0).text }), ("stream_limit", change.streamLimit),
        ]
        for (name, value) in columns {
            guard let value else { continue }
            try db.execute(
                sql: #"UPDATE "accounts_user" SET "\#(name)" = ? WHERE "id" = ?"#, arguments: [value, id])
        }
        if let profiles = change.channelProfiles { try setProfiles(db, profiles, of: id) }
        return try require(db, id)
    }

    private static func setProfiles(_ db: Database, _ profiles: [Int], of id: Int) throws {
        try db.execute(
            sql: #"DELETE FROM "accounts_user_channel_profiles" WHERE "user_id" = ?"#, arguments: [id])
        for profile in Set(profiles).sorted() {
            let exists = try Bool.fetchOne(
                db, sql: #"SELECT 1 FROM "dispatcharr_channels_channelprofile" WHERE "id" = ?"#, arguments: [profile])
            guard exists == true else {
                throw CatalogError.invalid(
                    "channel_profiles", found: "there is no channel profile \(profile)", hint: "List them first.")
            }
            try db.execute(
                sql: """
                    INSERT INTO "accounts_user_channel_profiles" ("user_id", "channelprofile_id") VALUES (?, ?)
                    """,
                arguments: [id, profile])
        }
    }
}
