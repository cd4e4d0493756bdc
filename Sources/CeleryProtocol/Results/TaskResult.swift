#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What stands under `celery-task-meta-<id>` and is published on the channel of the same name.
///
/// Wraps the fields as they came, so that `result_extended` and a task's own additions are kept.
public struct TaskResult: Sendable, Hashable {
    /// Every field, known or not, in order.
    public var fields: JSONObject

    private static let named: Set<String> = [
        "status", "result", "traceback", "children", "date_done", "parent_id", "group_id", "task_id",
    ]

    /// A result.
    ///
    /// `parent_id` and `group_id` are written only when there is one, as Celery does.
    public init(
        taskID: TaskID, state: TaskState, result: JSONValue = .null, traceback: String? = nil,
        children: [JSONValue] = [], dateDone: Date? = nil, parentID: TaskID? = nil, groupID: String? = nil,
        other: JSONObject = [:]
    ) {
        fields = [
            "status": JSONValue(state), "result": result, "traceback": JSONValue(traceback),
            "children": .array(children), "date_done": JSONValue(dateDone.map(WireDate.text)),
        ]
        self.parentID = parentID
        self.groupID = groupID
        fields["task_id"] = JSONValue(taskID)
        fields.merge(other)
    }

    /// Reads a stored or published result, compressed or not.
    public init(decoding bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) {
        let plain = try ResultPayload.inflated(bytes, limits: limits)
        let json: JSONValue
        do { json = try JSONValue(parsing: plain, limits: limits.json) } catch { throw .notJSON(error, at: "") }
        guard case .object(let fields) = json else { throw .expected("an object", at: "", found: json) }
        self.fields = fields
        try validate()
    }

    /// The bytes to store and to publish.
    public func encoded() -> [UInt8] { fields.encoded() }
}

extension TaskResult {
    /// Whose result it is.
    public var taskID: TaskID {
        get { TaskID(rawValue: fields["task_id"]?.string ?? "") }
        set { fields["task_id"] = JSONValue(newValue) }
    }

    /// How far the task is.
    public var state: TaskState {
        get { TaskState(rawValue: fields["status"]?.string ?? TaskState.pending.rawValue) }
        set { fields["status"] = JSONValue(newValue) }
    }

    /// What the task returned, or its exception; see ``failure``.
    public var result: JSONValue {
        get { fields["result"] ?? .null }
        set { fields["result"] = newValue }
    }

    /// Where the exception was raised, as Python prints it.
    public var traceback: String? {
        get { fields["traceback"]?.string }
        set { fields["traceback"] = JSONValue(newValue) }
    }

    /// Result tuples of everything the task sent: `[[id, parent], null]` for a task,
    /// `[[group id, parent], [child tuple, …]]` for a group.
    public var children: [JSONValue] {
        get { fields["children"]?.array ?? [] }
        set { fields["children"] = .array(newValue) }
    }

    /// Whether the task is over.
    ///
    /// A state that is ready says so, but for one: `NotRegistered` without a date tells whoever waits that no worker
    /// knows the task so far, while its message waits for one that does.
    public var isFinal: Bool {
        guard state == .failure, fields["date_done"]?.isNull ?? true else { return state.isReady }
        return result["exc_type"]?.string != "NotRegistered"
    }

    /// When the task ended; only final states have it.
    public var dateDone: Date? {
        get { fields["date_done"]?.string.flatMap { WireDate.parse($0) } }
        set { fields["date_done"] = JSONValue(newValue.map(WireDate.text)) }
    }

    /// The task that sent this one.
    public var parentID: TaskID? {
        get { fields["parent_id"]?.string.map(TaskID.init(rawValue:)) }
        set { fields["parent_id"] = newValue.map { JSONValue($0) } }
    }

    /// The group it belongs to.
    public var groupID: String? {
        get { fields["group_id"]?.string }
        set { fields["group_id"] = newValue.map(JSONValue.string) }
    }

    /// Everything that has no name above: `result_extended`'s fields, stamps.
    public var other: JSONObject {
        get { fields.filter { !Self.named.contains($0.key) } }
        set { fields = fields.filter { Self.named.contains($0.key) }.merging(newValue) }
    }

    /// The exception, when the state is one that carries an exception.
    public var failure: TaskFailure? {
        state.isException ? TaskFailure(result: result, traceback: traceback) : nil
    }
}

extension TaskResult {
    /// The task returned.
    public static func success(
        _ taskID: TaskID, _ result: JSONValue, children: [JSONValue] = [], at dateDone: Date,
        parentID: TaskID? = nil, groupID: String? = nil
    ) -> TaskResult {
        TaskResult(
            taskID: taskID, state: .success, result: result, children: children, dateDone: dateDone,
            parentID: parentID, groupID: groupID)
    }

    /// The task failed for good.
    public static func failure(
        _ taskID: TaskID, _ failure: TaskFailure, children: [JSONValue] = [], at dateDone: Date,
        parentID: TaskID? = nil, groupID: String? = nil
    ) -> TaskResult {
        TaskResult(
            taskID: taskID, state: .failure, result: failure.json, traceback: failure.traceback,
            children: children, dateDone: dateDone, parentID: parentID, groupID: groupID)
    }

    /// The task failed and will be tried again; there is no end time yet.
    public static func retry(
        _ taskID: TaskID, _ failure: TaskFailure, parentID: TaskID? = nil, groupID: String? = nil
    ) -> TaskResult {
        // A retry counts as a child of the task itself: it has sent itself again.
        TaskResult(
            taskID: taskID, state: .retry, result: failure.json, traceback: failure.traceback,
            children: [resultTuple(taskID)], parentID: parentID, groupID: groupID)
    }

    /// The task was cancelled; the reason is `revoked`, `terminated` or `expired`.
    public static func revoked(
        _ taskID: TaskID, reason: String = "revoked", at dateDone: Date, parentID: TaskID? = nil,
        groupID: String? = nil
    ) -> TaskResult {
        TaskResult(
            taskID: taskID, state: .revoked, result: TaskFailure.revoked(reason).json, dateDone: dateDone,
            parentID: parentID, groupID: groupID)
    }

    /// The task runs, in this process of this node.
    public static func started(
        _ taskID: TaskID, pid: Int, node: String, parentID: TaskID? = nil, groupID: String? = nil
    ) -> TaskResult {
        TaskResult(
            taskID: taskID, state: .started, result: ["pid": .int(pid), "hostname": .string(node)],
            parentID: parentID, groupID: groupID)
    }

    /// How `children` names a task without a parent of its own: `[[id, null], null]`.
    public static func resultTuple(_ taskID: TaskID) -> JSONValue { [[JSONValue(taskID), nil], nil] }
}

extension TaskResult {
    private func validate() throws(WireError) {
        for key in ["status", "task_id"] {
            guard let text = fields[key]?.string, !text.isEmpty else {
                throw .expected("a text that is not empty", at: key, found: fields[key])
            }
        }
        for (key, wanted) in [("traceback", "a text or null"), ("parent_id", "an id or null")] {
            guard let value = fields[key], !value.isNull, value.string == nil else { continue }
            throw .expected(wanted, at: key, found: value)
        }
        if let children = fields["children"], !children.isNull, children.array == nil {
            throw .expected("a list or null", at: "children", found: children)
        }
    }
}
