import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret
import SkirretRedis

/// `/api/tasks/`: what became of a task, by its id.
struct TaskRoutes: Routes {
    let services: APIServices
    private let path = "/api/tasks"

    var endpoints: [Endpoint] {
        [
            .get(path, .admin, list),
            .get("\(path)/:id", .admin, show),
            .get("\(path)/:id/logs", .admin, logs),
            .delete("\(path)/:id", .admin, cancel),
        ]
    }

    /// The tasks that requests started lately, newest first, with their states.
    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        var tasks = try await RecentTasks(redis: services.redis).all()
        let keys = tasks.map { RedisArgument(services.queue.keys.result(TaskID($0["task_id"]?.string ?? ""))) }
        guard !keys.isEmpty else { return .json(["tasks": []]) }
        let stored = try await services.queue.backend.send(RedisCommand("MGET", arguments: keys)).array ?? []
        for (index, value) in stored.enumerated() where index < tasks.count {
            // try?: a result that cannot be read is shown when somebody asks for it, not in a list.
            let result = value.bytes.flatMap { try? TaskResult(decoding: $0) }
            tasks[index]["state"] = JSONValue(result?.state ?? .pending)
        }
        return .json(["tasks": .array(tasks.map(JSONValue.object))])
    }

    /// A task that nobody knows is `PENDING`, as in Celery: it cannot be told from one that waits.
    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        let id = try taskID(request)
        async let stored = services.queue.storedResult(of: id)
        async let progress = services.queue.progress(of: id)
        let result = try await stored
        var body: JSONObject = [
            "task_id": JSONValue(id), "state": JSONValue(result?.state ?? .pending),
            "ready": .bool(result?.state.isReady ?? false), "progress": try await progress ?? .null,
        ]
        guard let result else { return .json(.object(body)) }
        if result.state == .success { body["result"] = result.result }
        if let failure = result.failure {
            body["error"] = .string(failure.description)
            body["exception"] = .string(failure.excType)
            body["traceback"] = JSONValue(result.traceback)
        }
        body["date_done"] = JSONValue(result.dateDone.map(APITime.text))
        return .json(.object(body))
    }

    @Sendable private func logs(_ request: APIRequest) async throws -> Response {
        .json(["logs": .array(try await services.queue.log(of: try taskID(request)))])
    }

    /// A durable fact: it does not start any more, and if it runs it is told to stop.
    @Sendable private func cancel(_ request: APIRequest) async throws -> Response {
        let id = try taskID(request)
        try await services.queue.revoke([id], terminate: true)
        return .success(["task_id": JSONValue(id)], status: .accepted)
    }

    /// Celery's ids are UUIDs, but a caller may choose others; what could not be one names nothing.
    private func taskID(_ request: APIRequest) throws -> TaskID {
        let text = try request.parameter("id")
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard (1...128).contains(text.utf8.count), isPlain else {
            throw APIError.notFound("Task not found", code: "task_not_found")
        }
        return TaskID(text)
    }
}
