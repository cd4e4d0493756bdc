/// Where a result is found: a task, or a group of results, which may be groups again.
///
/// On the wire, in `children`, saved groups and complex chords:
///
///     task    [[id, parent], null]
///     group   [[id, parent], [member, …]]
///
/// The parent, which only Python's `AsyncResult.parent` shows, is written as null and read past.
public struct ResultNode: Sendable, Hashable {
    /// The task's id, or the group's.
    public var id: String
    /// The members of a group in order; nil for a task.
    public var members: [ResultNode]?

    /// The result of one task.
    public init(task id: TaskID) { self.id = id.rawValue }

    /// The results of a group.
    public init(group id: String, members: [ResultNode]) {
        self.id = id
        self.members = members
    }

    /// Reads a result tuple.
    public init(json: JSONValue, at path: String = "result") throws(WireError) {
        guard let id = json[0]?[0]?.string, !id.isEmpty else {
            throw .expected("a result tuple [[id, parent], members]", at: path, found: json)
        }
        self.id = id
        guard let members = json[1]?.array else { return }
        var nodes: [ResultNode] = []
        for (index, member) in members.enumerated() {
            nodes.append(try ResultNode(json: member, at: "\(path)[1][\(index)]"))
        }
        self.members = nodes
    }

    /// The result tuple.
    public var json: JSONValue {
        [[.string(id), nil], members.map { .array($0.map(\.json)) } ?? .null]
    }

    /// The tasks whose results make up this one, in order.
    public var tasks: [TaskID] {
        members.map { $0.flatMap(\.tasks) } ?? [TaskID(rawValue: id)]
    }

    /// The value of this result, given the values of its tasks: arrays in arrays for groups.
    public func value(_ values: (TaskID) -> JSONValue) -> JSONValue {
        members.map { .array($0.map { $0.value(values) }) } ?? values(TaskID(rawValue: id))
    }
}

extension ResultNode {
    /// What stands under a saved group's key: `{"result": <tuple>}`.
    public var saved: JSONValue { ["result": json] }

    /// Reads what stands under a saved group's key.
    public init(saved bytes: [UInt8]) throws(WireError) {
        let json: JSONValue
        let plain = try ResultPayload.inflated(bytes)
        do { json = try JSONValue(parsing: plain) } catch { throw .notJSON(error, at: "group") }
        try self.init(json: json["result"] ?? json, at: "group.result")
    }
}
