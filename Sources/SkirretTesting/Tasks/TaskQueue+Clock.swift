import CeleryProtocol
import Foundation
public import Skirret
import SkirretRedis

extension TaskQueue {
    /// Lets time pass, in no time, for every call that waits for its time: a countdown, an ETA, a retry.
    ///
    ///     try await remind.call("ann", on: queue, .countdown(.seconds(86_400)))
    ///     try await queue.advance(by: .seconds(86_400))
    ///     try await queue.drain([remind.registered])
    ///
    /// Redis's clock cannot be set, and it is the one that counts: so what waits is moved nearer instead, with the ETA
    /// in its message. What expires, leases, and how long results are kept stay as they are. While no worker runs; one
    /// round trip and one for each message that waits.
    ///
    /// - Parameter time: How much passes.
    /// - Throws: `RedisError` when the broker did not answer within two seconds.
    public func advance(by time: Duration) async throws {
        let entries = try await redis.send("ZRANGE", .init(keys.scheduled), 0, -1).array?.compactMap(\.string) ?? []
        for id in entries {
            var commands = [
                RedisCommand("ZINCRBY", .init(keys.scheduled), .init(-time.milliseconds), .init(id))
            ]
            let held = try await redis.send("HGET", .init(keys.scheduledMessages), .init(id)).bytes ?? []
            // Queue key, newline, message; what cannot be read has no ETA that could be in its way.
            if let line = held.firstIndex(of: UInt8(ascii: "\n")),
                var message = try? TaskMessage(decoding: Array(held[held.index(after: line)...])),
                let eta = message.headers.eta
            {
                message.headers.eta = eta.addingTimeInterval(-time.seconds)
                let nearer = Array(held[...line]) + message.encoded()
                commands.append(RedisCommand("HSET", .init(keys.scheduledMessages), .init(id), .init(nearer)))
            }
            _ = try await redis.transaction(commands)
        }
        _ = try await redis.send("PUBLISH", .init(keys.wake), "scheduled")
    }
}
