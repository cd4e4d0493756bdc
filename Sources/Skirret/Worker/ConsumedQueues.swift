import CeleryProtocol
import SkirretRedis
import Synchronization

/// The queues a worker takes from, which may change while it runs.
///
/// The claim loop reads ``state`` before each claim; ``QueueWaits`` follows ``changes``.
final class ConsumedQueues: Sendable {
    /// What is taken from, in order of preference; `version` grows with each change.
    struct State: Sendable {
        var names: [QueueName]
        var version = 0
    }

    private let current: Mutex<State>
    /// The names as they are now, and after each change.
    ///
    /// For one reader; what it missed meanwhile is not told twice.
    let changes: AsyncStream<[QueueName]>
    private let change: AsyncStream<[QueueName]>.Continuation

    init(_ names: [QueueName]) {
        current = Mutex(State(names: names))
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        change.yield(names)
    }

    var state: State { current.withLock { $0 } }
    var names: [QueueName] { state.names }

    /// Says whether the queue is new.
    @discardableResult
    func add(_ name: QueueName) -> Bool { update { if !$0.contains(name) { $0.append(name) } } }

    /// Says whether the queue was there.
    @discardableResult
    func remove(_ name: QueueName) -> Bool { update { $0.removeAll { $0 == name } } }

    private func update(_ body: (inout [QueueName]) -> Void) -> Bool {
        current.withLock { state in
            var names = state.names
            body(&names)
            guard names != state.names else { return false }
            state = State(names: names, version: state.version + 1)
            change.yield(names)
            return true
        }
    }
}

/// A name that is no queue's: Redis holds something else than a list under it.
public struct NotAQueueError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The key.
    public let key: String
    /// What is there, in Redis's words.
    public let type: String

    /// What was found, and what to do.
    public var description: String {
        "\"\(key)\" is a \(type) in Redis, not a queue. Queues are lists; choose a name that nothing else uses."
    }
}

extension TaskQueue {
    /// Keeps anything but lists from being claimed from: one such key would fail every claim.
    func checkIsQueue(_ name: QueueName) async throws {
        let lists = keys.lists.keys(name)
        let types = try await redis.pipeline(lists.map { RedisCommand("TYPE", .init($0)) })
        for (list, type) in zip(lists, types.map { $0.string ?? "" }) where !["none", "list"].contains(type) {
            throw NotAQueueError(key: list, type: type)
        }
    }
}
