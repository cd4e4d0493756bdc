import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis

/// The workers whose last heartbeat still counts.
struct Fleet {
    let services: APIServices

    /// One of them, as it describes itself.
    struct Worker {
        let name: String
        let json: JSONObject
        var queues: [String] { (json["queues"]?.array ?? []).compactMap(\.string) }
    }

    /// All of them, by name; one round trip.
    func workers() async throws -> [Worker] {
        let keys = services.queue.keys
        let replies = try await services.redis.pipeline([
            RedisCommand("TIME"), RedisCommand("ZRANGE", RedisArgument(keys.workers), 0, -1, "WITHSCORES"),
            RedisCommand("HGETALL", RedisArgument(keys.workerDescriptions)),
        ])
        let now = (replies[0].array?.first?.string.flatMap(Double.init) ?? 0) * 1000
        let about = Dictionary(Self.pairs(replies[2]), uniquingKeysWith: { $1 })
        return Self.pairs(replies[1]).compactMap { name, deadline -> Worker? in
            guard let until = Double(deadline), until > now else { return nil }
            // try?: a worker that describes itself in something else is still a worker.
            var json = (try? JSONValue(parsing: about[name] ?? ""))?.object ?? [:]
            json["name"] = .string(name)
            if let slots = json["concurrency"] { json["slots"] = slots }
            return Worker(name: name, json: json)
        }.sorted { $0.name < $1.name }
    }

    static func consumers(of queue: String, _ workers: [Worker]) -> [String] {
        workers.filter { $0.queues.contains(queue) }.map(\.name)
    }

    private static func pairs(_ reply: RedisValue) -> [(String, String)] {
        let flat = (reply.array ?? []).map { $0.string ?? "" }
        return stride(from: 0, to: flat.count - 1, by: 2).map { (flat[$0], flat[$0 + 1]) }
    }
}
