public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// `ledger`: what the API and beat accepted, and what became of it.
///
/// A task is written here before Redis hears of it, and keeps its message until it is over. What an OK has promised
/// outlives a power cut, so these writes wait for the disk; callers write many tasks at once to pay for that once.
public struct LedgerTable: Sendable {
    let pool: DatabasePool

    /// What became of one draft.
    public enum Acceptance: Sendable {
        /// It is in the ledger now.
        case accepted
        /// It was there already, or its key had started this task before.
        case known(TaskID, LedgerState?)
        /// Its key came with another request before, or the ledger is full.
        case refused(CatalogError)
    }

    /// Writes tasks down, all of them in one transaction that is on disk when this returns.
    ///
    /// - Returns: What became of each, in order.
    /// - Throws: A `DatabaseError` when the file cannot be written; then none was accepted.
    public func accept(_ drafts: [LedgerDraft], limits: LedgerLimits = .init()) async throws -> [Acceptance] {
        try await durably { db in
            var room = try limits.room(in: db)
            let now = Date().milliseconds
            return try drafts.map { draft in
                if let once = draft.once, let known = try Self.known(db, once) { return known }
                if let state = try Self.state(db, draft.id) { return .known(draft.id, state) }
                if let fault = room.take(draft) { return .refused(fault) }
                try Self.insert(db, draft, at: now)
                return .accepted
            }
        }
    }

    private static func known(_ db: Database, _ once: (key: String, call: String)) throws -> Acceptance? {
        let statement = try db.cachedStatement(sql: #"SELECT "call", "task_id" FROM "ledger_key" WHERE "key" = ?"#)
        let row = try Row.fetchOne(statement, arguments: [once.key])
        guard let row else { return nil }
        guard row["call"] as String == once.call else {
            return .refused(
                CatalogError(
                    code: .keyReused, place: "Idempotency-Key", found: "it came with another request before",
                    hint: "Use a new key for a new request."))
        }
        let id = TaskID(rawValue: row["task_id"])
        return .known(id, try state(db, id))
    }

    private static func state(_ db: Database, _ id: TaskID) throws -> LedgerState? {
        let statement = try db.cachedStatement(sql: #"SELECT "state" FROM "ledger" WHERE "task_id" = ?"#)
        return try Int.fetchOne(statement, arguments: [id.rawValue]).flatMap(LedgerState.init)
    }

    private static func insert(_ db: Database, _ draft: LedgerDraft, at now: Int) throws {
        let args = JSONValue.array(draft.args).text, kwargs = JSONValue.object(draft.kwargs).text
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO "ledger" (
                    "task_id", "name", "queue", "priority", "plugin", "about", "origin", "schedule", "parent_id",
                    "state", "accepted_at", "due_at", "args", "kwargs", "message", "words", "bytes"
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            draft.id.rawValue, draft.name, draft.queue.rawValue, draft.priority, draft.plugin, draft.about,
            draft.origin, draft.schedule, draft.parent?.rawValue, now, draft.due?.milliseconds, args, kwargs,
            Data(draft.message), draft.words, draft.bytes,
        ])
        guard let once = draft.once else { return }
        try db.execute(
            sql: #"INSERT INTO "ledger_key" ("key", "call", "task_id", "accepted_at") VALUES (?, ?, ?, ?)"#,
            arguments: [once.key, once.call, draft.id.rawValue, now])
    }

    /// Puts down that tasks shall not run; true for those that are in the ledger and not over.
    @discardableResult
    public func cancel(_ ids: [TaskID]) async throws -> Bool {
        try await durably { db in
            var count = 0
            for id in ids {
                try db.execute(
                    sql: """
                        UPDATE "ledger" SET "cancelled_at" = COALESCE("cancelled_at", ?1), "steps" = \(Self.adding("?2"))
                        WHERE "task_id" = ?3 AND "state" < \(LedgerState.success.rawValue)
                        """,
                    arguments: [Date().milliseconds, Self.step("cancelled"), id.rawValue])
                count += db.changesCount
            }
            return count > 0
        }
    }

    // MARK: - What is heard of them

    /// Notes what became of tasks; those that are over already stay as they are.
    public func note(_ news: [LedgerNews]) async throws {
        guard !news.isEmpty else { return }
        try await writing { db in
            try db.inTransaction(.immediate) {
                for item in news { try Self.note(db, item) }
                return .commit
            }
        }
    }

    private static func note(_ db: Database, _ news: LedgerNews) throws {
        let isFinal = news.state.isFinal
        let outcome = news.outcome.map(\.text).flatMap { $0.utf8.count <= LedgerNews.longestOutcome ? $0 : nil }
        let statement = try db.cachedStatement(
            sql: """
                UPDATE "ledger" SET
                    "state" = ?1, "steps" = \(adding("?2")), "error" = COALESCE(?4, "error"),
                    "retries" = "retries" + ?5,
                    "started_at" = CASE WHEN ?6 THEN ?7 ELSE "started_at" END,
                    "finished_at" = CASE WHEN ?8 THEN ?7 END,
                    "outcome" = ?9,
                    "message" = CASE WHEN ?8 THEN NULL ELSE "message" END,
                    "bytes" = "bytes" + ?10 - CASE WHEN ?8 THEN COALESCE(length("message"), 0) ELSE 0 END
                WHERE "task_id" = ?3 AND "state" < \(LedgerState.success.rawValue)
                """)
        try statement.execute(arguments: [
            news.state.rawValue, step(news.state.name.lowercased(), at: news.at, news.detail), news.id.rawValue,
            news.error.map { String($0.prefix(500)) }, news.state == .retry ? 1 : 0, news.state == .started,
            news.at.milliseconds, isFinal, outcome, outcome?.utf8.count ?? 0,
        ])
    }

    /// Notes that tasks were sent once more, because Redis had lost them.
    public func notePushedAgain(_ ids: [TaskID]) async throws {
        guard !ids.isEmpty else { return }
        try await writing { db in
            try db.inTransaction(.immediate) {
                for id in ids {
                    try db.execute(
                        sql: #"UPDATE "ledger" SET "steps" = \#(Self.adding("?1")) WHERE "task_id" = ?2"#,
                        arguments: [Self.step("pushed again"), id.rawValue])
                }
                return .commit
            }
        }
    }

    /// A page of the tasks that are not over, oldest first.
    public func open(after seq: Int, limit: Int) async throws -> [OpenTask] {
        try await pool.read { db in
            let parts = LedgerState.allCases.filter { !$0.isFinal }.map { state in
                """
                SELECT * FROM (
                    SELECT "seq", "task_id", "queue", "priority", "due_at", "accepted_at", "cancelled_at", "message"
                    FROM "ledger" WHERE "state" = \(state.rawValue) AND "seq" > ?1 ORDER BY "seq" LIMIT ?2
                )
                """
            }
            return try Row.fetchAll(
                db, sql: parts.joined(separator: " UNION ALL ") + #" ORDER BY "seq" LIMIT ?2"#,
                arguments: [seq, limit]
            ).map(OpenTask.init)
        }
    }

    // MARK: - Steps

    /// Appends to the steps, of which 50 are kept: a task that is tried for ever must not grow for ever.
    static func adding(_ step: String) -> String {
        #"CASE WHEN json_array_length("steps") < 50 THEN json_insert("steps", '$[#]', json(\#(step))) ELSE "steps" END"#
    }

    static func step(_ what: String, at date: Date = Date(), _ detail: JSONObject = [:]) -> String {
        var step: JSONObject = ["at": .int(date.milliseconds), "what": .string(what)]
        step.merge(detail)
        return JSONValue.object(step).text
    }

    /// One transaction that is on disk when it returns.
    ///
    /// The other connections of this file may lose their last transactions in a power cut; an OK must not.
    private func durably<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await writing { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            defer {
                // Nothing fails that only sets a flag of an open connection.
                try? db.execute(sql: "PRAGMA synchronous = NORMAL")
            }
            var value: T?
            try db.inTransaction(.immediate) {
                value = try body(db)
                return .commit
            }
            guard let value else { preconditionFailure("a transaction that committed ran its body") }
            return value
        }
    }

    /// Writes on a thread that may block; a disk that does not take it is a `CatalogError`.
    func writing<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await blocking { [pool] in
            do { return try pool.writeWithoutTransaction(body) } catch let error as DatabaseError {
                throw CatalogError.writing(error, place: "ledger") ?? error
            }
        }
    }
}

/// What was heard of one task.
public struct LedgerNews: Sendable {
    /// Longer results stay in Redis alone, for as long as results are kept there.
    static let longestOutcome = 16_384

    /// The task.
    public var id: TaskID
    /// How far it is.
    public var state: LedgerState
    /// When.
    public var at: Date
    /// What it returned, or its failure.
    public var outcome: JSONValue?
    /// One line of a failure.
    public var error: String?
    /// More members of the step in its timeline.
    public var detail: JSONObject

    /// News of a task.
    public init(
        id: TaskID, state: LedgerState, at: Date, outcome: JSONValue? = nil, error: String? = nil,
        detail: JSONObject = [:]
    ) {
        self.id = id
        self.state = state
        self.at = at
        self.outcome = outcome
        self.error = error
        self.detail = detail
    }
}
