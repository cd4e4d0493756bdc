public import CeleryProtocol
import Foundation
import SkirretRedis

extension TaskQueue {
    /// Keeps our workers from taking anything more out of a queue, until ``resume(_:)``.
    ///
    /// A fact in Redis: it holds for every worker of ours at its next claim, and survives restarts. What runs already
    /// runs on, and producers may go on sending. Python workers know nothing of it. Two round trips.
    ///
    /// - Parameter queue: The queue; one that is paused already stays as it is.
    /// - Throws: `RedisError` when the broker did not take it within two seconds.
    public func pause(_ queue: QueueName) async throws {
        let since = RedisArgument(Int(try await brokerTime().timeIntervalSince1970 * 1000))
        _ = try await redis.pipeline(
            keys.lists.keys(queue).map { RedisCommand("HSETNX", .init(keys.paused), .init($0), since) })
    }

    /// Lets our workers take from a paused queue again; they hear of it at once.
    ///
    /// - Parameter queue: The queue; one that is not paused stays as it is.
    /// - Throws: `RedisError` when the broker did not take it within two seconds.
    public func resume(_ queue: QueueName) async throws {
        _ = try await redis.pipeline([
            RedisCommand("HDEL", arguments: [.init(keys.paused)] + keys.lists.keys(queue).map { .init($0) }),
            RedisCommand("PUBLISH", .init(keys.wake), "queued"),
        ])
    }

    /// The queues that nothing is taken from, sorted.
    ///
    /// One round trip.
    public func pausedQueues() async throws -> [QueueName] {
        let lists = try await redis.send("HKEYS", .init(keys.paused)).array?.compactMap(\.string) ?? []
        let names = lists.filter { !$0.contains(keys.lists.separator) }.map { $0.dropFirst(keys.prefix.count) }
        return names.sorted().map { QueueName(rawValue: String($0)) }
    }

    /// How many messages of a queue are left: waiting in its lists, and held by workers of ours.
    ///
    /// Two round trips; O(n) in what runs in the whole fleet.
    public func remaining(in queue: QueueName) async throws -> (waiting: Int, running: Int) {
        let lists = keys.lists.keys(queue)
        let lengths = try await redis.pipeline(lists.map { RedisCommand("LLEN", .init($0)) })
        let owners = try await redis.send("HVALS", .init(keys.owners)).array?.compactMap(\.bytes) ?? []
        // A record that does not parse is not ours to count.
        let running = owners.count { (try? JSONValue(parsing: $0))?["queue"]?.string.map(lists.contains) ?? false }
        return (lengths.reduce(0) { $0 + ($1.int ?? 0) }, running)
    }
}
