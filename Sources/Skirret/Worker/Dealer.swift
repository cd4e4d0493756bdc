import Logging
import SkirretRedis
import Synchronization

/// Deals messages with fair keys into their queues, in turn.
///
/// Any live worker does it for all queues, Python workers' too. Asleep while there are none.
final class Dealer: Sendable {
    private let queue: TaskQueue
    private let bell = Doorbell()
    private let isDealing = Mutex(false)
    private let logger: Logger
    /// Up to how many messages a queue is filled: enough for many slots between two looks, few enough that a key that
    /// comes new is soon served.
    static let window = 32
    /// The longest pause while messages wait: Python workers take from the queue without a word.
    private static let pause = Duration.milliseconds(50)

    init(queue: TaskQueue, logger: Logger) {
        self.queue = queue
        self.logger = logger
    }

    /// Says that messages wait to be dealt, or may.
    func look() { bell.ring() }

    /// Says that this worker has taken from queues; asks for nothing unless messages wait to be dealt.
    func taken() { if isDealing.withLock({ $0 }) { bell.ring() } }

    /// Deals until cancelled.
    ///
    /// - Throws: `CancellationError` at the end.
    func run() async throws {
        while true {
            var waits = false
            do {
                waits = try await deal()
            } catch {
                if Task.isCancelled { throw CancellationError() }
                logger.debug("messages with fair keys wait for the broker", metadata: ["error": "\(error)"])
            }
            isDealing.withLock { $0 = waits }
            try await bell.wait(atMost: waits ? Self.pause : .seconds(3600))
        }
    }

    /// One round over all queues; says whether messages still wait.
    private func deal() async throws(RedisError) -> Bool {
        let keys = queue.keys
        let lists = try await queue.redis.send("HKEYS", .init(keys.fair)).array?.compactMap(\.string) ?? []
        var waits = false
        for list in lists {
            let reply = try await queue.redis.run(
                Scripts.deal,
                keys: [list, keys.fair, keys.fairRing(list), keys.fairWeights(list), keys.fairCredit(list)],
                arguments: [.init(Self.window), .init(keys.wake), .init(keys.fairHands(list))])
            if let left = reply.array?.last?.int, left > 0 { waits = true }
        }
        return waits
    }
}
