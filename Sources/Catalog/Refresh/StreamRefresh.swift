import CeleryProtocol
public import FoundationEssentials
import GRDB
import Synchronization

/// One refresh of one playlist account: gathers entries aside, then makes them visible in one transaction.
///
///     stage, stage, stage …   TEMP tables of a connection of its own: nobody waits, nobody sees anything
///     compare                 still without a lock: which rows are new, which changed
///     swap                    BEGIN IMMEDIATE … COMMIT
///
/// The TEMP tables live in an unlinked file, so memory does not grow with the playlist, and a process that is killed
/// leaves nothing behind. They have no journal, which would be held in memory: what goes wrong ends the refresh. Call
/// ``stage(_:)`` as often as needed and ``commit(at:newGroupsEnabled:)`` once.
public final class StreamRefresh: Sendable {
    /// The file that the account's streams come from; nil when it has to be read again in any case.
    public let fetched: FetchedFile?
    let account: Int
    let queue: DatabaseQueue
    private let row: FetchedFileRow
    /// Group name to its row in `temp.wanted_group`; changes only on the connection's queue.
    private let groups = Mutex<[String: Int]>([:])

    init(path: String, account: Int, fingerprint: String) throws {
        self.account = account
        let row = FetchedFileRow(kind: .playlist, source: account, fingerprint: fingerprint)
        self.row = row
        queue = try CatalogFile.dedicatedConnection(path: path, temporaryStore: "FILE")
        fetched = try queue.writeWithoutTransaction { db in
            try db.execute(sql: Self.schema)
            let fetched = try row.find(db)
            // What follows happens on other threads, for which glibc does not use what this one had.
            try db.execute(sql: "PRAGMA shrink_memory")
            return fetched
        }
    }

    /// Sets entries aside.
    ///
    /// 1,000 to 10,000 at a time is best.
    public func stage(_ entries: [StagedStream]) async throws {
        try await queue.writeWithoutTransaction { [self] db in
            // Deferred: only the TEMP tables are written, so this takes no lock on the file.
            try db.inTransaction(.deferred) {
                let insert = try RawStatement(db, sql: Self.insertStaged)
                let repeated = try RawStatement(
                    db, sql: #"INSERT OR REPLACE INTO temp.repeated ("stream_hash", "position") VALUES (?1, ?2)"#)
                for entry in entries {
                    insert.bind(try groupNumber(db, entry.group), at: 1)
                    insert.bind(entry.hash, at: 2)
                    insert.bind(entry.name.cut(to: 512), at: 3)
                    insert.bind(entry.url, at: 4)
                    insert.bind(entry.logoURL, at: 5)
                    insert.bind(entry.guideID?.cut(to: 255), at: 6)
                    insert.bind(utf8: entry.customProperties, at: 7)
                    insert.bind(entry.isAdult, at: 8)
                    insert.bind(entry.streamID, at: 9)
                    insert.bind(entry.channelNumber, at: 10)
                    insert.bind(entry.isCatchup, at: 11)
                    insert.bind(max(entry.catchupDays, 0), at: 12)
                    try insert.run()
                    guard entry.mayRepeat else { continue }
                    repeated.bind(entry.hash, at: 1)
                    repeated.bind(Int(db.lastInsertedRowID), at: 2)
                    try repeated.run()
                }
                return .commit
            }
        }
    }

    /// Sets groups aside that may have no entries, or that carry properties.
    public func stage(groups staged: [StagedGroup]) async throws {
        try await queue.writeWithoutTransaction { [self] db in
            try db.inTransaction(.deferred) {
                for group in staged {
                    let number = try groupNumber(db, group.name)
                    guard !group.customProperties.isEmpty else { continue }
                    try db.execute(
                        sql: #"UPDATE temp.wanted_group SET "properties" = ? WHERE "number" = ?"#,
                        arguments: [JSONValue.object(group.customProperties).text, number])
                }
                return .commit
            }
        }
    }

    /// Makes everything that was staged visible at once.
    ///
    /// Afterwards nothing is left to do with this value.
    ///
    /// A stream is written only when something about it differs; of the others only `last_seen` moves. Streams that
    /// the playlist no longer has become stale, and go after the account's `stale_stream_days`.
    ///
    /// - Parameters:
    ///   - date: Becomes `last_seen`, and `updated_at` of what changed.
    ///   - newGroupsEnabled: Whether groups that the account did not carry before are wanted.
    ///   - file: What the entries come from; the next refresh finds it as ``fetched``.
    /// - Returns: What it did.
    /// - Throws: ``CatalogError`` `notFound` when the account was deleted meanwhile; then nothing has changed.
    public func commit(
        at date: Date = Date(), newGroupsEnabled: Bool = true, file: FetchedFile? = nil
    ) async throws -> StreamRefreshCounts {
        let swap = StreamSwap(account: account, date: date, newGroupsEnabled: newGroupsEnabled)
        let counts = try await queue.writeWithoutTransaction { [row] db in
            try swap.compare(db)
            var counts = StreamRefreshCounts()
            try db.inTransaction(.immediate) {
                counts = try swap.run(db)
                try row.write(db, file)
                return .commit
            }
            return counts
        }
        queue.retire()
        return counts
    }

    /// Says that the ``fetched`` file is still the one that there is, perhaps under another version.
    ///
    /// `last_seen` of its streams and groups moves; what the file did not have ages on, and goes after the account's
    /// `stale_stream_days`.
    ///
    /// - Throws: ``CatalogError`` `notFound` when the account was deleted meanwhile.
    public func confirm(at date: Date = Date(), file: FetchedFile? = nil) async throws -> StreamRefreshCounts {
        let swap = StreamSwap(account: account, date: date, newGroupsEnabled: true)
        let counts = try await queue.writeWithoutTransaction { [row, fetched] db in
            var counts = StreamRefreshCounts()
            try db.inTransaction(.immediate) {
                counts = try swap.confirm(db)
                try row.write(db, file ?? fetched)
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

    private func groupNumber(_ db: Database, _ name: String) throws -> Int {
        if let number = groups.withLock({ $0[name] }) { return number }
        try db.execute(sql: #"INSERT INTO temp.wanted_group ("name") VALUES (?)"#, arguments: [name])
        let number = Int(db.lastInsertedRowID)
        groups.withLock { $0[name] = number }
        return number
    }

    // `position` keeps the order of the file, so that new streams get their identifiers in it. The checks of what we
    // have just encoded as JSON cost more than writing it.
    private static let schema = """
        PRAGMA ignore_check_constraints = ON;
        PRAGMA temp.cache_size = -8192;
        PRAGMA temp.journal_mode = OFF;
        CREATE TEMP TABLE wanted_group (
            "number" INTEGER PRIMARY KEY, "name" TEXT NOT NULL UNIQUE, "properties" TEXT, "group_id" INTEGER,
            "is_enabled" INTEGER
        );
        CREATE TEMP TABLE staged (
            "position" INTEGER PRIMARY KEY, "group_number" INTEGER NOT NULL, "stream_hash" TEXT NOT NULL,
            "name" TEXT NOT NULL, "url" TEXT NOT NULL, "logo_url" TEXT, "tvg_id" TEXT,
            "custom_properties" TEXT NOT NULL, "is_adult" INTEGER NOT NULL, "stream_id" INTEGER, "stream_chno" REAL,
            "is_catchup" INTEGER NOT NULL, "catchup_days" INTEGER NOT NULL
        );
        CREATE TEMP TABLE repeated ("stream_hash" TEXT PRIMARY KEY, "position" INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TEMP TABLE seen (
            "id" INTEGER PRIMARY KEY, "position" INTEGER NOT NULL, "difference" INTEGER NOT NULL
        );
        CREATE TEMP TABLE missed ("id" INTEGER PRIMARY KEY);
        CREATE TEMP TABLE doomed ("id" INTEGER PRIMARY KEY);
        CREATE TEMP TABLE touched_channel ("id" INTEGER PRIMARY KEY);
        """

    private static let insertStaged = """
        INSERT INTO temp.staged (
            "group_number", "stream_hash", "name", "url", "logo_url", "tvg_id", "custom_properties", "is_adult",
            "stream_id", "stream_chno", "is_catchup", "catchup_days"
        )
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        """
}
