import GRDB

/// One row of `m3u_servergroup`: accounts of one provider, for people to keep them together.
public struct ServerGroup: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// Unique, of 1 to 100 characters.
    public let name: String
}

/// `m3u_servergroup`.
public struct ServerGroupTable: Sendable {
    private static let table = "m3u_servergroup"
    /// What Django's column holds.
    private static let longestName = 100

    let pool: DatabasePool

    /// Every group, by identifier.
    public func all() async throws -> [ServerGroup] {
        try await pool.read { try Self.fetch($0, "1", []) }
    }

    /// The group with that identifier, or nil.
    public func find(_ id: Int) async throws -> ServerGroup? {
        try await pool.read { try Self.fetch($0, #""id" = ?"#, [id]).first }
    }

    /// Adds a group.
    ///
    /// - Throws: ``CatalogError`` `duplicate`, `invalidValue`.
    public func insert(name: String) async throws -> ServerGroup {
        try await pool.write { db in
            try Self.check(db, name, except: nil)
            try db.execute(sql: #"INSERT INTO "m3u_servergroup" ("name") VALUES (?)"#, arguments: [name])
            return try Self.require(db, Int(db.lastInsertedRowID))
        }
    }

    /// Names a group anew.
    ///
    /// - Throws: ``CatalogError`` `notFound`, `duplicate`, `invalidValue`.
    public func rename(_ id: Int, to name: String) async throws -> ServerGroup {
        try await pool.write { db in
            _ = try Self.require(db, id)
            try Self.check(db, name, except: id)
            try db.execute(sql: #"UPDATE "m3u_servergroup" SET "name" = ? WHERE "id" = ?"#, arguments: [name, id])
            return try Self.require(db, id)
        }
    }

    /// Removes a group; its accounts stay, in none.
    ///
    /// - Throws: ``CatalogError`` `notFound`.
    public func delete(_ id: Int) async throws {
        try await pool.write { db in
            _ = try Self.require(db, id)
            try db.execute(
                sql: #"UPDATE "m3u_m3uaccount" SET "server_group_id" = NULL WHERE "server_group_id" = ?"#,
                arguments: [id])
            try db.execute(sql: #"DELETE FROM "m3u_servergroup" WHERE "id" = ?"#, arguments: [id])
        }
    }

    private static func fetch(
        _ db: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> [ServerGroup] {
        try Row.fetchAll(
            db, sql: #"SELECT * FROM "m3u_servergroup" WHERE \#(condition) ORDER BY "id""#, arguments: arguments
        ).map { ServerGroup(id: $0["id"], name: $0["name"]) }
    }

    private static func require(_ db: Database, _ id: Int) throws -> ServerGroup {
        guard let row = try fetch(db, #""id" = ?"#, [id]).first else { throw CatalogError.notFound(table, id) }
        return row
    }

    private static func check(_ db: Database, _ name: String, except id: Int?) throws {
        guard !name.isEmpty, name.unicodeScalars.count <= longestName else {
            throw CatalogError.invalid(
                "\(table).name", found: "\(name.unicodeScalars.count) characters",
                hint: "A name has 1 to \(longestName) characters.")
        }
        guard try !db.isTaken(name, in: table, except: id) else { throw CatalogError.duplicate(table, name: name) }
    }
}
