import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird

/// `/api/schedules/`: what beat enqueues, and when next.
struct ScheduleRoutes: Routes {
    let services: APIServices
    private let path = "/api/schedules"

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list),
            .get("\(path)/:id", .standard, show),
            .patch("\(path)/:id", .admin, update),
        ]
    }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        let now = Date()
        let rows = try await services.catalog.schedules.all().map { Self.json($0, now: now) }
        return .json(["schedules": .array(rows)])
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        guard let schedule = try await services.catalog.schedules.find(try request.id()) else {
            throw APIError.notFound("Schedule not found", code: "schedule_not_found")
        }
        return .json(Self.json(schedule, now: Date()))
    }

    /// `{"enabled":…}`, `{"interval":{"every":…,"period":…}}` or `{"crontab":"m h dom mon dow","timezone":…}`.
    @Sendable private func update(_ request: APIRequest) async throws -> Response {
        let id = try request.id()
        let body = try await request.jsonObject()
        var reader = FieldReader(body)
        var isEnabled: Bool?
        reader.bool("enabled") { isEnabled = $0 }
        try reader.finish()
        let recurrence = try Self.recurrence(body)
        guard isEnabled != nil || recurrence != nil else {
            throw APIError.badRequest("Nothing to change: send enabled, interval or crontab.", code: "invalid_fields")
        }
        let schedule = try await services.catalog.schedules.update(id, isEnabled: isEnabled, recurrence: recurrence)
        return .json(Self.json(schedule, now: Date()))
    }

    private static func recurrence(_ body: JSONObject) throws -> Recurrence? {
        if let interval = body["interval"] {
            guard let every = interval["every"]?.int, (1...1_000_000_000).contains(every),
                let period = (interval["period"]?.string).flatMap(Recurrence.Period.init(rawValue:))
            else {
                let periods = Recurrence.Period.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError.badRequest(
                    "interval: expected {\"every\": whole number from 1, \"period\": \(periods)}",
                    code: "invalid_fields")
            }
            return .interval(every: every, period: period)
        }
        guard let crontab = body["crontab"] else { return nil }
        let zone = body["timezone"]?.string ?? "UTC"
        let recurrence = Recurrence.crontab(try CronExpression(parsing: crontab.string ?? ""), timeZone: zone)
        // What can never fire, or names a zone that nobody knows, is refused while somebody is looking.
        if let fault = NextFiring.fault(recurrence) {
            throw APIError.badRequest("crontab: \(fault)", code: "invalid_fields")
        }
        return recurrence
    }

    private static func json(_ schedule: Catalog.Schedule, now: Date) -> JSONValue {
        var json: JSONObject = [
            "id": .int(schedule.id), "name": .string(schedule.name), "task": .string(schedule.task),
            "args": .array(schedule.arguments), "kwargs": .object(schedule.keywordArguments),
            "queue": JSONValue(schedule.queue), "priority": JSONValue(schedule.priority),
            "enabled": .bool(schedule.isEnabled), "one_off": .bool(schedule.isOneOff),
            "last_run_at": JSONValue(schedule.lastRunAt.map(APITime.text)),
            "total_run_count": .int(schedule.totalRunCount), "description": .string(schedule.description),
            "problem": JSONValue(schedule.problem ?? schedule.recurrence.flatMap(NextFiring.fault)),
        ]
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
