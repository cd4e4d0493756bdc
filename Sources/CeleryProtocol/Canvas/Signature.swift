/// A task that is to be called later: name, arguments and options, as chains, chords and callbacks carry it.
///
/// Wraps the fields as they came, so that a signature that is only passed on loses nothing.
public struct Signature: Sendable, Hashable {
    /// Every field, known or not, in order.
    public var fields: JSONObject

    /// A signature of a plain task, or of a canvas when `subtaskType` names one.
    public init(
        task: String, args: [JSONValue] = [], kwargs: JSONObject = [:], options: JSONObject = [:],
        subtaskType: String? = nil, immutable: Bool = false
    ) {
        fields = [
            "task": .string(task), "args": .array(args), "kwargs": .object(kwargs),
            "options": .object(options), "subtask_type": JSONValue(subtaskType), "immutable": .bool(immutable),
        ]
    }

    /// A signature from JSON; only `task` is required, the rest has Celery's defaults.
    public init(json: JSONValue) throws(WireError) { try self.init(json: json, at: "signature") }

    /// A signature from JSON that stands at a place in a message, which errors will name.
    init(json: JSONValue, at path: String) throws(WireError) {
        guard case .object(let fields) = json else { throw .expected("a signature object", at: path, found: json) }
        guard let task = fields["task"]?.string, !task.isEmpty else {
            throw .expected("a task name", at: path + ".task", found: fields["task"])
        }
        for (key, wanted, fits) in Self.shape {
            guard let value = fields[key], !value.isNull, !fits(value) else { continue }
            throw .expected(wanted, at: "\(path).\(key)", found: value)
        }
        self.fields = fields
    }

    /// For fields that have been checked before.
    init(checked fields: JSONObject) { self.fields = fields }

    private static let shape: [(key: String, wanted: String, fits: @Sendable (JSONValue) -> Bool)] = [
        ("args", "a list of arguments", { $0.array != nil }),
        ("kwargs", "an object of keyword arguments", { $0.object != nil }),
        ("options", "an object of options", { $0.object != nil }),
        ("subtask_type", "a text or null", { $0.string != nil }),
        ("immutable", "true or false", { $0.bool != nil }),
    ]

    /// The signature as JSON.
    public var json: JSONValue { .object(fields) }

    /// The task's name.
    public var task: String {
        get { fields["task"]?.string ?? "" }
        set { fields["task"] = .string(newValue) }
    }

    /// Positional arguments; what is applied to the signature goes in front of them.
    public var args: [JSONValue] {
        get { fields["args"]?.array ?? [] }
        set { fields["args"] = .array(newValue) }
    }

    /// Keyword arguments.
    public var kwargs: JSONObject {
        get { fields["kwargs"]?.object ?? [:] }
        set { fields["kwargs"] = .object(newValue) }
    }

    /// Options of the call: `task_id`, `queue`, `countdown`, `link` and so on.
    public var options: JSONObject {
        get { fields["options"]?.object ?? [:] }
        set { fields["options"] = .object(newValue) }
    }

    /// Nil for a plain task, else `chain`, `group`, `chord`, `xmap`, `xstarmap` or `chunks`.
    public var subtaskType: String? {
        get { fields["subtask_type"]?.string }
        set { fields["subtask_type"] = JSONValue(newValue) }
    }

    /// Whether the arguments stay as they are when the signature is applied to a result.
    public var immutable: Bool {
        get { fields["immutable"]?.bool ?? false }
        set { fields["immutable"] = .bool(newValue) }
    }

    /// The id that the call will have, when it has been frozen.
    public var taskID: TaskID? {
        get { options["task_id"]?.string.map(TaskID.init(rawValue:)) }
        set { options["task_id"] = newValue.map { .string($0.rawValue) } }
    }
}

extension Signature {
    /// The call that follows a result: the result goes in front of the arguments, unless immutable.
    public func applied(to result: JSONValue) -> Signature { merging(args: [result]) }

    /// This signature with more given at the time of the call, as Celery's `apply_async` merges it.
    ///
    /// Arguments go in front and keyword arguments win, unless the signature is immutable. Options win
    /// as well, except over a `group_id`, a `stamped_headers` and the stamps it names that are already
    /// there: changing those would leave a chord waiting for ever. Options that are null are dropped.
    public func merging(
        args: [JSONValue] = [], kwargs: JSONObject = [:], options: JSONObject = [:]
    ) -> Signature {
        var merged = self
        if !immutable {
            merged.args = args + self.args
            merged.kwargs = self.kwargs.merging(kwargs)
        }
        let own = self.options
        let stamps = own["stamped_headers"]?.array?.compactMap(\.string) ?? []
        let settled = Set(["group_id", "stamped_headers"] + stamps).filter { own[$0].map { !$0.isNull } ?? false }
        let given = options.filter { !settled.contains($0.key) }
        merged.options = own.merging(given).filter { !$0.value.isNull }
        return merged
    }
}
