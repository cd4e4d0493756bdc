import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import Skirret

/// `/api/schedules/`: what beat enqueues, and when next.
struct ScheduleRoutes: Routes {
    let services: APIServices
    private let path = "/api/schedules"

    var endpoints: [Endpoint] {
        let id: [String: JSONValue] = ["id": Schema.integer(1...Int(Int32.max))]
        return [
            .get(path, .standard, list).described("All schedules, by name", .schedules) {
                $0.answers[200] = Schema.answer(["schedules": Schema.list(of: Schema.ref("Schedule"))])
                $0.isPolled()
            },
            .post(path, .admin, create).described("Add a schedule", .schedules) {
                $0.body = Schema.object(ScheduleBody.members, needs: ["name", "task", "schedule"])
                $0.needsBody = true
                $0.answers[201] = Schema.ref("Schedule")
            },
            .post("\(path)/preview", .admin, preview).described("When a schedule would fire", .schedules) {
                $0.details = "Saves nothing. Gaps and folds of the local clock are told with their reason."
                $0.body = Schema.object(
                    ["schedule": Schema.ref("Recurrence"), "count": Schema.integer(1...100)], needs: ["schedule"])
                $0.needsBody = true
                $0.answers[200] = Schema.answer(["firings": Schema.list(of: Schema.ref("Firing"))])
            },
            .get("\(path)/:id", .standard, show).described("One schedule", .schedules) {
                $0.path = id
                $0.answers[200] = Schema.ref("Schedule")
                $0.isPolled()
            },
            .patch("\(path)/:id", .admin, update).described("Change a schedule", .schedules) {
                $0.details = "Members that are not named stay; null takes one away. Beat sees it within a second."
                $0.path = id
                $0.body = Schema.object(ScheduleBody.members, needsOneOf: ScheduleBody.members.map(\.key))
                $0.needsBody = true
                $0.answers[200] = Schema.ref("Schedule")
            },
            .delete("\(path)/:id", .admin, delete).described("Remove a schedule", .schedules) {
                $0.path = id
                $0.answers[204] = .null
            },
            .post("\(path)/:id/run", .admin, run).described("Run a schedule's task now", .schedules) {
                $0.details = "Its due times stay as they are."
                $0.path = id
                $0.answers[202] = Schema.accepted
                $0.startsWork()
            },
            .get("\(path)/:id/next", .standard, next).described("When a schedule fires next", .schedules) {
                $0.path = id
                $0.query = [.init("count", Schema.integer(1...100), "How many; 10 unless told otherwise.")]
                $0.answers[200] = Schema.answer(["firings": Schema.list(of: Schema.ref("Firing"))])
            },
        ]
    }

    private var table: ScheduleTable { services.catalog.schedules }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        let now = Date()
        return request.polled(["schedules": .array(try await table.all().map { Self.json($0, now: now) })])
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        request.polled(Self.json(try await row(request), now: Date()))
    }

    @Sendable private func create(_ request: APIRequest) async throws -> Response {
        let body = try ScheduleBody(creating: try await request.jsonObject())
        let row = try await table.create(try body.draft())
        return .json(Self.json(row, now: Date()), status: .created, headers: [.location: "\(path)/\(row.id)/"])
    }

    @Sendable private func update(_ request: APIRequest) async throws -> Response {
        let id = try request.id()
        let body = try await request.jsonObject()
        guard body.contains(where: { Self.changeable.contains($0.key) }) else {
            throw APIError.badRequest(
                "Nothing to change: send enabled, schedule, interval, crontab or another member of a schedule.",
                code: "invalid_fields")
        }
        let namesRule = ["schedule", "interval", "crontab"].contains { body[$0] != nil }
        let row = try await table.change(id) { row in
            try ScheduleBody(changing: row, by: body).draft(keeping: namesRule ? nil : row.recurrence)
        }
        return .json(Self.json(row, now: Date()))
    }

    private static let changeable = Set(ScheduleBody.members.map(\.key) + ["interval", "crontab"])

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        try await table.delete(try request.id())
        return Response(status: .noContent)
    }

    @Sendable private func run(_ request: APIRequest) async throws -> Response {
        let row = try await row(request)
        let task: ScheduledTask
        do { task = try ScheduledTask(row) } catch {
            throw APIError(.conflict, code: "schedule_unusable", "\(error)", hint: "Mend the schedule first.")
        }
        var order = Ledger.Order(task: task.call.task, args: task.call.args, kwargs: task.call.kwargs)
        order.options.queue = task.call.queue
        order.options.priority = task.call.priority
        order.options.headers = task.call.headers.merging(["periodic_task_name": .string(row.name)])
        order.options.expiresIn = task.call.expiresAfter
        order.schedule = row.name
        order.about = row.name
        let id = try await TaskStart(services: services, request: request).start(order, sameness: .int(row.id))
        return TaskAnswer.accepted(id, isApplied: request.prefersAsync)
    }

    // MARK: - Firings

    @Sendable private func next(_ request: APIRequest) async throws -> Response {
        let row = try await row(request)
        let count = try request.wholeNumber("count", in: 1...100) ?? 10
        let task: ScheduledTask
        // What cannot fire has no firings; "problem" of the schedule says why.
        do { task = try ScheduledTask(row) } catch { return .json(["firings": []]) }
        return .json(Self.json(task.next(after: Date(), count: count)))
    }

    @Sendable private func preview(_ request: APIRequest) async throws -> Response {
        let body = try await request.jsonObject()
        var reader = FieldReader(body)
        var count = 10
        reader.strictInt("count", in: 1...100) { count = $0 }
        try reader.finish()
        let fields: JSONObject = ["name": "preview", "task": "preview", "schedule": body["schedule"] ?? .null]
        return .json(Self.json(try ScheduleBody(creating: fields).next(count)))
    }

    private static func json(_ firings: [Firing]) -> JSONValue {
        [
            "firings": .array(
                firings.filter { $0.date <= APITime.last }.map { firing in
                    [
                        "at": .string(APITime.text(firing.date)), "shift": JSONValue(firing.shift?.kind.rawValue),
                        "reason": JSONValue(firing.shift?.reason),
                    ]
                })
        ]
    }

    // MARK: - One row

    private func row(_ request: APIRequest) async throws -> Catalog.Schedule {
        guard let row = try await table.find(try request.id()) else {
            throw APIError.notFound("Schedule not found", code: "schedule_not_found")
        }
        return row
    }

    private static func json(_ schedule: Catalog.Schedule, now: Date) -> JSONValue {
        // try?: "problem" says what is wrong with one that cannot be read.
        let task = try? ScheduledTask(schedule)
        var json: JSONObject = [
            "id": .int(schedule.id), "name": .string(schedule.name), "task": .string(schedule.task),
            "args": .array(schedule.arguments), "kwargs": .object(schedule.keywordArguments),
            "queue": JSONValue(schedule.queue), "priority": JSONValue(schedule.priority),
            "enabled": .bool(schedule.isEnabled), "one_off": .bool(schedule.isOneOff),
            "last_run_at": JSONValue(schedule.lastRunAt.map(APITime.text)),
            "total_run_count": .int(schedule.totalRunCount), "description": .string(schedule.description),
            "problem": JSONValue(schedule.problem ?? schedule.recurrence.flatMap(NextFiring.fault)),
        ]
        json["start_time"] = JSONValue(schedule.startTime.map(APITime.text))
        json["expires"] = JSONValue(schedule.expires.map(APITime.text))
        json["expire_seconds"] = JSONValue(schedule.expireSeconds)
        json["missed"] = .string((task?.missed ?? .latest).rawValue)
        json["overlap"] = .string((task?.overlap ?? .allow).rawValue)
        json["jitter_seconds"] = .double((task?.jitter ?? .zero) / .seconds(1))
        json["schedule"] = schedule.recurrence?.json ?? .null
        let next = schedule.isEnabled ? NextFiring.date(of: schedule, after: now) : nil
        json["next_run_at"] = JSONValue(next.map(APITime.text))
        return .object(json)
    }
}

extension Recurrence {
    fileprivate var json: JSONValue {
        switch self {
        case .interval(let every, let period):
            ["type": "interval", "every": .int(every), "period": .string(period.rawValue)]
        case .crontab(let expression, let zone):
            ["type": "crontab", "crontab": .string(expression.description), "timezone": .string(zone)]
        case .clocked(let date): ["type": "clocked", "at": .string(APITime.text(date))]
        case .solar(let event, let latitude, let longitude):
            [
                "type": "solar", "event": .string(event), "latitude": .double(latitude),
                "longitude": .double(longitude),
            ]
        }
    }
}
