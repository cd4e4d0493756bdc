public import CeleryProtocol
import SkirretRedis

/// Reading results, as Celery stores them.
extension TaskQueue {
    /// What is stored now; nil for a task that has not begun and for an id that nobody ever used.
    ///
    /// One round trip.
    public func storedResult(of id: TaskID) async throws -> TaskResult? {
        guard let bytes = try await backend.send("GET", .init(keys.result(id))).bytes else { return nil }
        return try TaskResult(decoding: bytes)
    }

    /// Waits until the task is over, one way or the other.
    ///
    /// Subscribed first, then read, then waited for; read again after each reconnection, so that no
    /// result falls between.
    ///
    /// - Parameters:
    ///   - id: The task.
    ///   - timeout: How long to wait.
    /// - Returns: The final result, whatever it is.
    /// - Throws: ``ResultTimeout``, or `RedisError` when the broker went away for good.
    public func result(of id: TaskID, within timeout: Duration) async throws -> TaskResult {
        try await listening(for: id) { try await $0.result(within: timeout) }
    }

    /// Subscribes to a task's result for as long as the body runs.
    ///
    /// Who starts the task in the body waits for nothing twice: Redis takes the subscription meanwhile.
    package func listening<R>(for id: TaskID, _ body: (ResultListener) async throws -> R) async throws -> R {
        try await backendSubscriber.withSubscription(channels: [keys.result(id)]) { messages in
            try await body(ResultListener(id: id, queue: self, messages: messages))
        }
    }

    /// Forgets a result.
    public func forget(_ id: TaskID) async throws {
        _ = try await backend.send("DEL", .init(keys.result(id)))
    }
}

/// A subscription to one task's result.
package struct ResultListener: Sendable {
    let id: TaskID
    let queue: TaskQueue
    let messages: RedisMessages

    /// Waits until the task is over, one way or the other; once.
    ///
    /// - Throws: As ``TaskQueue/result(of:within:)``.
    package func result(within timeout: Duration) async throws -> TaskResult {
        try await withTimeout(timeout, else: ResultTimeout(id: id, timeout: timeout)) {
            for try await push in messages {
                switch push {
                case .subscribed:
                    if let result = try await queue.storedResult(of: id), result.state.isReady { return result }
                case .message(_, let payload):
                    let result = try TaskResult(decoding: payload)
                    if result.state.isReady { return result }
                }
            }
            throw CancellationError()
        }
    }
}

/// Runs `body`, and throws `timeoutError` when it takes longer than `timeout`.
package func withTimeout<Value: Sendable>(
    _ timeout: Duration, else timeoutError: some Error, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await ContinuousClock().sleep(for: timeout)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else { throw timeoutError }
        return value
    }
}
