public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// What people may say of a connection profile.
public struct M3UProfileDraft: Sendable, Equatable {
    /// Unique within the account, of 1 to 255 characters.
    public var name: String
    /// How many streams at once; 0 means any number.
    public var maxStreams = 0
    /// Whether it may be used.
    public var isActive = true
    /// What is replaced in a stream's URL: a regular expression of 1 to 255 characters.
    public var searchPattern = ""
    /// What takes its place, of 1 to 255 characters.
    public var replacePattern = ""
    /// Notes, and what the provider says.
    public var customProperties: JSONObject = [:]
    /// When the subscription ends.
    public var expiresAt: Date?

    /// A profile that is not complete without its patterns.
    public init(name: String) { self.name = name }
}

/// The connection profiles of an account.
extension M3UAccountTable {
    private static let profileTable = "m3u_m3uaccountprofile"

    /// The account's connection profiles, the default one first.
    public func profiles(of account: Int) async throws -> [M3UAccountProfile] {
        try await pool.read { try Self.profiles($0, #""m3u_account_id" = ?"#, [account]) }
    }

    /// One profile of the account, or nil.
    public func profile(_ id: Int, of account: Int) async throws -> M3UAccountProfile? {
        try await pool.read { try Self.profiles($0, #""m3u_account_id" = ? AND "id" = ?"#, [account, id]).first }
    }

    /// Adds a profile to the account.
    ///
    /// - Throws: ``CatalogError`` `notFound`, `duplicate`, `invalidValue`.
    public func addProfile(to account: Int, _ draft: M3UProfileDraft) async throws -> M3UAccountProfile {
        try Self.check(draft)
        return try await pool.write { db in
            _ = try Self.get(db, account)
            try Self.check(db, name: draft.name, of: account)
            var changes = RowChanges()
            changes.set("m3u_account_id", account)
            changes.set("is_default", false)
            changes.set("current_viewers", 0)
            Self.assign(draft, over: nil, to: &changes)
            return try Self.requireProfile(db, try changes.insert(db, table: Self.profileTable), of: account)
        }
    }

    /// Changes a profile; the closure gets the row as it is inside the transaction.
    ///
    /// - Throws: ``CatalogError`` `notFound`, `duplicate`, `invalidValue`.
    public func updateProfile(
        _ id: Int, of account: Int,
        _ change: @Sendable (inout M3UProfileDraft, _ isDefault: Bool) throws -> Void
    ) async throws -> M3UAccountProfile {
        try await pool.write { db in
            let old = try Self.requireProfile(db, id, of: account)
            var draft = old.draft
            try change(&draft, old.isDefault)
            try Self.check(draft)
            try Self.check(db, name: draft.name, of: account, except: id)
            var changes = RowChanges()
            Self.assign(draft, over: old.draft, to: &changes)
            try changes.update(db, table: Self.profileTable, id: id)
            return try Self.requireProfile(db, id, of: account)
        }
    }

    /// Removes a profile.
    ///
    /// - Throws: ``CatalogError`` `notFound`, or `locked` for the default one, which goes with its account.
    public func deleteProfile(_ id: Int, of account: Int) async throws {
        try await pool.write { db in
            guard try !Self.requireProfile(db, id, of: account).isDefault else {
                throw CatalogError(
                    code: .locked, place: "\(Self.profileTable) \(id)",
                    found: "default profiles cannot be deleted",
                    hint: "It goes with its account; to connect otherwise, change its patterns.")
            }
            try db.execute(sql: #"DELETE FROM "m3u_m3uaccountprofile" WHERE "id" = ?"#, arguments: [id])
        }
    }

    private static func assign(_ new: M3UProfileDraft, over old: M3UProfileDraft?, to changes: inout RowChanges) {
        changes.set("name", old?.name, new.name)
        changes.set("max_streams", old?.maxStreams, new.maxStreams)
        changes.set("is_active", old?.isActive, new.isActive)
        changes.set("search_pattern", old?.searchPattern, new.searchPattern)
        changes.set("replace_pattern", old?.replacePattern, new.replacePattern)
        changes.setJSON("custom_properties", old?.customProperties, new.customProperties)
        changes.set("exp_date", old?.expiresAt.map(DjangoTime.text), new.expiresAt.map(DjangoTime.text))
    }

    private static func profiles(
        _ db: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> [M3UAccountProfile] {
        try Row.fetchAll(
            db,
            sql:
                #"SELECT * FROM "m3u_m3uaccountprofile" WHERE \#(condition) ORDER BY "is_default" DESC, "id""#,
            arguments: arguments
        ).map { row in
            M3UAccountProfile(
                id: row["id"], name: row["name"], isDefault: row["is_default"], maxStreams: row["max_streams"],
                isActive: row["is_active"], searchPattern: row["search_pattern"],
                replacePattern: row["replace_pattern"], currentViewers: row["current_viewers"],
                customProperties: row.object("custom_properties"), expiresAt: row.time("exp_date"))
        }
    }

    private static func requireProfile(_ db: Database, _ id: Int, of account: Int) throws -> M3UAccountProfile {
        guard let row = try profiles(db, #""m3u_account_id" = ? AND "id" = ?"#, [account, id]).first else {
            throw CatalogError.notFound("\(profileTable) of account \(account)", id)
        }
        return row
    }

    private static func check(_ db: Database, name: String, of account: Int, except id: Int? = nil) throws {
        let isTaken = try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (
                    SELECT 1 FROM "m3u_m3uaccountprofile" WHERE "m3u_account_id" = ? AND "name" = ? AND "id" IS NOT ?
                )
                """, arguments: [account, name, id])
        if isTaken ?? false { throw CatalogError.duplicate("\(profileTable) of account \(account)", name: name) }
    }

    private static func check(_ draft: M3UProfileDraft) throws(CatalogError) {
        try checkName(draft.name, table: profileTable)
        for (column, pattern) in [("search_pattern", draft.searchPattern), ("replace_pattern", draft.replacePattern)]
        where pattern.unicodeScalars.count > 255 {
            throw .invalid(
                "\(profileTable).\(column)", found: "\(pattern.unicodeScalars.count) characters",
                hint: "A pattern has at most 255 characters.")
        }
    }

    /// The account of a profile, or nil.
    public func account(ofProfile id: Int) async throws -> Int? {
        try await pool.read { db in
            try Int.fetchOne(
                db, sql: #"SELECT "m3u_account_id" FROM "m3u_m3uaccountprofile" WHERE "id" = ?"#, arguments: [id])
        }
    }

    /// Writes what the provider says about a profile's user; other keys of its `custom_properties` stay.
    public func saveInfo(ofProfile id: Int, _ info: JSONObject, expires: Date?) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    UPDATE "m3u_m3uaccountprofile"
                    SET "custom_properties" = json_patch(ifnull("custom_properties", '{}'), ?), "exp_date" = ?
                    WHERE "id" = ?
                    """,
                arguments: [JSONValue.object(info).text, expires.map(DjangoTime.text), id])
        }
    }
}

extension M3UAccountProfile {
    fileprivate var draft: M3UProfileDraft {
        var draft = M3UProfileDraft(name: name)
        (draft.maxStreams, draft.isActive) = (maxStreams, isActive)
        (draft.searchPattern, draft.replacePattern) = (searchPattern, replacePattern)
        (draft.customProperties, draft.expiresAt) = (customProperties, expiresAt)
        return draft
    }
}
