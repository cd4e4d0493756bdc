import CeleryProtocol
import Foundation
import Logging
import SkirretRedis

/// One message this worker holds, from the claim to its settlement.
struct Claim: Sendable {
    /// Proves ownership; fresh for every claim, so that a stale acknowledgement removes nothing.
    let token: String
    /// The list the message came from, and goes back to.
    let list: String
    /// The envelope as it was on the wire.
    let message: [UInt8]
    /// How often a worker died under this task.
    let crashes: Int
    /// Somebody asked that the task shall not run.
    let isRevoked: Bool
    /// When it was claimed, by Redis's clock.
    let claimedAt: Date
}

/// Takes messages off the queues for free slots.
struct Claimer: Sendable {
    let queue: TaskQueue
    let options: WorkerOptions
    /// In the order in which they are served: all queues at step 0, then at 3, 6, 9.
    private let lists: [(key: String, routingKey: String)]

    init(queue: TaskQueue, options: WorkerOptions) {
        self.queue = queue
        self.options = options
        let spread = queue.keys.lists
        self.lists = spread.steps.flatMap { step in
            options.queues.map { (spread.key($0, step: step), JSONValue.string($0.rawValue).text) }
        }
    }

    /// Claims up to `most` messages. One round trip.
    ///
    /// - Parameter fromTheBack: Serves the lowest step first, so that it never starves.
    func claim(most: Int, fromTheBack: Bool) async throws(RedisError) -> [Claim] {
        let order = fromTheBack ? lists.reversed() : lists
        let keys = queue.keys
        let reply = try await queue.redis.run(
            Scripts.claim,
            keys: [
                keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.dead, keys.letters, keys.crashes,
                keys.revoked,
            ] + order.map(\.key),
            arguments: [
                .init(most), .init(options.lease.milliseconds), .init(options.name),
                .init(DeliveryTag.random().rawValue),
            ] + order.map { .init($0.routingKey) })
        guard let parts = reply.array, parts.count == 3, let now = parts[0].int, let claims = parts[2].array else {
            return []
        }
        if let refused = parts[1].int, refused > 0 {
            queue.logger.warning(
                "messages that are no Celery envelopes went to the dead letters", metadata: ["count": "\(refused)"])
        }
        return claims.compactMap { claim in
            guard let fields = claim.array, fields.count == 5, let token = fields[0].string, let index = fields[1].int,
                let message = fields[2].bytes
            else { return nil }
            return Claim(
                token: token, list: order[index - 1].key, message: message, crashes: fields[3].int ?? 0,
                isRevoked: fields[4].int == 1, claimedAt: Date(timeIntervalSince1970: Double(now) / 1000))
        }
    }

    /// Declares the queues in kombu's binding tables; producers that name an exchange find them there.
    func declareQueues() async throws(RedisError) {
        _ = try await queue.redis.pipeline(
            options.queues.flatMap { name in
                [queue.keys.binding(name.rawValue), queue.keys.permanentBinding(name.rawValue)].map {
                    RedisCommand("SADD", .init($0), .init(QueueBinding(queue: name).member()))
                }
            })
    }
}
