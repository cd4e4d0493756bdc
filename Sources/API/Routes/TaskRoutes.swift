import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret
import SkirretRedis

/// `/api/tasks/`: what was accepted, and what became of it.
struct TaskRoutes: Routes {
    let services: APIServices
    private let path = "/api/tasks"

    var endpoints: [Endpoint] {
        [
            .get(path, .admin, list).described("Search the tasks that were accepted, newest first", .tasks) {
                $0.query = TaskSearch.parameters
                $0.answers[200] = Schema.page("tasks", of: Schema.ref("Task"))
                $0.isPolled()
            },
            .post(path, .admin, start).described("Start any task by its name", .tasks) {
                $0.body = Schema.object(
                    (["task": CallReader.taskName] as JSONObject).merging(CallReader.optionMembers), needs: ["task"])
                $0.needsBody = true
                $0.answers[202] = Schema.accepted
                $0.startsWork()
            },
            .get("\(path)/summary", .admin, summary).described(
                "How many tasks there are, and words to filter by", .tasks
            ) {
                $0.answers[200] = Schema.answer([
                    "states": Schema.anyObject, "bytes": Schema.integer, "names": Schema.list(of: Schema.text),
                    "queues": Schema.list(of: Schema.text), "plugins": Schema.list(of: Schema.text),
                    "schedules": Schema.list(of: Schema.text),
                ])
                $0.isPolled()
            },
            .get("\(path)/:id", .admin, show).described("One task", .tasks) {
                $0.details = "Also of tasks that others sent, for as long as Redis has a trace of them."
                $0.answers[200] = Schema.ref("TaskDetail")
                $0.isPolled()
            },
            .get("\(path)/:id/logs", .admin, logs).described("What a task said, oldest first", .tasks) {
                $0.query = [.init("after", Schema.integer(0...1_000_000), "How many records the caller has already.")]
                $0.answers[200] = Schema.answer(["logs": Schema.list(of: Schema.ref("LogRecord"))])
                $0.isPolled()
            },
            .get("\(path)/:id/result", .admin, result).described("What a task returned", .tasks) {
                $0.details = "202 while it is not over; \"wait\" waits for it."
                $0.query = [.init("wait", Schema.integer(0...60), "Seconds to wait for the result.")]
                $0.answers[200] = Schema.object(
                    ["task_id": Schema.text, "state": Schema.text, "ready": Schema.flag, "result": Schema.any],
                    needs: ["task_id", "state", "ready"])
                $0.answers[202] = $0.answers[200]
            },
            .get("\(path)/:id/explain", .admin, explain).described("Why a task runs, or does not", .tasks) {
                $0.answers[200] = Schema.ref("Explanation")
            },
            .post("\(path)/:id/cancel", .admin, cancel).described("Cancel a task", .tasks) {
                $0.details = "A durable fact: it does not start any more, and if it runs it is told to stop."
                $0.answers[202] = Schema.accepted
            },
            .delete("\(path)/:id", .admin, cancel).described("Cancel a task", .tasks) {
                $0.answers[202] = Schema.accepted
            },
            .post("\(path)/:id/replay", .admin, replay).described("Start a task again under a new id", .tasks) {
                $0.details = "With the same arguments, or others."
                $0.body = Schema.object(CallReader.optionMembers)
                $0.answers[202] = Schema.accepted
                $0.startsWork()
            },
        ]
    }

    private var table: LedgerTable { services.ledger.table }
    private var view: TaskView { TaskView(services: services) }

    // MARK: - Many

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        let query = try TaskSearch(request).query
        let page = try await table.page(query)
        let next = page.count == query.limit ? page.last.map { TaskSearch.cursor(after: $0.seq) } : nil
        return request.polled(["tasks": .array(try await view.rows(page)), "next": JSONValue(next)])
    }

    @Sendable private func summary(_ request: APIRequest) async throws -> Response {
        var states = JSONObject()
        let totals = try await table.totals()
        for state in LedgerState.allCases {
            states[state.name] = .int(totals.first { $0.state == state }?.tasks ?? 0)
        }
        var body: JSONObject = ["states": .object(states), "bytes": .int(totals.reduce(0) { $0 + $1.bytes })]
        for (facet, name) in [
            (LedgerTable.Facet.name, "names"), (.queue, "queues"), (.plugin, "plugins"), (.schedule, "schedules"),
        ] {
            body[name] = .array(try await table.words(facet).map(JSONValue.string))
        }
        return request.polled(.object(body))
    }

    @Sendable private func start(_ request: APIRequest) async throws -> Response {
        var reader = FieldReader(try await request.jsonObject())
        var name: String?
        reader.plainText("task", atMost: 300) { name = $0 }
        if !reader.has("task") { reader.fault("task: required, the task's name") }
        let call = try CallReader(&reader)
        var order = Ledger.Order(task: name ?? "", args: call.args ?? [], kwargs: call.kwargs ?? [:])
        order.options = call.options
        let id = try await TaskStart(services: services, request: request).start(
            order, sameness: .object(reader.object))
        return TaskAnswer.accepted(id, isApplied: request.prefersAsync)
    }

    // MARK: - One

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        let id = try taskID(request)
        guard let detail = try await view.detail(id) else { throw APIError.noSuchTask }
        return request.polled(.object(detail))
    }

    @Sendable private func logs(_ request: APIRequest) async throws -> Response {
        let id = try taskID(request)
        let after = try request.wholeNumber("after", in: 0...1_000_000) ?? 0
        return request.polled(["logs": .array(Array(try await services.queue.log(of: id).dropFirst(after)))])
    }

    @Sendable private func result(_ request: APIRequest) async throws -> Response {
        let id = try taskID(request)
        let wait = try request.wholeNumber("wait", in: 0...60) ?? 0
        guard var detail = try await view.detail(id) else { throw APIError.noSuchTask }
        if wait > 0, detail["ready"]?.bool == false {
            // Whoever waited in vain is told what is known.
            do { _ = try await services.queue.result(of: id, within: .seconds(wait)) } catch is ResultTimeout {}
            detail = try await view.detail(id) ?? detail
        }
        let members = ["task_id", "state", "ready", "result", "error", "exception", "traceback", "finished_at"]
        let isReady = detail["ready"]?.bool ?? false
        return .json(
            .object(detail.filter { members.contains($0.key) }), status: isReady ? .ok : .accepted,
            headers: isReady ? [:] : [.retryAfter: "1"])
    }

    @Sendable private func explain(_ request: APIRequest) async throws -> Response {
        let id = try taskID(request)
        let explanation = try await services.queue.explain(id)
        guard explanation.place == .unknown else { return .json(explanation.json) }
        guard let entry = try await table.find(id) else { throw APIError.noSuchTask }
        let summary =
            entry.state.isFinal
            ? "It is over since \(APITime.text(entry.finishedAt ?? entry.acceptedAt)): \(entry.state.name). Redis has forgotten it."
            : "It is in the ledger, and Redis has no trace of it near the front of a queue. If Redis lost it, it is pushed again within seconds."
        return .json([
            "id": JSONValue(id), "place": entry.state.isFinal ? "finished" : "queued", "summary": .string(summary),
            "advice": .null, "facts": ["state": .string(entry.state.name), "queue": .string(entry.queue)],
        ])
    }

    /// Committed first: a Redis that is away, or loses everything, does not make it run after all.
    @Sendable private func cancel(_ request: APIRequest) async throws -> Response {
        let id = try taskID(request)
        try await services.ledger.cancel([id])
        return .success(["task_id": JSONValue(id)], status: .accepted)
    }

    @Sendable private func replay(_ request: APIRequest) async throws -> Response {
        let id = try taskID(request)
        var reader = FieldReader(try await request.jsonObject())
        let call = try CallReader(&reader)
        guard let entry = try await table.find(id) else {
            guard try await view.detail(id) != nil else { throw APIError.noSuchTask }
            throw APIError(
                .conflict, code: "not_replayable", "This task was not accepted here, so its arguments are not known.",
                hint: "Start it with POST /api/tasks/ and its arguments.")
        }
        var order = Ledger.Order(
            task: entry.name, args: call.args ?? entry.args, kwargs: call.kwargs ?? entry.kwargs)
        order.options = call.options
        if order.options.queue == nil { order.options.queue = QueueName(rawValue: entry.queue) }
        if order.options.priority == nil { order.options.priority = entry.priority }
        order.plugin = entry.plugin
        order.about = entry.about
        order.parent = id
        let repeated = try await TaskStart(services: services, request: request).start(
            order, sameness: [JSONValue(id), .object(reader.object)])
        return TaskAnswer.accepted(repeated, isApplied: request.prefersAsync)
    }

    /// Celery's ids are UUIDs, but a caller may choose others; what could not be one names nothing.
    private func taskID(_ request: APIRequest) throws -> TaskID {
        let text = try request.parameter("id")
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard (1...128).contains(text.utf8.count), isPlain else { throw APIError.noSuchTask }
        return TaskID(text)
    }
}

extension APIError {
    static let noSuchTask = notFound("Task not found", code: "task_not_found")
}

extension APIRequest {
    /// A whole number of the query; nil when it is not there.
    func wholeNumber(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = query(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .badRequest(
                "\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound)",
                code: "invalid_fields")
        }
        return number
    }
}
