public import CeleryProtocol
import SkirretRedis

/// Calls that were made side by side: their ids, and the way to their results.
public struct GroupHandle<Output: Codable & Sendable>: Sendable {
    /// The group's id.
    public var id: String { node.id }
    /// The broker, and where the results are.
    public let queue: TaskQueue
    /// Where the results are; groups within the group are nodes of their own.
    public let node: ResultNode

    /// A handle on results that are known.
    public init(_ node: ResultNode, queue: TaskQueue) {
        self.node = node
        self.queue = queue
    }

    /// The calls, in order.
    public var members: [TaskHandle<Output>] {
        (node.members ?? [node]).map { TaskHandle($0, queue: queue) }
    }

    /// Waits for all results.
    ///
    /// - Parameter timeout: How long to wait for the last of them; the tasks go on when it passes.
    /// - Returns: What the calls returned, in their order.
    /// - Throws: `TaskFailure` as soon as one of them failed or was revoked, ``ResultTimeout`` when one took too long,
    ///   `RedisError` when the broker went away for good.
    public func result(within timeout: Duration) async throws -> [Output] {
        try await queue.value(of: node, within: timeout).decode([Output].self)
    }

    /// The results as they come, each with its call's position.
    ///
    /// Failures are elements like any other; the sequence ends after the last result, and throws ``ResultTimeout`` when
    /// one did not come in time. For one loop.
    ///
    /// - Parameter timeout: How long to wait for the last of them.
    /// - Returns: The results, the first to come first.
    public func results(within timeout: Duration) -> AsyncThrowingStream<(position: Int, result: TaskResult), any Error>
    {
        queue.results(of: node.tasks, within: timeout)
    }

    /// How many of the calls are in each state; `PENDING` for those that have not begun.
    ///
    /// One round trip.
    public func states() async throws -> [TaskState: Int] {
        var states: [TaskState: Int] = [:]
        for result in try await queue.storedResults(of: node.tasks) {
            states[result?.state ?? .pending, default: 0] += 1
        }
        return states
    }

    /// Stores under the group's id which results belong to it; Celery's `GroupResult.save`.
    public func save() async throws { try await queue.save(node) }

    /// A group that was saved, here or in Python; nil when there is none of that id.
    public static func restore(_ id: String, queue: TaskQueue) async throws -> GroupHandle? {
        try await queue.savedGroup(id).map { GroupHandle($0, queue: queue) }
    }

    /// Forgets all results, and which belong to the group.
    public func forget() async throws {
        try await queue.forget(node.tasks)
        _ = try await queue.backend.send("DEL", .init(queue.keys.group(id)))
    }
}

extension TaskQueue {
    /// Waits for everything that makes up a result, and puts it together.
    ///
    /// - Throws: `TaskFailure` as soon as a part failed or was revoked, ``ResultTimeout``, `RedisError`.
    public func value(of node: ResultNode, within timeout: Duration) async throws -> JSONValue {
        guard node.members != nil else {
            return try await result(of: TaskID(rawValue: node.id), within: timeout).value()
        }
        let tasks = node.tasks
        var values: [TaskID: JSONValue] = [:]
        for try await (position, result) in results(of: tasks, within: timeout) {
            values[tasks[position]] = try result.value()
        }
        return node.value { values[$0] ?? .null }
    }

    /// The final results of many tasks as they come, each with its task's position.
    ///
    /// One subscription and one `MGET` for all. Ends after the last; throws ``ResultTimeout`` when one did not come in
    /// time.
    ///
    /// - Parameters:
    ///   - ids: The tasks.
    ///   - timeout: How long to wait for the last of them.
    /// - Returns: The results, the first to come first.
    public func results(
        of ids: [TaskID], within timeout: Duration
    ) -> AsyncThrowingStream<(position: Int, result: TaskResult), any Error> {
        AsyncThrowingStream { continuation in
            // A task of its own, because a stream has no scope to be a child of; it ends with its reader.
            let waiting = Task {
                do {
                    try await withTimeout(timeout, else: ResultTimeout(id: ids.first ?? "", timeout: timeout)) {
                        try await self.follow(ids) { continuation.yield(($0, $1)) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in waiting.cancel() }
        }
    }

    private func follow(_ ids: [TaskID], _ tell: @Sendable (Int, TaskResult) -> Void) async throws {
        var open = Dictionary(grouping: ids.indices) { ids[$0] }
        guard !open.isEmpty else { return }
        func tellOnce(_ result: TaskResult) {
            guard result.state.isReady else { return }
            for position in open.removeValue(forKey: result.taskID) ?? [] { tell(position, result) }
        }
        let channels = open.keys.map { keys.result($0) }
        try await backendSubscriber.withSubscription(channels: channels) { messages in
            for try await push in messages {
                switch push {
                case .subscribed:
                    for case let result? in try await storedResults(of: Array(open.keys)) { tellOnce(result) }
                case .message(_, let payload): tellOnce(try TaskResult(decoding: payload))
                }
                if open.isEmpty { return }
            }
            throw CancellationError()
        }
    }

    /// What is stored now of many tasks, in their order; nil for those that have not begun.
    ///
    /// One round trip.
    public func storedResults(of ids: [TaskID]) async throws -> [TaskResult?] {
        guard !ids.isEmpty else { return [] }
        let reply = try await backend.send(RedisCommand("MGET", arguments: ids.map { .init(keys.result($0)) }))
        return try (reply.array ?? []).map { try $0.bytes.map { try TaskResult(decoding: $0) } }
    }

    /// Stores which results belong to a group, where Celery's `GroupResult.restore` finds it.
    public func save(_ group: ResultNode) async throws {
        let key = RedisArgument(keys.group(group.id)), json = RedisArgument(group.saved.encoded())
        let store =
            resultSeconds > 0
            ? RedisCommand("SETEX", key, .init(resultSeconds), json) : RedisCommand("SET", key, json)
        _ = try await backend.transaction([store, RedisCommand("PUBLISH", key, json)])
    }

    /// Which results belong to a group that was saved; nil when there is none of that id.
    public func savedGroup(_ id: String) async throws -> ResultNode? {
        guard let bytes = try await backend.send("GET", .init(keys.group(id))).bytes else { return nil }
        return try ResultNode(saved: bytes)
    }

    /// Forgets the results of many tasks.
    public func forget(_ ids: [TaskID]) async throws {
        guard !ids.isEmpty else { return }
        _ = try await backend.send(RedisCommand("DEL", arguments: ids.map { .init(keys.result($0)) }))
    }
}
