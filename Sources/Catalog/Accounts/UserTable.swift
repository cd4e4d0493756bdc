import CeleryProtocol
import FoundationEssentials
import GRDB

/// `accounts_user`: the people who may sign in, in the table that Django's own log-in reads.
public struct UserTable: Sendable {
    static let table = "accounts_user"
    let pool: DatabasePool

    /// Everybody, by identifier.
    public func all() async throws -> [UserRow] {
        try await pool.read { try Self.fetch($0, "1", []) }
    }

    /// The person with that identifier, or nil.
    public func find(_ id: Int) async throws -> UserRow? {
        try await pool.read { try Self.fetch($0, #""id" = ?"#, [id]).first }
    }

    /// The person with exactly that name, or nil.
    public func find(username: String) async throws -> UserRow? {
        try await pool.read { try Self.fetch($0, #""username" = ?"#, [username]).first }
    }

    /// The person whose column holds one of these forms of a key, or nil.
    ///
    /// An empty form is left out: an empty column is nobody's key.
    public func find(apiKeyForms forms: [String]) async throws -> UserRow? {
        let forms = forms.filter { !$0.isEmpty }
        guard !forms.isEmpty else { return nil }
        let marks = databaseQuestionMarks(count: forms.count)
        return try await pool.read {
            try Self.fetch($0, #""api_key" IN (\#(marks))"#, StatementArguments(forms)).first
        }
    }

    /// Whether anybody may administer yet.
    public func hasAdministrator() async throws -> Bool {
        try await pool.read { try Self.countAdministrators($0) > 0 }
    }

    /// Adds a person, and gives the row; nil when `onlyFirstAdministrator` was asked and there is one.
    ///
    /// - Parameters:
    ///   - change: At least a name and an encoded password.
    ///   - onlyFirstAdministrator: Refuse when somebody may administer already: the check and the row are
    ///     one transaction, so of two first administrators one loses.
    /// - Returns: The new row, or nil.
    /// - Throws: ``CatalogError`` `duplicate`, `invalidValue`.
    public func insert(_ change: UserChange, onlyFirstAdministrator: Bool = false) async throws -> UserRow? {
        try await pool.write { db in
            if onlyFirstAdministrator, try Self.countAdministrators(db) > 0 { return nil }
            guard let username = change.username, let password = change.password else {
                throw CatalogError.invalid(
                    Self.table, found: "a person without name or password", hint: "Give both.")
            }
            try Self.requireFree(db, username, except: nil)
            try db.execute(
                sql: """
                    INSERT INTO "accounts_user" (
                        "password", "is_superuser", "username", "first_name", "last_name", "email", "is_staff",
                        "is_active", "date_joined", "avatar_config", "user_level", "custom_properties", "stream_limit"
                    )
                    VALUES (?, 0, ?, '', '', '', 0, 1, ?, '{}', 0, '{}', 0)
                    """,
                arguments: [password, username, DjangoTime.text(Date())])
            return try Self.apply(db, change, to: Int(db.lastInsertedRowID))
        }
    }

    /// Changes what is set in `change`.
    ///
    /// - Throws: ``CatalogError`` `notFound`, `duplicate`, `invalidValue`, and `locked` when nobody could administer
    ///   afterwards.
    @discardableResult
    public func update(_ id: Int, _ change: UserChange) async throws -> UserRow {
        try await pool.write { db in
            let before = try Self.countAdministrators(db)
            if let username = change.username { try Self.requireFree(db, username, except: id) }
            let row = try Self.apply(db, change, to: id)
            try Self.requireAdministrator(db, before: before, row.username)
            return row
        }
    }

    /// Puts a key's stored form in place of the old one; nil takes it away.
    ///
    /// - Throws: ``CatalogError`` `notFound`.
    @discardableResult
    public func setAPIKey(_ id: Int, _ form: String?) async throws -> UserRow {
        try await pool.write { db in
            try db.execute(sql: #"UPDATE "accounts_user" SET "api_key" = ? WHERE "id" = ?"#, arguments: [form, id])
            return try Self.require(db, id)
        }
    }

    /// Notes a log-in and, when the password's encoding was out of date, its new form.
    ///
    /// A password that was changed meanwhile stays as it is.
    public func noteLogin(_ user: UserRow, reencoded password: String?) async throws {
        try await pool.write { db in
            try db.execute(
                sql: #"UPDATE "accounts_user" SET "last_login" = ? WHERE "id" = ?"#,
                arguments: [DjangoTime.text(Date()), user.id])
            guard let password else { return }
            try db.execute(
                sql: #"UPDATE "accounts_user" SET "password" = ? WHERE "id" = ? AND "password" = ?"#,
                arguments: [password, user.id, user.password])
        }
    }

    /// Removes a person, and what belongs to nobody else.
    ///
    /// - Throws: ``CatalogError`` `notFound`, and `locked` for the last administrator.
    public func delete(_ id: Int) async throws {
        try await pool.write { db in
            let before = try Self.countAdministrators(db)
            let user = try Self.require(db, id)
            // Django's cascade lives in Python; the same tables, for whoever deletes from here.
            for table in [
                "accounts_user_groups", "accounts_user_user_permissions", "accounts_user_channel_profiles",
                "core_notificationdismissal",
            ] {
                try db.execute(sql: #"DELETE FROM "\#(table)" WHERE "user_id" = ?"#, arguments: [id])
            }
            try db.execute(sql: #"DELETE FROM "accounts_user" WHERE "id" = ?"#, arguments: [id])
            try Self.requireAdministrator(db, before: before, user.username)
        }
    }
}
