import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret
import SkirretRedis

/// `/api/queues/` and `/api/workers/`: what waits, and who works.
struct QueueRoutes: Routes {
    let services: APIServices

    var endpoints: [Endpoint] {
        [
            .get("/api/queues", .standard, queues),
            .get("/api/workers", .standard, workers),
        ]
    }

    /// Lengths of the queues that are known: the default one, those that workers take from, and those that were sent to.
    @Sendable private func queues(_ request: APIRequest) async throws -> Response {
        let fleet = try await fleet()
        let keys = services.queue.keys
        var names = Set(fleet.flatMap { $0["queues"]?.array ?? [] }.compactMap { $0.string.map { QueueName($0) } })
        names.insert(services.queue.defaultQueue)
        let known = names.sorted { $0.rawValue < $1.rawValue }
        var commands = known.flatMap { name in keys.lists.keys(name).map { RedisCommand("LLEN", RedisArgument($0)) } }
        commands += [
            RedisCommand("ZCARD", RedisArgument(keys.scheduled)), RedisCommand("HLEN", RedisArgument(keys.unacked)),
            RedisCommand("ZCARD", RedisArgument(keys.dead)),
        ]
        let counts = try await services.redis.pipeline(commands).map { $0.int ?? 0 }
        let steps = keys.lists.steps.count
        let rows: [JSONValue] = known.enumerated().map { index, name in
            let length = counts[(index * steps)..<((index + 1) * steps)].reduce(0, +)
            return ["name": JSONValue(name), "waiting": .int(length)]
        }
        let totals = Array(counts.suffix(3))
        return .json([
            "queues": .array(rows), "scheduled": .int(totals[0]), "running": .int(totals[1]), "dead": .int(totals[2]),
        ])
    }

    @Sendable private func workers(_ request: APIRequest) async throws -> Response {
        .json(["workers": .array(try await fleet().map(JSONValue.object))])
    }

    /// The workers whose last heartbeat still counts, and what they say of themselves.
    private func fleet() async throws -> [JSONObject] {
        let keys = services.queue.keys
        let replies = try await services.redis.pipeline([
            RedisCommand("TIME"),
            RedisCommand("ZRANGE", RedisArgument(keys.workers), 0, -1, "WITHSCORES"),
            RedisCommand("HGETALL", RedisArgument(keys.workerDescriptions)),
        ])
        let seconds = replies[0].array?.first?.string.flatMap(Double.init) ?? 0
        let about = Self.pairs(replies[2])
        return Self.pairs(replies[1]).compactMap { name, deadline -> JSONObject? in
            guard let until = Double(deadline), until > seconds * 1000 else { return nil }
            let described = about.first { $0.0 == name }?.1 ?? ""
            // try?: a worker that describes itself in something else is still a worker.
            var object = (try? JSONValue(parsing: described))?.object ?? [:]
            object["name"] = .string(name)
            return object
        }
    }

    private static func pairs(_ reply: RedisValue) -> [(String, String)] {
        let flat = (reply.array ?? []).map { $0.string ?? "" }
        return stride(from: 0, to: flat.count - 1, by: 2).map { (flat[$0], flat[$0 + 1]) }
    }
}
