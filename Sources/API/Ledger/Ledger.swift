public import Catalog
package import CeleryProtocol
import Foundation
public import Logging
public import Skirret
import SkirretRedis
import Synchronization

/// Accepts work: first on disk, then in Redis.
///
/// What ``start(_:)`` has answered outlives this process, Redis's memory and a power cut. Redis is told at once if it
/// answers, and by ``LedgerKeeper`` otherwise, so that work is accepted while Redis is away, too.
public final class Ledger: Sendable {
    /// One task to accept.
    struct Order: Sendable {
        var task: String
        var args: [JSONValue] = []
        var kwargs: JSONObject = [:]
        var options = CallOptions()
        var plugin: String?
        var about = ""
        var origin = ""
        var schedule: String?
        var parent: TaskID?
        /// An `Idempotency-Key` with its owner, and what must be equal for a request to count as the same.
        var once: (key: String, call: String)?
    }

    let table: LedgerTable
    let queue: TaskQueue
    let limits: LedgerLimits
    private let logger: Logger
    private let commits: GroupCommit<LedgerDraft, LedgerTable.Acceptance>
    private let pushes: GroupCommit<AcceptedMessage, Bool>
    /// Until when Redis is left alone, as it did not answer just now: callers need not wait for that one after another.
    private let pause = Mutex(ContinuousClock.now)

    /// How long a caller waits for Redis; the work is safe without it.
    ///
    /// With the disk's share this stays within two seconds.
    private static let patience = Duration.milliseconds(1500)

    /// Prepares; nothing is opened.
    public init(_ catalog: CatalogDatabase, queue: TaskQueue, limits: LedgerLimits = .init(), logger: Logger) {
        let table = catalog.ledger
        self.table = table
        self.queue = queue
        self.limits = limits
        self.logger = logger
        commits = GroupCommit { drafts in try await table.accept(drafts, limits: limits) }
        pushes = GroupCommit { messages in
            let fresh = try await queue.push(accepted: messages)
            return messages.map { fresh.contains($0.id) }
        }
    }

    /// Accepts a task, or finds the one that an earlier request with this key started.
    ///
    /// - Throws: `CatalogError` `keyReused` or `ledgerFull`, a `DatabaseError` when the disk did not take it.
    func start(_ order: Order) async throws -> TaskID {
        let (id, unsent) = try await commit(order)
        if let unsent { await push(unsent) }
        return id
    }

    /// The same without telling Redis, which is the caller's to do.
    ///
    /// - Returns: The task, and what Redis is to be told; nil for a task that it was told of before.
    func commit(_ order: Order) async throws -> (id: TaskID, unsent: AcceptedMessage?) {
        let message = queue.acceptable(order.task, args: order.args, kwargs: order.kwargs, options: order.options)
        var draft = LedgerDraft(
            id: message.id, name: order.task, queue: message.queue, args: order.args, kwargs: order.kwargs,
            message: message.message)
        draft.priority = message.priority
        draft.plugin = order.plugin
        draft.about = order.about
        draft.origin = order.origin
        draft.schedule = order.schedule
        draft.parent = order.parent
        draft.due = message.due
        draft.once = order.once
        switch try await commits.submit(draft) {
        case .known(let id, _): return (id, nil)
        case .refused(let error): throw error
        case .accepted: return (message.id, message)
        }
    }

    /// Writes one task down, on disk when this returns.
    func commit(_ draft: LedgerDraft) async throws -> LedgerTable.Acceptance { try await commits.submit(draft) }

    /// Tells Redis, if it answers soon.
    func push(_ message: AcceptedMessage) async {
        guard pause.withLock({ $0 <= .now }) else { return }
        do {
            _ = try await withTimeout(Self.patience, else: SlowBroker()) { [pushes] in try await pushes.submit(message)
            }
        } catch {
            pause.withLock { $0 = .now + .seconds(1) }
            logger.notice(
                "Accepted work waits for Redis", metadata: ["task_id": "\(message.id)", "error": "\(error)"])
        }
    }

    /// Cancels tasks for good: those that have not begun never will, and bodies that run are told to stop.
    ///
    /// - Returns: Whether Redis knows it already; the ledger does, and tells it later.
    /// - Throws: `RedisError` when Redis does not answer and the ledger knows none of them.
    @discardableResult
    func cancel(_ ids: [TaskID]) async throws -> Bool {
        let isOurs = try await table.cancel(ids)
        do {
            try await queue.revoke(ids, terminate: true)
            return true
        } catch let error as RedisError {
            guard isOurs else { throw error }
            return false
        }
    }
}

/// Redis did not take a message soon enough for a caller to wait for it.
private struct SlowBroker: Error, CustomStringConvertible {
    var description: String { "Redis has not answered yet" }
}

/// Beat's firings are accepted like everybody's work.
extension Ledger: FiringLedger {
    package func accept(_ message: TaskMessage, queue target: QueueName, schedule: String) async throws -> Bool {
        var draft = LedgerDraft(
            id: message.headers.id, name: message.headers.task, queue: target, args: message.body.args,
            kwargs: message.body.kwargs, message: message.encoded())
        draft.priority = message.properties.priority
        draft.about = schedule
        draft.origin = "beat"
        draft.schedule = schedule
        switch try await commits.submit(draft) {
        case .accepted: return true
        case .known(_, let state): return !(state?.isFinal ?? false)
        case .refused(let error): throw error
        }
    }
}
