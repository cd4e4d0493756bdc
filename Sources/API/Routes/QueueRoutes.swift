import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret
import SkirretRedis

/// `/api/queues/`: what waits, and whether anybody takes it.
struct QueueRoutes: Routes {
    let services: APIServices
    private let path = "/api/queues"

    private static let name: [String: JSONValue] = ["name": CallReader.queueName]

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list).described("All queues, and what waits in them", .queues) {
                $0.answers[200] = Schema.object(
                    [
                        "queues": Schema.list(
                            of: Schema.answer([
                                "name": Schema.text, "waiting": Schema.integer, "paused": Schema.flag,
                                "consumers": Schema.list(of: Schema.text),
                            ])), "scheduled": Schema.integer, "running": Schema.integer, "parked": Schema.integer,
                        "dead": Schema.integer, "durability": Schema.anyObject,
                    ], needs: ["queues", "scheduled", "running", "parked", "dead"])
                $0.isPolled()
            },
            .get("\(path)/:name", .standard, show).described("One queue, and what is left of it", .queues) {
                $0.details = "It is drained when it is paused, or nobody sends to it any more, and \"total\" is 0."
                $0.path = Self.name
                $0.answers[200] = Schema.answer([
                    "name": Schema.text, "waiting": Schema.integer, "running": Schema.integer,
                    "scheduled": Schema.integer, "parked": Schema.integer, "total": Schema.integer,
                    "paused": Schema.flag, "consumers": Schema.list(of: Schema.text),
                ])
                $0.isPolled()
            },
            .post("\(path)/:name/pause", .admin) { try await pause($0, true) }
                .described("Let our workers take nothing more from a queue", .queues) {
                    $0.details = "What runs already runs on. Python workers know nothing of it."
                    $0.path = Self.name
                    $0.answers[200] = Schema.success(["name": Schema.text, "paused": Schema.flag])
                },
            .post("\(path)/:name/resume", .admin) { try await pause($0, false) }
                .described("Let workers take from a queue again", .queues) {
                    $0.path = Self.name
                    $0.answers[200] = Schema.success(["name": Schema.text, "paused": Schema.flag])
                },
            .post("\(path)/:name/purge", .admin, purge).described("Cancel what waits in a queue", .queues) {
                $0.details = """
                    Each waiting task is taken out and gets the state REVOKED; what runs, is scheduled or waits for a limit \
                    stays. At most 10,000 at a time: ask again while "left" is not 0.
                    """
                $0.path = Self.name
                $0.body = Schema.object(["confirm": Schema.text], needs: ["confirm"])
                $0.needsBody = true
                $0.answers[200] = Schema.success(["purged": Schema.integer, "left": Schema.integer])
            },
        ]
    }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        let overview = try await services.queue.overview()
        let workers = try await Fleet(services: services).workers()
        let waiting = Dictionary(overview.queues.map { ($0.name, $0.waiting) }, uniquingKeysWith: { $1 })
        let rows = Self.names(overview, workers, services.queue.defaultQueue).map { name -> JSONValue in
            [
                "name": .string(name), "waiting": .int(waiting[name] ?? 0),
                "paused": .bool(overview.paused.contains(name)),
                "consumers": .array(Fleet.consumers(of: name, workers).map(JSONValue.string)),
            ]
        }
        return request.polled([
            "queues": .array(rows), "scheduled": .int(overview.scheduled), "running": .int(overview.running),
            "parked": .int(overview.parked), "dead": .int(overview.dead), "durability": await durability(),
        ])
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        let name = try queueName(request)
        let overview = try await services.queue.overview()
        let workers = try await Fleet(services: services).workers()
        guard Self.names(overview, workers, services.queue.defaultQueue).contains(name.rawValue) else {
            throw APIError.notFound("Queue not found", code: "queue_not_found")
        }
        let left = try await services.queue.remaining(in: name)
        return request.polled([
            "name": JSONValue(name), "waiting": .int(left.waiting), "running": .int(left.running),
            "scheduled": .int(left.scheduled), "parked": .int(left.parked), "total": .int(left.total),
            "paused": .bool(overview.paused.contains(name.rawValue)),
            "consumers": .array(Fleet.consumers(of: name.rawValue, workers).map(JSONValue.string)),
        ])
    }

    private func pause(_ request: APIRequest, _ isPaused: Bool) async throws -> Response {
        let name = try queueName(request)
        if isPaused { try await services.queue.pause(name) } else { try await services.queue.resume(name) }
        return .success(["name": JSONValue(name), "paused": .bool(isPaused)])
    }

    /// The name once more in the body: nobody empties a queue by a slip of the hand.
    @Sendable private func purge(_ request: APIRequest) async throws -> Response {
        let name = try queueName(request)
        guard let confirmed = try await request.jsonObject()["confirm"]?.string else {
            throw APIError.badRequest("confirm: required, the queue's own name", code: "confirmation_required")
        }
        guard confirmed == name.rawValue else {
            throw APIError(
                .conflict, code: "confirmation_required", "confirm: expected the queue's own name, \"\(name)\"",
                hint: "What waits in the queue is cancelled for good. Repeat its name if that is meant.")
        }
        let answer = try await services.queue.purge(name, atMost: 10_000)
        return .success(["purged": .int(answer.purged), "left": .int(answer.left)])
    }

    private func queueName(_ request: APIRequest) throws -> QueueName {
        let text = try request.parameter("name")
        guard (1...200).contains(text.utf8.count), text.utf8.allSatisfy(CallReader.isQueueLetter) else {
            throw APIError.notFound("Queue not found", code: "queue_not_found")
        }
        return QueueName(rawValue: text)
    }

    private static func names(
        _ overview: QueueOverview, _ workers: [Fleet.Worker], _ fallback: QueueName
    ) -> [String] {
        Set(overview.queues.map(\.name) + workers.flatMap(\.queues) + [fallback.rawValue]).sorted()
    }

    /// What an OK outlives, by who gave it; what Redis does not tell is null.
    private func durability() async -> JSONValue {
        var fast: JSONValue = .null
        // try?: an access list may keep the configuration from us, and then nothing can be said.
        let pairs = try? await services.redis.send("CONFIG", "GET", "append*").array?.map { $0.string ?? "" }
        if let pairs, let file = pairs.firstIndex(of: "appendonly"), let sync = pairs.firstIndex(of: "appendfsync"),
            pairs.count > max(file, sync) + 1
        {
            fast = pairs[file + 1] != "yes" ? "memory" : pairs[sync + 1] == "always" ? "fsync" : "fast"
        }
        return ["api": "ledger", "beat": "ledger", "others": fast]
    }
}
