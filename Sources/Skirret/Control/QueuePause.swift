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

    /// How many messages of a queue are left: waiting in its lists or for their turn, held by workers of ours, scheduled,
    /// and waiting for a worker or a limit.
    ///
    /// O(n) in what runs, is scheduled and waits in the whole fleet, in slices of a few hundred.
    public func remaining(in queue: QueueName) async throws -> QueueRemains {
        let lists = keys.lists.keys(queue)
        let lengths = try await redis.pipeline(lists.map { RedisCommand("LLEN", .init($0)) })
        let fair =
            try await redis.send(
                RedisCommand("HMGET", arguments: [.init(keys.fair)] + lists.map { .init($0) })
            ).array ?? []
        let owners = try await redis.send("HVALS", .init(keys.owners)).array?.compactMap(\.bytes) ?? []
        // A record that does not parse is not ours to count.
        let running = owners.count { (try? JSONValue(parsing: $0))?["queue"]?.string.map(lists.contains) ?? false }
        return QueueRemains(
            waiting: (lengths.map(\.int) + fair.map { $0.string.flatMap { Int($0) } }).reduce(0) { $0 + ($1 ?? 0) },
            running: running, scheduled: try await count(keys.scheduledMessages, of: lists),
            parked: try await count(keys.waiting, of: lists))
    }

    private func count(_ key: String, of lists: [String]) async throws(RedisError) -> Int {
        var cursor = "0", count = 0
        repeat {
            let reply = try await redis.run(
                Scripts.count, keys: [], arguments: [.init(key), .init(cursor)] + lists.map { .init($0) })
            cursor = reply.array?.first?.string ?? "0"
            count += reply.array?.last?.int ?? 0
        } while cursor != "0"
        return count
    }
}

/// What is left of a queue; see ``TaskQueue/remaining(in:)``.
public struct QueueRemains: Sendable, Hashable {
    /// In its lists, or waiting for their turn among fair keys.
    public var waiting: Int
    /// Held by workers of ours.
    public var running: Int
    /// Their time has not come.
    public var scheduled: Int
    /// Waiting for a worker that knows their task, or for a place in a shared limit.
    public var parked: Int
    /// All of them.
    public var total: Int { waiting + running + scheduled + parked }
}
