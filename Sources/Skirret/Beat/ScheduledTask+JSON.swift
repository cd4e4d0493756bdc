public import CeleryProtocol
import Foundation

extension ScheduledTask {
    /// The entry as JSON, in the words of django_celery_beat's columns; what has its default is left out.
    ///
    ///     {"name": "report", "task": "reports.nightly", "args": [7],
    ///      "schedule": {"type": "crontab", "crontab": "30 2 * * *", "timezone": "Europe/Berlin"},
    ///      "queue": "slow", "expire_seconds": 3600, "missed": "all", "overlap": "skip", "jitter_seconds": 20}
    public var json: JSONObject {
        var json: JSONObject = ["name": .string(name), "task": .string(call.task)]
        if !call.args.isEmpty { json["args"] = .array(call.args) }
        if !call.kwargs.isEmpty { json["kwargs"] = .object(call.kwargs) }
        json["schedule"] = schedule.json
        json["queue"] = call.queue.map { .string($0.rawValue) }
        json["priority"] = call.priority.map(JSONValue.int)
        json["expire_seconds"] = call.expiresAfter.map(Self.seconds)
        if !call.headers.isEmpty { json["headers"] = .object(call.headers) }
        if isOneOff { json["one_off"] = true }
        if !isEnabled { json["enabled"] = false }
        json["start_time"] = start.map { .string(WireDate.text($0)) }
        json["expires"] = end.map { .string(WireDate.text($0)) }
        if missed != .latest { json["missed"] = .string(missed.rawValue) }
        if overlap != .allow { json["overlap"] = .string(overlap.rawValue) }
        if jitter > .zero { json["jitter_seconds"] = Self.seconds(jitter) }
        if !isRecorded { json["recorded"] = false }
        if !description.isEmpty { json["description"] = .string(description) }
        json["date_changed"] = changedAt.map { .string(WireDate.text($0)) }
        return json
    }

    private static func seconds(_ duration: Duration) -> JSONValue {
        Int(exactly: duration.seconds).map(JSONValue.int) ?? .double(duration.seconds)
    }

    /// Reads an entry from JSON, as ``json`` writes it, and checks that it can work.
    ///
    /// - Throws: ``InvalidSchedule`` with the place; for an unknown key too.
    public init(json: JSONObject) throws(InvalidSchedule) {
        var fields = DefinitionReader(json)
        guard let name = try fields.text("name"), !name.isEmpty, name.utf8.count <= 200 else {
            throw InvalidSchedule("name", "expected 1 to 200 bytes of text")
        }
        guard let task = try fields.text("task"), !task.isEmpty else {
            throw InvalidSchedule("task", "expected the name of a task")
        }
        guard let rule = fields.take("schedule") else { throw InvalidSchedule("schedule", "it is missing") }
        var call = ScheduledCall(task: task)
        call.args = try fields.read("args", "a list") { $0.array } ?? []
        call.kwargs = try fields.read("kwargs", "an object") { $0.object } ?? [:]
        call.queue = try fields.text("queue").map(QueueName.init(rawValue:))
        call.priority = try fields.read("priority", "a whole number from 0 to 9") {
            $0.int.flatMap { (0...9).contains($0) ? $0 : nil }
        }
        call.expiresAfter = try fields.duration("expire_seconds")
        call.headers = try fields.read("headers", "an object") { $0.object } ?? [:]
        self.init(name, try Schedule(json: rule), call)
        isOneOff = try fields.read("one_off", "true or false") { $0.bool } ?? false
        isEnabled = try fields.read("enabled", "true or false") { $0.bool } ?? true
        start = try fields.date("start_time")
        end = try fields.date("expires")
        missed = try fields.word("missed") ?? .latest
        overlap = try fields.word("overlap") ?? .allow
        jitter = try fields.duration("jitter_seconds") ?? .zero
        isRecorded = try fields.read("recorded", "true or false") { $0.bool } ?? true
        description = try fields.text("description") ?? ""
        changedAt = try fields.date("date_changed")
        try fields.finish()
        try validate()
    }

    /// Checks what the types do not: that the parts go together.
    ///
    /// - Throws: ``InvalidSchedule`` with the place.
    public func validate() throws(InvalidSchedule) {
        if case .interval(let every) = schedule {
            guard every >= .microseconds(1) else {
                throw InvalidSchedule("schedule.every", "an interval must be longer than nothing")
            }
            guard jitter < every else {
                throw InvalidSchedule("jitter_seconds", "must be less than the interval of \(every)")
            }
        }
        guard jitter >= .zero, jitter <= .seconds(86_400) else {
            throw InvalidSchedule("jitter_seconds", "expected 0 to 86400")
        }
        if let start, let end, end <= start {
            throw InvalidSchedule("expires", "must be later than start_time")
        }
        if let end, case .clocked(let date) = schedule, date >= end {
            throw InvalidSchedule("expires", "comes before its only due time, so it can never fire")
        }
    }
}

/// Takes the members of a definition one by one, so that what is left over is known.
private struct DefinitionReader {
    private var rest: JSONObject

    init(_ json: JSONObject) { rest = json }

    mutating func take(_ key: String) -> JSONValue? {
        guard let value = rest.removeValue(forKey: key), !value.isNull else { return nil }
        return value
    }

    mutating func read<Value>(
        _ key: String, _ wanted: String, _ convert: (JSONValue) -> Value?
    ) throws(InvalidSchedule) -> Value? {
        guard let value = take(key) else { return nil }
        guard let converted = convert(value) else {
            throw InvalidSchedule(key, "expected \(wanted), got \(value.text.prefix(80))")
        }
        return converted
    }

    mutating func text(_ key: String) throws(InvalidSchedule) -> String? { try read(key, "a text") { $0.string } }

    mutating func date(_ key: String) throws(InvalidSchedule) -> Date? {
        try read(key, "an ISO 8601 time, as in \"2027-03-28T02:30:00Z\"") { $0.string.flatMap { WireDate.parse($0) } }
    }

    mutating func duration(_ key: String) throws(InvalidSchedule) -> Duration? {
        try read(key, "seconds from 0 to 1000000000") {
            $0.double.flatMap { (0...1e9).contains($0) ? .microseconds(Int($0 * 1e6)) : nil }
        }
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ key: String
    ) throws(InvalidSchedule) -> Word? where Word.RawValue == String {
        try read(key, "one of " + Word.allCases.map(\.rawValue).joined(separator: ", ")) {
            $0.string.flatMap(Word.init(rawValue:))
        }
    }

    func finish() throws(InvalidSchedule) {
        guard let key = rest.keys.first else { return }
        throw InvalidSchedule(key, "nothing of this name belongs to a schedule")
    }
}
