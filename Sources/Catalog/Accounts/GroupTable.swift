import GRDB

/// A group of people, as Django's own administration knows it: one row of `auth_group`.
///
/// Rights here follow ``UserLevel`` alone; groups are kept for plugins and programs that use Django's.
public struct GroupRow: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// Unique.
    public let name: String
    /// Identifiers of `auth_permission`, ascending.
    public let permissions: [Int]
}

/// One thing that Django can permit: a row of `auth_permission`.
public struct PermissionRow: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// For people: `Can add channel`.
    public let name: String
    /// For programs: `add_channel`.
    public let codename: String
}

/// `auth_group` and `auth_permission`.
public struct GroupTable: Sendable {
    private static let table = "auth_group"
    /// What Django's column holds.
    private static let longestName = 150

    let pool: DatabasePool

    /// Every group, by identifier.
    public func all() async throws -> [GroupRow] {
        try await pool.read { try Self.fetch($0, "1", []) }
    }

    /// The group with that identifier, or nil.
    public func find(_ id: Int) async throws -> GroupRow? {
        try await pool.read { try Self.fetch($0, #""id" = ?"#, [id]).first }
    }

    /// Everything that can be permitted, ordered as Django orders it.
    public func permissions() async throws -> [PermissionRow] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT permission."id", permission."name", permission."codename"
                    FROM "auth_permission" AS permission
                    JOIN "django_content_type" AS type ON type."id" = permission."content_type_id"
                    ORDER BY type."app_label", type."model", permission."codename"
                    """
            ).map { PermissionRow(id: $0["id"], name: $0["name"], codename: $0["codename"]) }
        }
    }

    /// Adds a group.
    ///
    /// - Throws: ``CatalogError`` `duplicate`, `invalidValue`.
    public func insert(name: String, permissions: [Int]) async throws -> GroupRow {
        try await pool.write { db in
            try Self.check(db, name, except: nil)
            try db.execute(sql: #"INSERT INTO "auth_group" ("name") VALUES (?)"#, arguments: [name])
            let id = Int(db.lastInsertedRowID)
            try Self.permit(db, permissions, to: id)
            return try Self.require(db, id)
        }
    }

    /// Changes what is not nil.
    ///
    /// - Throws: ``CatalogError`` `notFound`, `duplicate`, `invalidValue`.
    @discardableResult
    public func update(_ id: Int, name: String? = nil, permissions: [Int]? = nil) async throws -> GroupRow {
        try await pool.write { db in
            _ = try Self.require(db, id)
            if let name {
                try Self.check(db, name, except: id)
                try db.execute(sql: #"UPDATE "auth_group" SET "name" = ? WHERE "id" = ?"#, arguments: [name, id])
            }
            if let permissions { try Self.permit(db, permissions, to: id) }
            return try Self.require(db, id)
        }
    }

    /// Removes a group; the people in it stay.
    ///
    /// - Throws: ``CatalogError`` `notFound`.
    public func delete(_ id: Int) async throws {
        try await pool.write { db in
            _ = try Self.require(db, id)
            for table in ["auth_group_permissions", "accounts_user_groups"] {
                try db.execute(sql: #"DELETE FROM "\#(table)" WHERE "group_id" = ?"#, arguments: [id])
            }
            try db.execute(sql: #"DELETE FROM "auth_group" WHERE "id" = ?"#, arguments: [id])
        }
    }

    private static func fetch(
        _ db: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> [GroupRow] {
        try Row.fetchAll(
            db, sql: #"SELECT * FROM "auth_group" WHERE \#(condition) ORDER BY "id""#, arguments: arguments
        ).map { row in
            let permissions = try Int.fetchAll(
                db,
                sql: """
                    SELECT "permission_id" FROM "auth_group_permissions" WHERE "group_id" = ? ORDER BY "permission_id"
                    """,
                arguments: [row["id"] as Int])
            return GroupRow(id: row["id"], name: row["name"], permissions: permissions)
        }
    }

    private static func require(_ db: Database, _ id: Int) throws -> GroupRow {
        guard let row = try fetch(db, #""id" = ?"#, [id]).first else { throw CatalogError.notFound(table, id) }
        return row
    }

    private static func check(_ db: Database, _ name: String, except id: Int?) throws {
        guard (1...longestName).contains(name.unicodeScalars.count) else {
            throw CatalogError.invalid(
                "\(table).name", found: "\(name.unicodeScalars.count) characters",
                hint: "A name has 1 to \(longestName).")
        }
        guard try !db.isTaken(name, in: table, except: id) else { throw CatalogError.duplicate(table, name: name) }
    }

    private static func permit(_ db: Database, _ permissions: [Int], to id: Int) throws {
        try db.execute(sql: #"DELETE FROM "auth_group_permissions" WHERE "group_id" = ?"#, arguments: [id])
        for permission in Set(permissions).sorted() {
            let exists = try Bool.fetchOne(
                db, sql: #"SELECT 1 FROM "auth_permission" WHERE "id" = ?"#, arguments: [permission])
            guard exists == true else {
                throw CatalogError.invalid(
                    "permissions", found: "there is no permission \(permission)",
                    hint: "GET /api/accounts/permissions/ lists them.")
            }
            try db.execute(
                sql: #"INSERT INTO "auth_group_permissions" ("group_id", "permission_id") VALUES (?, ?)"#,
                arguments: [id, permission])
        }
    }
}
