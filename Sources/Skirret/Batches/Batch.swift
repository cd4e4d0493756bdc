public import CeleryProtocol
import Foundation
import SkirretRedis

/// Many tasks and one that follows when all of them are over, however they ended.
///
/// ```swift
/// let batch = queue.batch(then: report.s())
/// for file in files { try await batch.add(convert.s(file)) }
/// try await batch.seal()
/// ```
///
/// Unlike a chord it takes tasks while others run, from anywhere and from its own tasks, does not collect their
/// results, and failures do not keep the follower from running: it asks ``summary()`` what became of them. Its tasks
/// are to run on workers of ours; Celery's do not tell a batch that a task is over, and ``recheck()`` has to.
public struct Batch: Sendable {
    /// The batch's id, which the follower gets as its first argument.
    public let id: String
    let queue: TaskQueue
    let follower: Signature?

    /// How far a batch is.
    public struct Summary: Sendable, Equatable {
        /// Tasks that were added.
        public var total: Int
        /// Tasks that ended well.
        public var succeeded: Int
        /// Tasks that failed, were revoked, or are dead.
        public var failed: Int
        /// No more tasks are awaited.
        public var isSealed: Bool
        /// All tasks are over and the follower was sent.
        public var isDone: Bool

        /// A summary from its figures.
        public init(total: Int, succeeded: Int, failed: Int, isSealed: Bool, isDone: Bool) {
            self.total = total
            self.succeeded = succeeded
            self.failed = failed
            self.isSealed = isSealed
            self.isDone = isDone
        }

        /// Tasks that are not over.
        public var open: Int { total - succeeded - failed }
    }

    /// A batch whose tasks are all over takes no more.
    public struct IsOver: Error, CustomStringConvertible {
        let id: String
        /// What happened, and what to do.
        public var description: String {
            "batch \(id) is over and takes no more tasks. Add all tasks before the last one ends, or begin another batch."
        }
    }

    /// For so long a batch is remembered after its last change, in seconds.
    private static let keep = 604_800

    /// Adds calls and enqueues them, in one step.
    ///
    /// - Parameter calls: Plain tasks; a chain counts as over when its first step is.
    /// - Returns: The tasks' ids.
    /// - Throws: ``IsOver``; `RedisError` when the broker did not accept them within two seconds.
    @discardableResult
    public func add(_ calls: Signature...) async throws -> [TaskID] { try await add(calls) }

    /// Adds calls and enqueues them, a hundred in one step.
    ///
    /// - Parameter calls: Plain tasks.
    /// - Returns: The tasks' ids.
    /// - Throws: ``IsOver``; `RedisError` when the broker did not accept them within two seconds.
    @discardableResult
    public func add(_ calls: [Signature]) async throws -> [TaskID] {
        var ids: [TaskID] = []
        for start in stride(from: 0, to: calls.count, by: 100) {
            let slice = calls[start..<min(start + 100, calls.count)]
            var arguments: [RedisArgument] = []
            var targets: Set<QueueName> = []
            for call in slice {
                var (message, target, delay) = try await queue.prepared(call)
                message.headers.batch = id
                arguments += [
                    .init(queue.keys.queue(target, priority: message.properties.priority)),
                    .init(queue.keys.binding(target.rawValue)), .init(message.headers.id.rawValue),
                    .init(delay.milliseconds), .init(message.encoded()),
                ]
                ids.append(message.headers.id)
                targets.insert(target)
            }
            let reply = try await queue.redis.run(
                Scripts.batchAdd,
                keys: keys + [queue.keys.scheduled, queue.keys.scheduledMessages, queue.keys.fair],
                arguments: [.init(queue.keys.wake), .init(Self.keep)] + arguments)
            if reply.int == -1 { throw IsOver(id: id) }
            if reply.int == 2 { await queue.announceAnew(targets) }
        }
        return ids
    }

    /// Says that no more tasks are awaited, but for those that its own tasks add.
    ///
    /// Until then the follower is not sent, even if all tasks are over.
    ///
    /// - Throws: `RedisError` when the broker did not accept it within two seconds.
    public func seal() async throws {
        var list = ""
        var bytes: [UInt8] = []
        if let follower {
            let (message, target, _) = try await queue.prepared(follower.applied(to: .string(id)))
            list = queue.keys.queue(target, priority: message.properties.priority)
            bytes = message.encoded()
        }
        _ = try await queue.redis.run(
            Scripts.batchSeal, keys: keys + [queue.keys.fair],
            arguments: [.init(queue.keys.wake), .init(Self.keep), .init(list), .init(bytes)])
    }

    /// How far it is; nil when nobody knows this batch any more.
    ///
    /// - Throws: `RedisError` when the broker did not answer within two seconds.
    public func summary() async throws -> Summary? {
        let fields = ["total", "succeeded", "failed", "sealed", "done"]
        let reply = try await queue.redis.send(
            RedisCommand("HMGET", arguments: [.init(keys[0])] + fields.map { .init($0) }))
        let values = (reply.array ?? []).map { $0.string.flatMap { Int($0) } }
        guard values.count == fields.count, values.contains(where: { $0 != nil }) else { return nil }
        return Summary(
            total: values[0] ?? 0, succeeded: values[1] ?? 0, failed: values[2] ?? 0, isSealed: values[3] == 1,
            isDone: values[4] == 1)
    }

    /// Looks at the results of all open tasks and counts those that are over.
    ///
    /// Needed for tasks that Celery's own workers ran.
    ///
    /// - Throws: `RedisError` when the broker did not answer within two seconds.
    public func recheck() async throws {
        let open = (try await queue.redis.send("SMEMBERS", .init(keys[1])).array ?? []).compactMap(\.string)
        var over: [RedisArgument] = []
        for id in open {
            guard let result = try await queue.storedResult(of: TaskID(rawValue: id)), result.isFinal else {
                continue
            }
            over += [.init(id), result.state == .success ? "succeeded" : "failed"]
        }
        _ = try await queue.redis.run(
            Scripts.batchDone, keys: keys + [queue.keys.fair], arguments: [.init(queue.keys.wake)] + over)
    }

    private var keys: [String] { [queue.keys.batch(id), queue.keys.batchOpen(id)] }
}

extension TaskQueue {
    /// Begins a batch.
    ///
    /// Nothing is sent until tasks are added.
    ///
    /// - Parameter follower: What runs once when all tasks are over, with the batch's id before its own arguments.
    /// - Returns: The batch.
    public func batch(then follower: Signature? = nil) -> Batch {
        Batch(id: TaskID.random().rawValue, queue: self, follower: follower)
    }

    /// A batch that was begun elsewhere, by its id: to look at it, or to add to it from one of its tasks.
    public func batch(_ id: String) -> Batch { Batch(id: id, queue: self, follower: nil) }
}

extension TaskQueue {
    /// A plain call's message, its queue, and how long it waits.
    fileprivate func prepared(
        _ call: Signature
    ) async throws -> (message: TaskMessage, queue: QueueName, delay: Duration) {
        guard call.subtaskType == nil else {
            throw TaskFailure.builtin(
                "TypeError",
                "a batch takes plain tasks, not a \(call.subtaskType ?? ""): make it from a task of the batch, or use a chord"
            )
        }
        let hasTimes = ["countdown", "eta", "expires"].contains { !(call.options[$0]?.isNull ?? true) }
        let now = hasTimes ? try await brokerTime() : Date()
        let target = call.queue(else: queue(for: call.task))
        try await announce(target)
        var message = call.message(queue: target, now: now)
        message.headers.origin = Self.origin
        message.inherit()
        return (message, target, .seconds(max(0, message.headers.eta?.timeIntervalSince(now) ?? 0)))
    }
}

extension TaskHeaders {
    /// The batch that a task belongs to.
    var batch: String? {
        get { additional("skirret_batch")?.string }
        set { fields["skirret_batch"] = newValue.map(JSONValue.string) }
    }
}
