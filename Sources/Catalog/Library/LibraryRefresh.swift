import CeleryProtocol
public import FoundationEssentials
import GRDB

/// One refresh of what one account offers of films and series: gathers aside, then makes it visible in one transaction.
///
/// Works as ``StreamRefresh`` does: staging takes no lock, and a killed process leaves nothing. An offer that says what
/// it said the last time costs one comparison; the others are looked at one by one, because a film of one account may
/// be another's already.
public final class LibraryRefresh: Sendable {
    private let account: Int
    private let queue: DatabaseQueue

    init(path: String, account: Int) throws {
        self.account = account
        queue = try CatalogFile.dedicatedConnection(path: path, temporaryStore: "FILE")
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA temp.journal_mode = MEMORY;
                    CREATE TEMP TABLE staged_title (
                        "position" INTEGER PRIMARY KEY, "kind" TEXT NOT NULL, "external" TEXT NOT NULL, "category" TEXT,
                        "facts" TEXT NOT NULL, "raw" TEXT NOT NULL, UNIQUE ("kind", "external")
                    );
                    CREATE TEMP TABLE wanted_category (
                        "kind" TEXT NOT NULL, "external" TEXT NOT NULL, "id" INTEGER NOT NULL, "enabled" INTEGER NOT NULL,
                        PRIMARY KEY ("kind", "external")
                    );
                    """)
        }
    }

    /// Sets films or series aside.
    public func stage(_ titles: [StagedTitle], of kind: LibraryKind) async throws {
        try await queue.writeWithoutTransaction { db in
            // Deferred: only the TEMP tables are written, so this takes no lock on the file.
            try db.inTransaction(.deferred) {
                let insert = try RawStatement(
                    db,
                    sql: """
                        INSERT OR REPLACE INTO temp.staged_title ("kind", "external", "category", "facts", "raw")
                        VALUES (?1, ?2, ?3, ?4, json(?5))
                        """)
                for title in titles {
                    insert.bind(kind.rawValue, at: 1)
                    insert.bind(title.id.cut(to: 255), at: 2)
                    insert.bind(title.category, at: 3)
                    insert.bind(utf8: JSONValue.object(title.facts).encoded(), at: 4)
                    insert.bind(utf8: JSONValue.object(title.raw).encoded(), at: 5)
                    try insert.run()
                }
                return .commit
            }
        }
    }

    /// Makes everything that was staged visible at once; what was not staged is offered by this account no more.
    ///
    /// Films and series that nobody offers then go. Afterwards nothing is left to do with this value.
    ///
    /// - Parameters:
    ///   - categories: All that the account has. A category that is new to it is wanted or not by the account's
    ///     `auto_enable_new_groups_vod` and `auto_enable_new_groups_series`; titles of unwanted ones are left out.
    ///   - date: Becomes `last_seen`.
    /// - Returns: What it did.
    /// - Throws: ``CatalogError`` `notFound` when the account was deleted meanwhile; then nothing has changed.
    @discardableResult
    public func commit(
        categories: [LibraryKind: [StagedCategory]], at date: Date = Date()
    ) async throws -> LibraryRefreshCounts {
        let counts = try await queue.writeWithoutTransaction { [account] db in
            var counts = LibraryRefreshCounts()
            try db.inTransaction(.immediate) {
                let options = try M3UAccountTable.get(db, account).draft.customProperties
                for kind in LibraryKind.allCases {
                    let swap = LibrarySwap(account: account, kind: kind, now: DjangoTime.text(date))
                    try swap.writeCategories(
                        db, categories[kind] ?? [], enablesNew: options[kind.enablingOption]?.bool ?? true)
                    try swap.run(db, &counts)
                }
                counts.cleanup = try LibraryCleanup(db, limit: DjangoTime.text(date), account: account)
                return .commit
            }
            return counts
        }
        queue.retire()
        return counts
    }

    /// Forgets everything that was staged.
    ///
    /// Also happens when the value goes.
    public func discard() async throws {
        let queue = queue
        try await blocking { try queue.close() }
    }
}

extension CatalogDatabase {
    /// Where a refresh of films and series gathers what it finds, and then makes it visible at once.
    ///
    /// - Throws: ``CatalogError`` `notFound`.
    public func beginLibraryRefresh(account id: Int) async throws -> LibraryRefresh {
        guard try await m3uAccounts.find(id) != nil else { throw CatalogError.notFound(M3UAccountTable.table, id) }
        let path = path
        return try await blocking { try LibraryRefresh(path: path, account: id) }
    }

    /// Whether the account has categories of films or series, besides the one for those without any.
    public func hasLibraryCategories(of kind: LibraryKind, account: Int) async throws -> Bool {
        try await pool.read { db in
            try Bool.fetchOne(
                db,
                sql: """
                    SELECT EXISTS (
                        SELECT 1 FROM "vod_m3uvodcategoryrelation" AS relation
                        JOIN "vod_vodcategory" AS category ON category."id" = relation."category_id"
                        WHERE relation."m3u_account_id" = ? AND category."category_type" = ?
                            AND category."name" <> 'Uncategorized'
                    )
                    """,
                arguments: [account, kind.rawValue]) ?? false
        }
    }
}
