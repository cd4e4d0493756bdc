import CeleryProtocol
import Logging
import SkirretRedis
import Synchronization

/// Waits on an empty queue without consuming, on a connection of its own.
///
/// `BLMOVE key key RIGHT RIGHT` is an atomic, blocking peek: it leaves order and content alone, so a worker
/// that dies in it loses nothing. It watches the queue's highest priority step; the others announce themselves
/// on the wake channel, or are found by the claim loop's own pulse.
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
        client = RedisClient(queue.url, options: options, logger: logger)
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
            try await armed.wait(atMost: .seconds(3600))
            do {
                let found = try await client.send(command, deadline: .seconds(Self.longest + 2))
                if !found.isNull { bell.ring() }
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

/// The idle waits of a worker: one for each of the first ``most`` queues it takes from, as these come and go.
///
/// What lies in the others is announced on the wake channel by producers of ours, and found by the claim loop's own
/// pulse.
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
            }
        }
    }

    func close() async {
        for wait in waits.withLock({ Array($0.values) }) { await wait.end() }
    }
}
