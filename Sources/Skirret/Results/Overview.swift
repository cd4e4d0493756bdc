public import CeleryProtocol
import Foundation
import SkirretRedis

/// What waits, runs, is scheduled and is dead.
public struct QueueOverview: Sendable {
    /// Every queue that a worker takes from or a producer of ours sent to, with what waits in it.
    public var queues: [(name: String, waiting: Int)]
    /// Messages that a worker of ours holds.
    public var running: Int
    /// Messages whose time has not come.
    public var scheduled: Int
    /// Messages that wait for a worker that knows their task, or for a place in a shared limit.
    public var parked: Int = 0
    /// Dead letters.
    public var dead: Int
    /// The names of the workers that are alive.
    public var workers: [String]
    /// The names of the queues that nothing is taken from.
    public var paused: [String] = []

    /// The same as one JSON object.
    public var json: JSONValue {
        var lengths = JSONObject()
        for queue in queues { lengths[queue.name] = .int(queue.waiting) }
        return [
            "queues": .object(lengths), "running": .int(running), "scheduled": .int(scheduled), "parked": .int(parked),
            "dead": .int(dead),
            "workers": .array(workers.map(JSONValue.string)), "paused": .array(paused.map(JSONValue.string)),
        ]
    }
}

extension TaskQueue {
    /// Counts what there is.
    ///
    /// Three round trips.
    public func overview() async throws -> QueueOverview {
        let now = try await redis.send("TIME").array?.first?.string.flatMap { Int($0) } ?? 0
        let found = try await redis.pipeline([
            RedisCommand("SMEMBERS", .init(keys.queues)),
            RedisCommand("ZCARD", .init(keys.leases)), RedisCommand("ZCARD", .init(keys.scheduled)),
            RedisCommand("ZCARD", .init(keys.dead)), RedisCommand("HLEN", .init(keys.waiting)),
            RedisCommand("ZRANGE", .init(keys.workers), .init(now * 1000), "+inf", "BYSCORE"),
            RedisCommand("HGETALL", .init(keys.fair)),
        ])
        let paused = try await pausedQueues()
        let names = (found[0].array ?? []).compactMap(\.string).sorted()
        let lists = names.map { keys.lists.keys(QueueName(rawValue: $0)) }
        let lengths = try await redis.pipeline(lists.flatMap { $0 }.map { RedisCommand("LLEN", .init($0)) })
        let steps = keys.lists.steps.count
        // What waits for its turn among fair keys waits too.
        let fair = (found[6].array ?? []).compactMap(\.string)
        var undealt: [String: Int] = [:]
        for index in stride(from: 0, to: fair.count - 1, by: 2) { undealt[fair[index]] = Int(fair[index + 1]) }
        let queues = names.indices.map { index in
            (
                names[index],
                lengths[(index * steps)..<((index + 1) * steps)].reduce(0) { $0 + ($1.int ?? 0) }
                    + lists[index].reduce(0) { $0 + (undealt[$1] ?? 0) }
            )
        }
        return QueueOverview(
            queues: queues, running: found[1].int ?? 0, scheduled: found[2].int ?? 0,
            parked: found[4].int ?? 0, dead: found[3].int ?? 0, workers: (found[5].array ?? []).compactMap(\.string),
            paused: paused.map(\.rawValue))
    }
}
