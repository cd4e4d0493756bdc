import CeleryProtocol
import Logging
import SkirretRedis
import Synchronization

/// Waits on an empty queue without consuming, on a connection of its own.
///
/// `BLMOVE key key RIGHT RIGHT` is an atomic, blocking peek: it leaves order and content alone, so a worker
/// that dies in it loses nothing. It watches the queue's highest priority step; see ``QueueWaits`` for the others.
private final class QueueWait: Sendable {
    private let client: RedisClient
    let key: String
    private let bell: Doorbell
    private let armed = Doorbell()
    private let logger: Logger
    /// Its queue was cancelled.
    private let hasEnded = Mutex(false)
    /// Shorter than any idle connection's patience between here and there.
    private static let longest = 20

    init(queue: TaskQueue, name: QueueName, bell: Doorbell, logger: Logger) {
        var options = RedisOptions()
        options.clientName = "skirret-wait"
        // On the event loop of the commands: what an answer here sets off there needs no other thread.
        client = RedisClient(queue.url, options: options, beside: queue.redis, logger: logger)
        key = queue.keys.queue(name)
        self.bell = bell
        self.logger = logger
    }

    /// Asks for one wait; the bell rings when a message is there.
    func arm() { armed.ring() }

    /// Waits whenever armed, until cancelled or ended.
    func run() async throws {
        let command = RedisCommand("BLMOVE", .init(key), .init(key), "RIGHT", "RIGHT", .init(Self.longest))
        while !hasEnded.withLock({ $0 }) {
            try await armed.wait()
            do {
                let found = try await client.send(command, deadline: .seconds(Self.longest + 2))
                guard !found.isNull else { continue }
                // The claim loop asks anew once it has looked. Wishes from before would wait for the very same message,
                // and get in the way of its claim.
                armed.silence()
                bell.ring()
            } catch {
                if Task.isCancelled { throw CancellationError() }
                if hasEnded.withLock({ $0 }) { return }
                logger.debug("an idle wait ended early", metadata: ["error": "\(error)"])
                try await ContinuousClock().sleep(for: .milliseconds(200))
                // Nobody waits meanwhile: the claim loop looks for itself, and asks for the next wait.
                bell.ring()
            }
        }
    }

    /// Ends the wait for good, and its connection with it.
    func end() async {
        hasEnded.withLock { $0 = true }
        await client.close()
        armed.ring()
    }
}

/// How a worker hears of messages while it is idle, for all queues that it takes from, as these come and go.
///
/// The highest priority step of its first ``most`` queues is waited for, whoever pushes to it. Of the other lists
/// producers of ours tell on a channel for each list, which only those hear who need it; what Python producers put there
/// is found by the claim loop's own pulse.
final class QueueWaits: Sendable {
    private let queue: TaskQueue
    private let consumed: ConsumedQueues
    private let bell: Doorbell
    private let logger: Logger
    private let waits = Mutex<[QueueName: QueueWait]>([:])
    /// A worker has four connections at the most: commands, messages, and these.
    private static let most = 2

    init(queue: TaskQueue, consumed: ConsumedQueues, bell: Doorbell, logger: Logger) {
        self.queue = queue
        self.consumed = consumed
        self.bell = bell
        self.logger = logger
    }

    /// Asks for one wait on every queue; the bell rings when a message is there.
    ///
    /// - Parameter paused: Lists that are not waited for: what lies in them is not to be taken.
    func arm(except paused: Set<String> = []) {
        for wait in waits.withLock({ Array($0.values) }) where !paused.contains(wait.key) { wait.arm() }
    }

    /// Keeps one wait for each queue, until cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            var listening: AsyncStream<Never>.Continuation?
            for await all in consumed.changes {
                let names = all.prefix(Self.most)
                for name in names where waits.withLock({ $0[name] == nil }) {
                    let wait = QueueWait(queue: queue, name: name, bell: bell, logger: logger)
                    waits.withLock { $0[name] = wait }
                    group.addTask { try await wait.run() }
                    // The claim loop asks anew: nobody has waited on this queue yet.
                    bell.ring()
                }
                let gone = waits.withLock { waits in
                    let gone = waits.filter { !names.contains($0.key) }
                    for name in gone.keys { waits[name] = nil }
                    return gone.values
                }
                for wait in gone { await wait.end() }
                let (isOver, end) = AsyncStream.makeStream(of: Never.self)
                group.addTask { [self] in try await listen(to: channels(all), until: isOver) }
                listening?.finish()  // after the new one began, so that nothing is missed between them
                listening = end
            }
        }
    }

    /// Of all lists that nobody waits for.
    private func channels(_ names: [QueueName]) -> [String] {
        let keys = queue.keys
        return names.enumerated().flatMap { position, name in
            keys.lists.keys(name).dropFirst(position < Self.most ? 1 : 0).map { keys.wake($0) }
        }
    }

    private func listen(to channels: [String], until isOver: AsyncStream<Never>) async throws {
        guard !channels.isEmpty else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                try await queue.subscriber.withSubscription(channels: channels) { [bell] messages in
                    // The first one says that it hears from now on: what came before is looked for.
                    for try await _ in messages { bell.ring() }
                }
            }
            group.addTask { for await _ in isOver {} }
            try await group.next()
            group.cancelAll()
        }
    }

    func close() async {
        for wait in waits.withLock({ Array($0.values) }) { await wait.end() }
    }
}
