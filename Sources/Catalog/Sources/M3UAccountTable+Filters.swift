public import CeleryProtocol
import GRDB

/// What people may say of a filter.
public struct M3UFilterDraft: Sendable, Equatable {
    /// What the pattern is looked for in.
    public var target = M3UFilter.Target.group
    /// A regular expression to search for, of 1 to 200 characters.
    public var pattern: String
    /// Whether a hit drops the stream or keeps it.
    public var excludes = true
    /// Lower is asked first; nil of a new filter means after all that are there.
    public var order: Int?
    /// `case_sensitive`, and whatever else programs keep there.
    public var customProperties: JSONObject = [:]

    /// A filter that drops groups whose names match, until it is told otherwise.
    public init(pattern: String) { self.pattern = pattern }
}

/// The filters of an account.
extension M3UAccountTable {
    /// The account's filters in the order in which they are asked.
    public func filters(of account: Int) async throws -> [M3UFilter] {
        try await pool.read { try Self.filters($0, #""m3u_account_id" = ?"#, [account]) }
    }

    /// One filter of the account, or nil.
    public func filter(_ id: Int, of account: Int) async throws -> M3UFilter? {
        try await pool.read { try Self.filters($0, #""m3u_account_id" = ? AND "id" = ?"#, [account, id]).first }
    }

    /// Appends a filter to the account's list and returns its identifier.
    ///
    /// - Throws: ``CatalogError`` `notFound`, or `invalidValue` for an empty pattern or one above 200 characters.
    @discardableResult
    public func addFilter(
        to id: Int, target: M3UFilter.Target, pattern: String, excludes: Bool = true, isCaseSensitive: Bool = true
    ) async throws -> Int {
        var draft = M3UFilterDraft(pattern: pattern)
        (draft.target, draft.excludes) = (target, excludes)
        if !isCaseSensitive { draft.customProperties = ["case_sensitive": false] }
        return try await addFilter(to: id, draft).id
    }

    /// Adds a filter to the account.
    ///
    /// - Throws: ``CatalogError`` `notFound`, `invalidValue`.
    public func addFilter(to account: Int, _ draft: M3UFilterDraft) async throws -> M3UFilter {
        try Self.check(draft)
        return try await pool.write { db in
            _ = try Self.get(db, account)
            let last = try Int.fetchOne(
                db, sql: #"SELECT max("order") FROM "m3u_m3ufilter" WHERE "m3u_account_id" = ?"#, arguments: [account])
            var changes = RowChanges()
            changes.set("m3u_account_id", account)
            changes.set("filter_type", draft.target.rawValue)
            changes.set("regex_pattern", draft.pattern)
            changes.set("exclude", draft.excludes)
            changes.set("order", draft.order ?? last.map { $0 + 1 } ?? 0)
            changes.setJSON("custom_properties", nil, draft.customProperties)
            return try Self.requireFilter(db, try changes.insert(db, table: Self.filterTable), of: account)
        }
    }

    /// Changes a filter; the closure gets the row as it is inside the transaction.
    ///
    /// - Throws: ``CatalogError`` `notFound`, `invalidValue`.
    public func updateFilter(
        _ id: Int, of account: Int, _ change: @Sendable (inout M3UFilterDraft) throws -> Void
    ) async throws -> M3UFilter {
        try await pool.write { db in
            let old = try Self.requireFilter(db, id, of: account)
            var draft = old.draft
            try change(&draft)
            try Self.check(draft)
            var changes = RowChanges()
            changes.set("filter_type", old.target.rawValue, draft.target.rawValue)
            changes.set("regex_pattern", old.pattern, draft.pattern)
            changes.set("exclude", old.excludes, draft.excludes)
            changes.set("order", old.order, draft.order ?? old.order)
            changes.setJSON("custom_properties", old.customProperties, draft.customProperties)
            try changes.update(db, table: Self.filterTable, id: id)
            return try Self.requireFilter(db, id, of: account)
        }
    }

    /// Removes a filter.
    ///
    /// - Throws: ``CatalogError`` `notFound`.
    public func deleteFilter(_ id: Int, of account: Int) async throws {
        try await pool.write { db in
            _ = try Self.requireFilter(db, id, of: account)
            try db.execute(sql: #"DELETE FROM "m3u_m3ufilter" WHERE "id" = ?"#, arguments: [id])
        }
    }

    private static let filterTable = "m3u_m3ufilter"

    private static func filters(
        _ db: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> [M3UFilter] {
        try Row.fetchAll(
            db, sql: #"SELECT * FROM "m3u_m3ufilter" WHERE \#(condition) ORDER BY "order", "id""#, arguments: arguments
        ).compactMap { row in
            guard let target = M3UFilter.Target(rawValue: row["filter_type"]) else { return nil }
            return M3UFilter(
                id: row["id"], target: target, pattern: row["regex_pattern"], excludes: row["exclude"],
                order: row["order"], customProperties: row.object("custom_properties"))
        }
    }

    private static func requireFilter(_ db: Database, _ id: Int, of account: Int) throws -> M3UFilter {
        guard let row = try filters(db, #""m3u_account_id" = ? AND "id" = ?"#, [account, id]).first else {
            throw CatalogError.notFound("\(filterTable) of account \(account)", id)
        }
        return row
    }

    private static func check(_ draft: M3UFilterDraft) throws(CatalogError) {
        guard !draft.pattern.isEmpty, draft.pattern.unicodeScalars.count <= 200 else {
            throw .invalid(
                "\(filterTable).regex_pattern", found: "\(draft.pattern.unicodeScalars.count) characters",
                hint: "A pattern has 1 to 200 characters.")
        }
    }
}

extension M3UFilter {
    fileprivate var draft: M3UFilterDraft {
        var draft = M3UFilterDraft(pattern: pattern)
        (draft.target, draft.excludes, draft.order) = (target, excludes, order)
        draft.customProperties = customProperties
        return draft
    }
}
