public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// Which tasks of the ledger are wanted.
public struct LedgerQuery: Sendable, Equatable {
    /// The task's name, whole.
    public var name: String?
    /// How far it is.
    public var state: LedgerState?
    /// The queue it was sent to, whole.
    public var queue: String?
    /// The plugin it is about, whole.
    public var plugin: String?
    /// The schedule it was fired by, whole.
    public var schedule: String?
    /// Three letters or more, anywhere in the name, the subject or the arguments; case does not matter.
    public var text: String?
    /// Accepted at this instant or later.
    public var since: Date?
    /// Accepted before this instant.
    public var until: Date?
    /// Only those with a smaller ``LedgerEntry/seq``: the last one of the page before.
    public var before: Int?
    /// 1–200.
    public var limit = 50

    /// All tasks.
    public init() {}
}

extension LedgerTable {
    /// A page of tasks, newest first.
    ///
    /// Goes by an index whatever is asked for: each filter's index ends in the order of the page, and where the state is
    /// open there is one short walk for each state. With a text, any three of its letters narrow the walk.
    public func page(_ query: LedgerQuery) async throws -> [LedgerEntry] {
        // SQLite's texts end there, and no argument contains it unescaped.
        if query.text?.contains("\0") ?? false { return [] }
        return try await pool.read { db in
            let bounds = (lowest: try Self.lowest(db, query), highest: try Self.highest(db, query))
            let statement = LedgerStatement(query, bounds, isStateRare: try Self.isRare(db, query.state))
            return try Row.fetchAll(db, sql: statement.sql, arguments: statement.arguments).map(LedgerEntry.init)
        }
    }

    /// One task with all that is known.
    public func find(_ id: TaskID) async throws -> LedgerEntry? {
        return try await pool.read { db in
            try Row.fetchOne(db, sql: #"SELECT * FROM "ledger" WHERE "task_id" = ?"#, arguments: [id.rawValue])
                .map(LedgerEntry.init)
        }
    }

    /// The tasks that repeat this one, oldest first, at most a hundred.
    public func repeats(of id: TaskID) async throws -> [LedgerEntry] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(LedgerEntry.listed) FROM "ledger" WHERE "parent_id" = ? ORDER BY "seq" LIMIT 100
                    """,
                arguments: [id.rawValue]
            ).map(LedgerEntry.init)
        }
    }

    /// How many tasks and bytes there are in each state.
    public func totals() async throws -> [(state: LedgerState, tasks: Int, bytes: Int)] {
        try await pool.read { db in
            try Row.fetchAll(db, sql: #"SELECT * FROM "ledger_total" WHERE "tasks" > 0 ORDER BY "state""#)
                .map { (LedgerState(rawValue: $0["state"]) ?? .unknown, $0["tasks"], $0["bytes"]) }
        }
    }

    /// The words that rows have in one of the columns that can be filtered by, sorted, at most `limit`.
    ///
    /// Leaps from word to word in the index: its cost is the number of words, not of rows.
    public func words(_ column: Facet, limit: Int = 200) async throws -> [String] {
        let name = column.rawValue
        return try await pool.read { db in
            try String.fetchAll(
                db,
                sql: """
                    WITH RECURSIVE "word"("text") AS (
                        SELECT MIN("\(name)") FROM "ledger" WHERE "\(name)" IS NOT NULL
                        UNION ALL
                        SELECT (SELECT MIN("\(name)") FROM "ledger" WHERE "\(name)" > "word"."text") FROM "word"
                        WHERE "word"."text" IS NOT NULL
                    )
                    SELECT "text" FROM "word" WHERE "text" IS NOT NULL LIMIT ?
                    """,
                arguments: [limit])
        }
    }

    /// A column whose words people choose from.
    public enum Facet: String, Sendable, CaseIterable {
        case name, queue, plugin, schedule
    }

    /// Whether so few rows are in a state that reading them all is quick.
    private static func isRare(_ db: Database, _ state: LedgerState?) throws -> Bool {
        guard let state else { return false }
        let count = try Int.fetchOne(
            db, sql: #"SELECT "tasks" FROM "ledger_total" WHERE "state" = ?"#, arguments: [state.rawValue])
        return count ?? 0 <= 5000
    }

    // Times become places in the order of the page, as both grow together.

    private static func lowest(_ db: Database, _ query: LedgerQuery) throws -> Int? {
        guard let since = query.since else { return nil }
        return try Int.fetchOne(
            db,
            sql: #"SELECT "seq" FROM "ledger" WHERE "accepted_at" >= ? ORDER BY "accepted_at", "seq" LIMIT 1"#,
            arguments: [since.milliseconds]) ?? Int.max
    }

    private static func highest(_ db: Database, _ query: LedgerQuery) throws -> Int? {
        guard let until = query.until else { return nil }
        return try Int.fetchOne(
            db,
            sql: #"SELECT "seq" FROM "ledger" WHERE "accepted_at" < ? ORDER BY "accepted_at" DESC, "seq" DESC LIMIT 1"#,
            arguments: [until.milliseconds]) ?? 0
    }
}
