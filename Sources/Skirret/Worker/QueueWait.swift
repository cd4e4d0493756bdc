import CeleryProtocol
import Logging
import SkirretRedis
import Synchronization

/// Waits on an empty queue without consuming, on a connection of its own.
///
/// `BLMOVE key key RIGHT RIGHT` is an atomic, blocking peek: it leaves order and content alone, so a worker
/// that dies in it loses nothing. It watches the queue's highest priority step; see ``QueueWaits`` for the others. The
/// claim of what comes lies behind it; see ``ArmedClaim``.
private final class QueueWait: Sendable {
    private let client: RedisClient
    let key: String
    private let bell: Doorbell
    private let wishes = Doorbell()
    private let armed: ArmedClaim
    private let begin: @Sendable (RedisValue) -> Void
    private let logger: Logger
    private struct State {
        /// Sent behind the next wait.
        var claim: RedisCommand?
        /// Its queue was cancelled.
        var hasEnded = false
    }
    private let state = Mutex(State())
    /// Seconds.
    ///
    /// Shorter than any idle connection's patience between here and there; each end costs three commands.
    private static let longest = 40

    init(
        queue: TaskQueue, name: QueueName, armed: ArmedClaim, bell: Doorbell, logger: Logger,
        begin: @escaping @Sendable (RedisValue) -> Void
    ) {
        self.begin = begin
        var options = RedisOptions()
        options.clientName = "skirret-wait"
        // On the event loop of the commands: what an answer here sets off there needs no other thread.
        client = RedisClient(queue.url, options: options, beside: queue.redis, logger: logger)
        key = queue.keys.queue(name)
        self.armed = armed
        self.bell = bell
        self.logger = logger
    }

    /// Asks for one wait, with a claim behind it; the bell rings when it has ended.
    func wait(with claim: RedisCommand?) {
        state.withLock { $0.claim = claim }
        wishes.ring()
    }

    private var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Waits whenever asked to, until cancelled or ended.
    func run() async throws {
        while !hasEnded {
            try await wishes.wait()
            do {
                try await wait()
            } catch {
                if Task.isCancelled { throw CancellationError() }
                if hasEnded { return }
                logger.debug("an idle wait ended early", metadata: ["error": "\(error)"])
                // Where the connection ended, nobody hears what a claim behind the wait still brings.
                armed.outdate()
                try await ContinuousClock().sleep(for: .milliseconds(200))
            }
            // Nobody waits now: the claim loop looks for itself, and asks for the next wait.
            bell.ring()
        }
    }

    private func wait() async throws(RedisError) {
        let wait = RedisCommand("BLMOVE", .init(key), .init(key), "RIGHT", "RIGHT", .init(Self.longest))
        let claim = state.withLock { $0.claim }
        let answers = try await client.pipeline(
            [wait] + (claim.map { [$0] } ?? []), deadline: .seconds(Self.longest + 2))
        // The claim loop asks anew once it has looked. Wishes from before would wait for the very same message,
        // and get in the way of its claim.
        wishes.silence()
        if answers.count > 1 { begin(answers[1]) }
        if let text = answers.first?.error { throw RedisError(reply: text, to: wait.name) }
    }

    /// Ends the wait for good, and its connection with it.
    func end() async {
        state.withLock { $0.hasEnded = true }
        await client.close()
        wishes.ring()
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
    private let armed: ArmedClaim
    private let bell: Doorbell
    private let begin: @Sendable (RedisValue) -> Void
    private let logger: Logger
    private let waits = Mutex<[QueueName: QueueWait]>([:])
    /// A worker has four connections at the most: commands, messages, and these.
    private static let most = 2

    /// - Parameters:
    ///   - queue: The broker.
    ///   - consumed: What is waited for.
    ///   - armed: The claim at the end of a wait.
    ///   - bell: Rings when a message is there.
    ///   - logger: Where it tells of waits that end early.
    ///   - begin: Is given the answer to the claim at the end of a wait, before the bell rings.
    init(
        queue: TaskQueue, consumed: ConsumedQueues, armed: ArmedClaim, bell: Doorbell, logger: Logger,
        begin: @escaping @Sendable (RedisValue) -> Void
    ) {
        self.begin = begin
        self.queue = queue
        self.consumed = consumed
        self.armed = armed
        self.bell = bell
        self.logger = logger
    }

    /// Asks for one wait on every queue; the bell rings when a message is there.
    ///
    /// - Parameters:
    ///   - paused: Lists that are not waited for: what lies in them is not to be taken.
    ///   - claim: Is made at the end of each wait.
    func begin(except paused: Set<String>, claim: RedisCommand?) {
        for wait in waits.withLock({ Array($0.values) }) where !paused.contains(wait.key) { wait.wait(with: claim) }
    }

    /// Keeps one wait for each queue, until cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            var listening: AsyncStream<Never>.Continuation?
            for await all in consumed.changes {
                let names = all.prefix(Self.most)
                for name in names where waits.withLock({ $0[name] == nil }) {
                    let wait = QueueWait(
                        queue: queue, name: name, armed: armed, bell: bell, logger: logger, begin: begin)
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
