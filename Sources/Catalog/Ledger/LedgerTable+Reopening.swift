public import CeleryProtocol
import FoundationEssentials
import GRDB

/// A task of the ledger that was over and is sent once more, under its own id.
public struct LedgerReopening: Sendable {
    /// The task.
    public var id: TaskID
    /// The envelope as it is sent now.
    public var message: [UInt8]
    /// What is different from before; nil for what is not.
    public var name: String?
    /// Likewise.
    public var queue: QueueName?
    /// Likewise.
    public var args: [JSONValue]?
    /// Likewise.
    public var kwargs: JSONObject?

    /// A task that is sent as it was.
    public init(id: TaskID, message: [UInt8]) {
        self.id = id
        self.message = message
    }
}

extension LedgerTable {
    /// Those of these tasks that are in the ledger and over.
    public func closed(among ids: [TaskID]) async throws -> Set<TaskID> {
        try await pool.read { db in
            var found: Set<TaskID> = []
            for id in ids {
                let isClosed = try Bool.fetchOne(
                    db, sql: #"SELECT "state" >= ? FROM "ledger" WHERE "task_id" = ?"#,
                    arguments: [LedgerState.success.rawValue, id.rawValue])
                if isClosed ?? false { found.insert(id) }
            }
            return found
        }
    }

    /// Opens rows that were over: what becomes of these tasks now is noted as if for the first time.
    ///
    /// How it ended before stays in the row's steps.
    public func reopen(_ tasks: [LedgerReopening]) async throws {
        guard !tasks.isEmpty else { return }
        try await writing { db in
            try db.inTransaction(.immediate) {
                for task in tasks { try Self.reopen(db, task) }
                return .commit
            }
        }
    }

    private static func reopen(_ db: Database, _ task: LedgerReopening) throws {
        try db.execute(
            sql: """
                UPDATE "ledger" SET
                    "state" = \(LedgerState.pending.rawValue), "started_at" = NULL, "finished_at" = NULL,
                    "cancelled_at" = NULL, "due_at" = NULL, "error" = NULL, "outcome" = NULL, "message" = ?1,
                    "name" = COALESCE(?2, "name"), "queue" = COALESCE(?3, "queue"), "args" = COALESCE(?4, "args"),
                    "kwargs" = COALESCE(?5, "kwargs"), "steps" = \(adding("?6")),
                    "bytes" = "bytes" + length(?1) - COALESCE(length(CAST("outcome" AS BLOB)), 0)
                WHERE "task_id" = ?7 AND "state" >= \(LedgerState.success.rawValue)
                """,
            arguments: [
                Data(task.message), task.name, task.queue?.rawValue, task.args.map { JSONValue.array($0).text },
                task.kwargs.map { JSONValue.object($0).text }, step("replayed"), task.id.rawValue,
            ])
    }
}
