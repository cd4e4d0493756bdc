import CeleryProtocol
import Foundation
import SkirretRedis

/// The fleet at one moment: who is alive, takes from what, and knows what.
struct FleetView {
    /// Redis's clock in Unix seconds.
    let now: Double
    /// Queues by live worker of ours.
    let workers: [String: Set<QueueName>]
    /// Lists that nothing is taken from.
    let paused: Set<String>
    /// Every queue that was seen.
    let queues: [QueueName]
    private let tasks: [String: Set<String>]

    init(_ queue: TaskQueue) async throws {
        let keys = queue.keys
        now = try await queue.brokerTime().timeIntervalSince1970
        let found = try await queue.redis.pipeline([
            RedisCommand("ZRANGE", .init(keys.workers), .init(Int(now * 1000)), "+inf", "BYSCORE"),
            RedisCommand("HGETALL", .init(keys.workerDescriptions)), RedisCommand("HGETALL", .init(keys.workerTasks)),
            RedisCommand("HKEYS", .init(keys.paused)), RedisCommand("SMEMBERS", .init(keys.queues)),
        ])
        let alive = Set((found[0].array ?? []).compactMap(\.string))
        func texts(_ reply: RedisValue, _ list: (JSONValue) -> JSONValue?) -> [String: [String]] {
            let flat = (reply.array ?? []).compactMap(\.string)
            var texts: [String: [String]] = [:]
            for index in stride(from: 0, to: flat.count - 1, by: 2) where alive.contains(flat[index]) {
                // A description that does not parse says nothing.
                guard let value = try? JSONValue(parsing: flat[index + 1]) else { continue }
                texts[flat[index]] = (list(value)?.array ?? []).compactMap(\.string)
            }
            return texts
        }
        let described = texts(found[1]) { $0["queues"] }
        workers = Dictionary(
            uniqueKeysWithValues: alive.map { node in
                (node, Set((described[node] ?? []).map { QueueName(rawValue: $0) }))
            })
        tasks = texts(found[2]) { $0 }.mapValues { Set($0) }
        paused = Set((found[3].array ?? []).compactMap(\.string))
        queues = (found[4].array ?? []).compactMap(\.string).map { QueueName(rawValue: $0) }
    }

    func knows(_ worker: String, _ task: String) -> Bool { tasks[worker]?.contains(task) ?? false }
}
