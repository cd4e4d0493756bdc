public import CeleryProtocol
import GRDB

/// A group of settings as a row that people see and change.
public struct SettingsRow: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// The row's key.
    public let group: SettingsGroup
    /// For people.
    public let name: String
    /// The settings themselves.
    public let value: JSONObject

    init(_ row: Row) {
        id = row["id"]
        group = SettingsGroup(rawValue: row["key"])
        name = row["name"]
        value = row.object("value")
    }
}

extension SettingsTable {
    /// The row with that identifier; nil when there is none.
    public func find(_ id: Int) async throws -> SettingsRow? {
        try await pool.read { try Self.row($0, id) }
    }

    /// The group's row; nil when there is none.
    public func find(_ group: SettingsGroup) async throws -> SettingsRow? {
        try await pool.read { db in
            try Row.fetchOne(
                db, sql: #"SELECT * FROM "core_coresettings" WHERE "key" = ?"#, arguments: [group.rawValue]
            ).map(SettingsRow.init)
        }
    }

    /// Makes a group that is not there yet; its name is made from its key when nil.
    ///
    /// - Throws: ``CatalogError`` `duplicate` when there is one of that key; `invalidValue` as ``update(_:with:)``.
    public func insert(_ group: SettingsGroup, name: String? = nil, value: JSONObject) async throws -> SettingsRow {
        try Self.check(value, of: group)
        return try await pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO "core_coresettings" ("key", "name", "value") VALUES (?, ?, ?)
                    ON CONFLICT ("key") DO NOTHING
                    """,
                arguments: [group.rawValue, name ?? group.displayName, JSONValue.object(value).text])
            guard db.changesCount > 0, let row = try Self.row(db, Int(db.lastInsertedRowID)) else {
                throw CatalogError.duplicate("core_coresettings", name: group.rawValue)
            }
            try Self.follow(db, group, from: [:], to: value)
            return row
        }
    }

    /// Renames a group or gives it other settings; what is nil stays.
    ///
    /// - Parameters:
    ///   - id: The row's identifier.
    ///   - name: For people.
    ///   - value: All of its settings, or some when they are merged into those that are there.
    ///   - isMerged: Whether settings that `value` does not name stay.
    /// - Returns: The row before and after.
    /// - Throws: ``CatalogError`` `notFound`; `invalidValue` as ``update(_:with:)``.
    public func change(
        _ id: Int, name: String? = nil, value: JSONObject? = nil, isMerged: Bool
    ) async throws -> (before: SettingsRow, after: SettingsRow) {
        try await pool.write { db in
            guard let before = try Self.row(db, id) else { throw CatalogError.notFound("core_coresettings", id) }
            if let value { try Self.check(value, of: before.group) }
            let settings = value.map { isMerged ? before.value.merging($0) : $0 } ?? before.value
            try db.execute(
                sql: #"UPDATE "core_coresettings" SET "name" = ?, "value" = ? WHERE "id" = ?"#,
                arguments: [name ?? before.name, JSONValue.object(settings).text, id])
            try Self.follow(db, before.group, from: before.value, to: settings)
            return (before, try Self.row(db, id) ?? before)
        }
    }

    /// Removes a group that the product does not need.
    ///
    /// - Throws: ``CatalogError`` `notFound`; `locked` for those that a fresh database has.
    public func delete(_ id: Int) async throws {
        try await pool.write { db in
            guard let row = try Self.row(db, id) else { throw CatalogError.notFound("core_coresettings", id) }
            guard !SettingsGroup.builtIn.contains(row.group) else {
                throw CatalogError(
                    code: .locked, place: "core_coresettings \(id)", found: "\(row.group.rawValue) is the server's own",
                    hint: "Change its settings instead.")
            }
            try db.execute(sql: #"DELETE FROM "core_coresettings" WHERE "id" = ?"#, arguments: [id])
        }
    }

    private static func row(_ db: Database, _ id: Int) throws -> SettingsRow? {
        try Row.fetchOne(db, sql: #"SELECT * FROM "core_coresettings" WHERE "id" = ?"#, arguments: [id])
            .map(SettingsRow.init)
    }
}
