import CeleryProtocol
import Logging
import SkirretRedis

/// Waits on an empty queue without consuming, on a connection of its own.
///
/// `BLMOVE key key RIGHT RIGHT` is an atomic, blocking peek: it leaves order and content alone, so a worker
/// that dies in it loses nothing. It watches the queue's highest priority step; the others announce themselves
/// on the wake channel, or are found by the claim loop's own pulse.
struct QueueWait: Sendable {
    private let client: RedisClient
    private let key: String
    private let bell: Doorbell
    private let armed = Doorbell()
    private let logger: Logger
    /// Shorter than any idle connection's patience between here and there.
    private static let longest = 5

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

    /// Waits whenever armed, until cancelled.
    func run() async throws {
        let command = RedisCommand("BLMOVE", .init(key), .init(key), "RIGHT", "RIGHT", .init(Self.longest))
        while true {
            try await armed.wait(atMost: .seconds(3600))
            do {
                let found = try await client.send(command, deadline: .seconds(Self.longest + 2))
                if !found.isNull { bell.ring() }
            } catch {
                if Task.isCancelled { throw CancellationError() }
                logger.debug("an idle wait ended early", metadata: ["error": "\(error)"])
                try await ContinuousClock().sleep(for: .milliseconds(200))
            }
        }
    }

    func close() async { await client.close() }
}
