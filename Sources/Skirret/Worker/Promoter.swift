import CeleryProtocol
import Logging
import SkirretRedis

/// Moves messages whose time has come to their queues.
///
/// Any live worker does it for all.
struct Promoter: Sendable {
    let queue: TaskQueue
    let wake: Doorbell
    let logger: Logger
    /// How many at once: few enough that Redis is never held for long.
    private static let slice = 200
    /// The longest sleep; should a wake-up get lost, the sweep wakes it.
    private static let longestPause = Duration.seconds(60)

    /// Promotes until cancelled, asleep until the next message is due or a new one is announced.
    func run() async throws {
        while true {
            var pause = Self.longestPause
            do {
                pause = try await promote()
            } catch {
                if Task.isCancelled { throw CancellationError() }
                logger.debug("due messages wait for the broker", metadata: ["error": "\(error)"])
                pause = .milliseconds(200)
            }
            try await wake.wait(atMost: pause)
        }
    }

    private func promote() async throws(RedisError) -> Duration {
        while true {
            let reply = try await queue.redis.run(
                Scripts.promote, keys: [queue.keys.scheduled, queue.keys.scheduledMessages, queue.keys.fair],
                arguments: [.init(Self.slice), .init(queue.keys.wake)])
            guard let parts = reply.array, parts.count == 2, let moved = parts[0].int, let next = parts[1].int else {
                return Self.longestPause
            }
            if moved == Self.slice { continue }
            return next < 0 ? Self.longestPause : min(.milliseconds(next), Self.longestPause)
        }
    }
}
