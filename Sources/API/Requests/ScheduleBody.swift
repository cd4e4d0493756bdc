import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Skirret

/// A schedule as requests write it; read and judged by the words of beat's own definitions.
struct ScheduleBody {
    /// What may be set.
    static let members: JSONObject = [
        "name": Schema.text(atMost: 200, atLeast: 1), "task": Schema.text(atMost: 200, atLeast: 1),
        "schedule": Schema.ref("Recurrence"), "args": Schema.anyList, "kwargs": Schema.anyObject,
        "queue": Schema.optional(CallReader.queueName), "priority": Schema.optional(Schema.integer(0...9)),
        "headers": Schema.anyObject, "enabled": Schema.flag, "one_off": Schema.flag,
        "start_time": Schema.optional(Schema.time), "expires": Schema.optional(Schema.time),
        "expire_seconds": Schema.optional(Schema.integer(1...Int(Int32.max))),
        "missed": Schema.choice(MissedRuns.allCases.map(\.rawValue)),
        "overlap": Schema.choice(OverlappingRuns.allCases.map(\.rawValue)),
        "jitter_seconds": ["type": "number", "minimum": 0, "maximum": 86_400], "description": Schema.text,
    ]

    private let definition: JSONObject

    /// A new schedule.
    ///
    /// - Throws: 400 naming the field.
    init(creating body: JSONObject) throws(APIError) {
        definition = try Self.known(body)
        _ = try task()
    }

    /// An existing one with some of its members changed; null takes one away.
    ///
    /// - Throws: 400 naming the field.
    init(changing row: Catalog.Schedule, by body: JSONObject) throws(APIError) {
        var definition: JSONObject
        do { definition = try ScheduledTask(row).json } catch {
            // A row that cannot work is mended by giving what is wrong with it anew.
            definition = ["name": .string(row.name), "task": .string(row.task), "enabled": .bool(row.isEnabled)]
        }
        definition["date_changed"] = nil
        for (key, value) in try Self.known(body) { definition[key] = value }
        self.definition = definition
        _ = try task()
    }

    /// Members that a schedule does not have are ignored, as a client may send back what it was shown.
    private static func known(_ body: JSONObject) throws(APIError) -> JSONObject {
        var known = body.filter { members[$0.key] != nil }
        if let interval = body["interval"]?.object {
            known["schedule"] = .object((["type": "interval"] as JSONObject).merging(interval))
        } else if let crontab = body["crontab"] {
            known["schedule"] = [
                "type": "crontab", "crontab": crontab, "timezone": body["timezone"] ?? "UTC",
            ]
        }
        var reader = FieldReader(body)
        for (name, value) in known {
            if let text = value.string, text.contains("\0") { reader.fault("\(name): contains a NUL character") }
        }
        if let queue = body["queue"], !queue.isNull {
            reader.plainText("queue", atMost: 200, isAllowed: CallReader.isQueueLetter) { _ in }
        }
        if let seconds = body["expire_seconds"], !seconds.isNull {
            reader.strictInt("expire_seconds", in: 1...Int(Int32.max)) { known["expire_seconds"] = .int($0) }
        }
        if let priority = body["priority"]?.wholeNumber { known["priority"] = .int(priority) }
        if (body["task"]?.string?.utf8.count ?? 0) > 200 { reader.fault("task: expected at most 200 bytes") }
        try reader.finish()
        return known
    }

    private func task() throws(APIError) -> ScheduledTask {
        do {
            let task = try ScheduledTask(json: definition)
            try task.schedule.requireFirings()
            return task
        } catch {
            throw APIError(
                .unprocessableContent, code: "invalid_schedule", "\(error)",
                hint: "POST /api/schedules/preview/ shows when a rule fires.")
        }
    }

    /// The next due times of what the body describes.
    func next(_ count: Int) throws(APIError) -> [Firing] {
        var task = try task()
        task.isEnabled = true
        return task.next(after: Date(), count: count, since: Date())
    }

    /// What goes into the row; `old` is the rule that stays when the body names none.
    func draft(keeping old: Recurrence? = nil) throws(APIError) -> ScheduleDraft {
        let task = try task()
        guard let recurrence = old ?? Recurrence(task.schedule.json) else {
            throw .badRequest("schedule: cannot be stored", code: "invalid_fields")
        }
        var draft = ScheduleDraft(name: task.name, task: task.call.task, recurrence: recurrence)
        draft.arguments = task.call.args
        draft.keywordArguments = task.call.kwargs
        draft.queue = task.call.queue?.rawValue
        draft.priority = task.call.priority
        draft.expireSeconds = task.call.expiresAfter.map { Int($0 / .seconds(1)) }
        draft.headers = task.call.headers
        var options = JSONObject()
        if task.missed != .latest { options["missed"] = .string(task.missed.rawValue) }
        if task.overlap != .allow { options["overlap"] = .string(task.overlap.rawValue) }
        if task.jitter > .zero { options["jitter_seconds"] = .double(task.jitter / .seconds(1)) }
        if !task.isRecorded { options["recorded"] = false }
        draft.headers["skirret"] = options.isEmpty ? nil : .object(options)
        draft.isOneOff = task.isOneOff
        draft.isEnabled = task.isEnabled
        draft.startTime = task.start
        draft.expires = task.end
        draft.description = task.description
        return draft
    }
}

extension Recurrence {
    /// From beat's own writing of a rule; nil for none that it writes.
    fileprivate init?(_ json: JSONValue) {
        switch json["type"]?.string {
        case "interval":
            guard let every = json["every"]?.int, let period = (json["period"]?.string).flatMap(Period.init) else {
                return nil
            }
            self = .interval(every: every, period: period)
        case "crontab":
            // try?: beat has read the same five fields.
            guard let line = try? CronExpression(parsing: json["crontab"]?.string ?? "") else { return nil }
            self = .crontab(line, timeZone: json["timezone"]?.string ?? "UTC")
        case "clocked":
            guard let date = (json["at"]?.string).flatMap({ WireDate.parse($0) }) else { return nil }
            self = .clocked(date)
        case "solar":
            guard let event = json["event"]?.string, let latitude = json["latitude"]?.double,
                let longitude = json["longitude"]?.double
            else { return nil }
            self = .solar(event: event, latitude: latitude, longitude: longitude)
        default: return nil
        }
    }
}
