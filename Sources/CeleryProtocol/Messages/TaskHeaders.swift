#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// How long a task may run, in seconds; on the wire `[hard, soft]`, in this order.
public struct TimeLimits: Sendable, Hashable {
    /// Seconds after which the task is killed.
    public var hard: Double?
    /// Seconds after which the task is told to stop.
    public var soft: Double?

    /// Limits in seconds; nil means the task's own.
    public init(hard: Double? = nil, soft: Double? = nil) {
        self.hard = hard
        self.soft = soft
    }

    init(json: JSONValue?) {
        hard = json?[0]?.double
        soft = json?[1]?.double
    }

    var json: JSONValue { [Self.json(hard), Self.json(soft)] }

    /// Whole seconds without a fraction, as Celery's producers write them.
    private static func json(_ seconds: Double?) -> JSONValue {
        guard let seconds else { return .null }
        return Int(exactly: seconds).map(JSONValue.int) ?? .double(seconds)
    }
}

/// The headers of a task message, protocol 2.
///
/// Wraps the fields as they came: a caller's own headers, and those of newer Celery versions, are kept
/// and written back. Only `task` and `id` are required; the rest have Celery's defaults.
public struct TaskHeaders: Sendable, Hashable {
    /// Nothing while `usual` is there.
    private var opened: JSONObject
    /// What was read of headers that stand in a message as they usually do.
    private var usual: UsualHeaders?

    /// Every header, known or not, in order.
    ///
    /// Of a message that was read they are taken apart anew each time, until one is set.
    public var fields: JSONObject {
        get { usual?.json.fields ?? opened }
        _modify {
            if let usual { opened = usual.json.fields }
            usual = nil
            yield &opened
        }
    }

    /// Headers from their fields, unchecked.
    public init(fields: JSONObject) { opened = fields }

    init(_ usual: UsualHeaders) {
        opened = [:]
        self.usual = usual
    }

    /// The headers of a task that a client sends: root of its own workflow, no parent.
    public init(task: String, id: TaskID) {
        opened = [
            "lang": "swift", "task": .string(task), "id": JSONValue(id), "shadow": nil, "eta": nil,
            "expires": nil, "group": nil, "group_index": nil, "retries": 0, "timelimit": [nil, nil],
            "root_id": JSONValue(id), "parent_id": nil, "argsrepr": "()", "kwargsrepr": "{}", "origin": nil,
            "ignore_result": false, "replaced_task_nesting": 0, "stamped_headers": nil, "stamps": [:],
        ]
    }

    /// A header that Celery's own producers do not write; nil at once where there is no such header.
    package func additional(_ name: String) -> JSONValue? { usual == nil ? opened[name] : nil }

    /// Whether both have the same fields.
    public static func == (left: TaskHeaders, right: TaskHeaders) -> Bool { left.fields == right.fields }

    /// Feeds the fields to the hasher.
    public func hash(into hasher: inout Hasher) { hasher.combine(fields) }
}

extension TaskHeaders {
    /// The task's name.
    public var task: String {
        get { usual?.task ?? fields["task"]?.string ?? "" }
        set { fields["task"] = .string(newValue) }
    }

    /// The task's id.
    public var id: TaskID {
        get { TaskID(rawValue: usual?.id ?? fields["id"]?.string ?? "") }
        set { fields["id"] = JSONValue(newValue) }
    }

    /// A name to show in logs and events instead of `task`.
    public var shadow: String? {
        get { fields["shadow"]?.string }
        set { fields["shadow"] = JSONValue(newValue) }
    }

    /// Not to be run before this time.
    ///
    /// A text without an offset counts as UTC; see ``eta(naiveOffset:)``.
    public var eta: Date? {
        get { eta(naiveOffset: 0) }
        set { fields["eta"] = JSONValue(newValue.map(WireDate.text)) }
    }

    /// Not to be run after this time.
    ///
    /// A text without an offset counts as UTC; see ``expires(naiveOffset:)``.
    public var expires: Date? {
        get { expires(naiveOffset: 0) }
        set { fields["expires"] = JSONValue(newValue.map(WireDate.text)) }
    }

    /// ``eta``, with a text without an offset read in a zone so many seconds east of UTC.
    public func eta(naiveOffset: Int) -> Date? {
        (usual.map(\.eta) ?? fields["eta"]?.string).flatMap { WireDate.parse($0, naiveOffset: naiveOffset) }
    }

    /// ``expires``, with a text without an offset read in a zone so many seconds east of UTC.
    public func expires(naiveOffset: Int) -> Date? {
        (usual.map(\.expires) ?? fields["expires"]?.string).flatMap { WireDate.parse($0, naiveOffset: naiveOffset) }
    }

    /// The id of the group this task belongs to.
    public var group: String? {
        get { usual.map(\.group) ?? fields["group"]?.string }
        set { fields["group"] = JSONValue(newValue) }
    }

    /// The position in the group; orders a chord's results.
    public var groupIndex: Int? {
        get { fields["group_index"]?.int }
        set { fields["group_index"] = JSONValue(newValue) }
    }

    /// How many times the task was retried so far.
    public var retries: Int {
        get { usual?.retries ?? fields["retries"]?.int ?? 0 }
        set { fields["retries"] = .int(newValue) }
    }

    /// Limits that stand above the task's own.
    public var timeLimit: TimeLimits {
        get { usual?.timeLimit ?? TimeLimits(json: fields["timelimit"]) }
        set { fields["timelimit"] = newValue.json }
    }

    /// The first task of the workflow.
    public var rootID: TaskID? {
        get { (usual.map(\.rootID) ?? fields["root_id"]?.string).map(TaskID.init(rawValue:)) }
        set { fields["root_id"] = JSONValue(newValue) }
    }

    /// The task that sent this one; its own id after a retry.
    public var parentID: TaskID? {
        get { (usual.map(\.parentID) ?? fields["parent_id"]?.string).map(TaskID.init(rawValue:)) }
        set { fields["parent_id"] = JSONValue(newValue) }
    }

    /// The arguments as Python would print them, for monitors.
    public var argsRepr: String? {
        get { fields["argsrepr"]?.string }
        set { fields["argsrepr"] = JSONValue(newValue) }
    }

    /// The keyword arguments as Python would print them, for monitors.
    public var kwargsRepr: String? {
        get { fields["kwargsrepr"]?.string }
        set { fields["kwargsrepr"] = JSONValue(newValue) }
    }

    /// Who sent the task: `gen<pid>@<host>`.
    public var origin: String? {
        get { fields["origin"]?.string }
        set { fields["origin"] = JSONValue(newValue) }
    }

    /// Whether no result is wanted; nil when the sender leaves it to the task's own setting.
    public var ignoreResult: Bool? {
        get { usual.map(\.ignoreResult) ?? fields["ignore_result"]?.bool }
        set { fields["ignore_result"] = JSONValue(newValue) }
    }

    /// How often `Task.replace` replaced the task.
    public var replacedTaskNesting: Int {
        get { fields["replaced_task_nesting"]?.int ?? 0 }
        set { fields["replaced_task_nesting"] = .int(newValue) }
    }

    /// The names of the stamps.
    public var stampedHeaders: [String]? {
        get { usual == nil ? fields["stamped_headers"]?.array?.compactMap(\.string) : nil }
        set { fields["stamped_headers"] = newValue.map { .array($0.map(JSONValue.string)) } ?? .null }
    }

    /// The stamps: name to value, or to a list of values.
    public var stamps: JSONObject {
        get { fields["stamps"]?.object ?? [:] }
        set { fields["stamps"] = .object(newValue) }
    }

    /// Whether the message was handed out before and came back.
    public var redelivered: Bool {
        get { fields["redelivered"]?.bool ?? false }
        set { fields["redelivered"] = newValue ? true : nil }
    }

    /// The content type of the body's compression.
    public var compression: String? {
        get { fields["compression"]?.string }
        set { fields["compression"] = newValue.map(JSONValue.string) }
    }
}

extension TaskHeaders {
    /// Checks everything that the typed properties promise, so that they need not throw.
    func validate() throws(WireError) {
        for key in ["task", "id"] {
            guard case .string(let text)? = fields[key], !text.isEmpty else {
                throw .expected("a text that is not empty", at: "headers.\(key)", found: fields[key])
            }
        }
        for key in ["shadow", "group", "root_id", "parent_id", "argsrepr", "kwargsrepr", "origin", "compression"] {
            try check(key, "a text or null") { $0.string != nil }
        }
        for key in ["eta", "expires"] {
            try check(key, "an ISO 8601 time or null") { $0.string.flatMap { WireDate.parse($0) } != nil }
        }
        for key in ["retries", "group_index", "replaced_task_nesting"] {
            try check(key, "a whole number, at least 0") { ($0.int ?? -1) >= 0 }
        }
        try check("timelimit", "[hard, soft] in seconds, each a number or null") { value in
            guard let limits = value.array, limits.count == 2 else { return false }
            return limits.allSatisfy { $0.isNull || ($0.double ?? -1) >= 0 }
        }
        try check("ignore_result", "true, false or null") { $0.bool != nil }
        try check("stamped_headers", "a list of texts or null") { value in
            value.array.map { $0.allSatisfy { $0.string != nil } } ?? false
        }
        try check("stamps", "an object or null") { $0.object != nil }
    }

    private func check(_ key: String, _ wanted: String, _ fits: (JSONValue) -> Bool) throws(WireError) {
        guard let value = fields[key], !value.isNull, !fits(value) else { return }
        throw .expected(wanted, at: "headers.\(key)", found: value)
    }
}
