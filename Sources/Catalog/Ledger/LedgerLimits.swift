import FoundationEssentials
import GRDB

/// How much the ledger keeps.
///
/// What is over is dropped oldest first, by age, number and bytes; what is not over is never dropped, but refused
/// once it fills the ledger alone.
public struct LedgerLimits: Sendable {
    /// How long a task that is over is kept.
    ///
    /// 30 days.
    public var age: Duration
    /// How many tasks are kept, those that are not over among them.
    ///
    /// A million, for which pages are measured.
    public var tasks: Int
    /// How many bytes of arguments, messages and results, with 600 for each task's row and its indexes.
    ///
    /// 2 GiB.
    public var bytes: Int

    /// The defaults unless told otherwise.
    public init(age: Duration = .seconds(30 * 86_400), tasks: Int = 1_000_000, bytes: Int = 2 << 30) {
        self.age = age
        self.tasks = tasks
        self.bytes = bytes
    }

    /// What may still be accepted: all that is left beside what is not over.
    struct Room {
        let limits: LedgerLimits
        var tasks: Int
        var bytes: Int

        /// Takes the draft's share; says what is full when there is none.
        mutating func take(_ draft: LedgerDraft) -> CatalogError? {
            tasks += 1
            bytes += draft.bytes
            guard tasks > limits.tasks || bytes > limits.bytes else { return nil }
            tasks -= 1
            bytes -= draft.bytes
            return CatalogError(
                code: .ledgerFull, place: "ledger",
                found: tasks >= limits.tasks
                    ? "\(tasks) tasks wait in it already" : "the tasks that wait in it hold \(bytes) bytes already",
                hint: "Start workers that take them, cancel some, or raise --ledger-tasks and --ledger-megabytes.")
        }
    }

    func room(in db: Database) throws -> Room {
        let statement = try db.cachedStatement(
            sql: """
                SELECT COALESCE(SUM("tasks"), 0) AS "tasks", COALESCE(SUM("bytes"), 0) AS "bytes"
                FROM "ledger_total" WHERE "state" < \(LedgerState.success.rawValue)
                """)
        let row = try Row.fetchOne(statement)
        return Room(limits: self, tasks: row?["tasks"] ?? 0, bytes: row?["bytes"] ?? 0)
    }
}

extension LedgerDraft {
    /// What it counts for; 600 are the row itself and its places in the indexes.
    var bytes: Int { 600 + message.count * 2 + words.utf8.count * 2 }
}

extension LedgerTable {
    /// Drops what is over and too old or too much, at most `slice` tasks; zero when there is nothing to drop.
    ///
    /// Slices keep the file's write lock short.
    @discardableResult
    public func prune(_ limits: LedgerLimits, slice: Int = 1000) async throws -> Int {
        try await writing { db in
            var doomed: Set<Int> = []
            try db.inTransaction(.immediate) {
                let oldest = Date().milliseconds - Int(limits.age / .milliseconds(1))
                try db.execute(
                    sql: #"DELETE FROM "ledger_key" WHERE "accepted_at" < ?"#,
                    arguments: [Date().milliseconds - Self.keyLifetime])
                let totals = try Row.fetchOne(
                    db, sql: #"SELECT SUM("tasks") AS "tasks", SUM("bytes") AS "bytes" FROM "ledger_total""#)
                let surplus = (totals?["tasks"] as Int? ?? 0) - limits.tasks
                let isTooLarge = (totals?["bytes"] as Int? ?? 0) > limits.bytes
                let count = isTooLarge ? slice : min(slice, max(surplus, 0))
                let old = try Self.finished(
                    db, slice, condition: #""accepted_at" < \#(oldest)"#, order: "accepted_at")
                let surplusRows = count > 0 ? try Self.finished(db, count, condition: "1", order: "seq") : []
                doomed = Set(old).union(surplusRows)
                for seq in doomed { try db.execute(sql: #"DELETE FROM "ledger" WHERE "seq" = ?"#, arguments: [seq]) }
                return .commit
            }
            return doomed.count
        }
    }

    /// Milliseconds for which an `Idempotency-Key` is known.
    ///
    /// A day: longer than any client keeps repeating a request.
    private static let keyLifetime = 86_400_000

    private static func finished(_ db: Database, _ limit: Int, condition: String, order: String) throws -> [Int] {
        // The oldest of each final state by its own index, and then of all: never a walk through what is not over.
        let parts = LedgerState.allCases.filter(\.isFinal).map { state in
            """
            SELECT * FROM (SELECT "seq", "accepted_at" FROM "ledger"
                WHERE "state" = \(state.rawValue) ORDER BY "seq" LIMIT \(limit))
            """
        }
        return try Int.fetchAll(
            db,
            sql: """
                SELECT "seq" FROM (\(parts.joined(separator: " UNION ALL ")))
                WHERE \(condition) ORDER BY "\(order)" LIMIT \(limit)
                """)
    }
}
