import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret
import SkirretRedis

/// `/api/workers/`: who works, on what, and how to make them stop.
struct WorkerRoutes: Routes {
    let services: APIServices
    private let path = "/api/workers"

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list).described("The workers that are alive, and what they run", .queues) {
                $0.answers[200] = Schema.answer([
                    "workers": Schema.list(of: Schema.object(["name": Schema.text], needs: ["name"]))
                ])
                $0.isPolled()
            },
            .get("\(path)/:name", .standard, show).described("One worker, asked itself", .queues) {
                $0.details =
                    "Memory, counts and uptime come from the worker; \"stats\" is null when it does not answer."
                $0.answers[200] = Schema.object(
                    ["name": Schema.text, "stats": Schema.any, "running": Schema.anyList], needs: ["name", "stats"])
            },
            .post("\(path)/:name/quiet", .admin, quiet).described("Let a worker take nothing more", .queues) {
                $0.details =
                    "It gives up its queues one by one and runs on. A worker that does not allow cancel_consumer refuses."
                $0.answers[200] = Schema.success(["name": Schema.text, "queues": Schema.list(of: Schema.text)])
            },
            .post("\(path)/:name/resume", .admin, resume).described("Let a worker take from a queue again", .queues) {
                $0.body = Schema.object(
                    ["queues": ["type": "array", "items": CallReader.queueName, "minItems": 1, "maxItems": 100]],
                    needs: ["queues"])
                $0.needsBody = true
                $0.answers[200] = Schema.success(["name": Schema.text, "queues": Schema.list(of: Schema.text)])
            },
            .post("\(path)/:name/stop", .admin, stop).described("Stop a worker in good order", .queues) {
                $0.details =
                    "Its tasks get their grace, then go back to their queues. A worker that does not allow shutdown refuses."
                $0.answers[202] = Schema.success(["name": Schema.text])
            },
        ]
    }

    private var fleet: Fleet { Fleet(services: services) }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        request.polled(["workers": .array(try await fleet.workers().map { .object($0.json) })])
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        let worker = try await worker(request)
        let replies = try await services.queue.ask("stats", of: .nodes([worker.name]))
        var json = worker.json
        json["stats"] = replies.first?.value ?? .null
        if let kilobytes = replies.first?.value["rusage"]?["maxrss"]?.int {
            json["memory_bytes"] = .int(kilobytes * 1024)
        }
        return .json(.object(json))
    }

    @Sendable private func quiet(_ request: APIRequest) async throws -> Response {
        let worker = try await worker(request)
        for queue in worker.queues { try await command("cancel_consumer", ["queue": .string(queue)], to: worker.name) }
        return .success(["name": .string(worker.name), "queues": .array(worker.queues.map(JSONValue.string))])
    }

    @Sendable private func resume(_ request: APIRequest) async throws -> Response {
        let worker = try await worker(request)
        let list = try await request.jsonObject()["queues"]?.array ?? []
        let queues = list.compactMap(\.string)
        guard (1...100).contains(queues.count), queues.count == list.count,
            queues.allSatisfy({ (1...200).contains($0.utf8.count) && $0.utf8.allSatisfy(CallReader.isQueueLetter) })
        else {
            throw APIError.badRequest("queues: expected a list of 1 to 100 queues' names", code: "invalid_fields")
        }
        for queue in queues { try await command("add_consumer", ["queue": .string(queue)], to: worker.name) }
        return .success(["name": .string(worker.name), "queues": .array(queues.map(JSONValue.string))])
    }

    @Sendable private func stop(_ request: APIRequest) async throws -> Response {
        let worker = try await worker(request)
        // A worker that obeys this says nothing.
        let replies = try await services.queue.ask("shutdown", of: .nodes([worker.name]), within: .milliseconds(500))
        if let refusal = replies.first?.value["error"]?.string { throw APIError.refusedByWorker(refusal) }
        return .success(["name": .string(worker.name)], status: .accepted)
    }

    private func command(_ name: String, _ arguments: JSONObject, to worker: String) async throws {
        let replies = try await services.queue.ask(name, arguments, of: .nodes([worker]))
        guard let answer = replies.first?.value else {
            throw APIError(
                .gatewayTimeout, code: "worker_silent", "The worker did not answer within a second.",
                hint: "Is it alive? /api/workers/ lists those whose heartbeat counts.")
        }
        if let refusal = answer["error"]?.string { throw APIError.refusedByWorker(refusal) }
    }

    private func worker(_ request: APIRequest) async throws -> Fleet.Worker {
        let name = try request.parameter("name")
        guard let worker = try await fleet.workers().first(where: { $0.name == name }) else {
            throw APIError.notFound("Worker not found", code: "worker_not_found")
        }
        return worker
    }
}

extension APIError {
    /// The worker's own words say how to allow it.
    fileprivate static func refusedByWorker(_ text: String) -> APIError {
        APIError(.conflict, code: "worker_refused", text)
    }
}
