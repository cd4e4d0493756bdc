/// Gives every task of a canvas its id, before anything is sent: results are known by then.
struct CanvasFreezer {
    /// Where a signature stands in a group, and in a chord if the group is its header.
    struct Place {
        var group: String?
        var index: Int?
        var chord: Signature?

        init(group: String? = nil, index: Int? = nil, chord: Signature? = nil) {
            self.group = group
            self.index = index
            self.chord = chord
        }

        /// The place that options name.
        init(_ options: JSONObject) throws(WireError) {
            group = options["group_id"]?.string
            index = options["group_index"]?.int
            if let body = options["chord"], !body.isNull { chord = try Signature(json: body, at: "options.chord") }
        }
    }

    /// Where replies of another result backend would go.
    let replyTo: String

    /// Fixes the ids of a signature and its parts; those that are there stay.
    func freeze(
        _ signature: inout Signature, id: TaskID? = nil, place: Place = Place(), root: JSONValue? = nil
    ) throws(WireError) -> ResultNode {
        switch try signature.kind() {
        case .task: return freezeTask(&signature, id, place, root)
        case .chain: return try freezeChain(&signature, id, place, root)
        case .group: return try freezeGroup(&signature, id, place, root)
        case .chord(var header, var body):
            let members = try freezeGroup(&header, signature.taskID, Place(), root)
            let result = try freeze(&body, id: id, place: place, root: root)
            signature.kwargs["header"] = header.json
            signature.kwargs["body"] = body.json
            signature.options["task_id"] = .string(members.id)
            return result
        }
    }

    private func freezeTask(
        _ signature: inout Signature, _ id: TaskID?, _ place: Place, _ root: JSONValue?
    ) -> ResultNode {
        var options = signature.options
        let fixed = options["task_id"]?.string.map(TaskID.init(rawValue:)) ?? id ?? .random()
        options["task_id"] = JSONValue(fixed)
        if options["reply_to"]?.string == nil { options["reply_to"] = .string(replyTo) }
        Self.put(place, into: &options)
        if let root { options["root_id"] = root }
        signature.options = options
        return ResultNode(task: fixed)
    }

    private static func put(_ place: Place, into options: inout JSONObject) {
        // A group id that is there stays: changing it would leave a chord waiting for ever.
        if let group = place.group, options["group_id"]?.string == nil { options["group_id"] = .string(group) }
        if let index = place.index { options["group_index"] = .int(index) }
        if let chord = place.chord { options["chord"] = chord.json }
    }

    private func freezeChain(
        _ signature: inout Signature, _ id: TaskID?, _ place: Place, _ root: JSONValue?
    ) throws(WireError) -> ResultNode {
        var steps = try ChainSteps(of: signature).steps
        var result = ResultNode(group: id?.rawValue ?? TaskID.random().rawValue, members: [])
        for index in steps.indices {
            let isLast = index == steps.count - 1
            result = try freeze(
                &steps[index], id: isLast ? signature.taskID ?? id : nil, place: isLast ? place : Place(), root: root)
        }
        signature = signature.replacing("tasks", steps)
        signature.options["task_id"] = .string(result.id)
        return result
    }

    private func freezeGroup(
        _ signature: inout Signature, _ id: TaskID?, _ place: Place, _ root: JSONValue?
    ) throws(WireError) -> ResultNode {
        let group = signature.taskID ?? id ?? .random()
        var members = try ChainSteps.unrolled(signature)
        var nodes: [ResultNode] = []
        for index in members.indices {
            let inner = Place(group: place.group, index: index, chord: place.chord)
            nodes.append(try freeze(&members[index], place: inner, root: root))
        }
        let options = signature.options
        signature = .group(members)
        signature.options = options
        signature.options["task_id"] = JSONValue(group)
        Self.put(place, into: &signature.options)
        if let root { signature.options["root_id"] = root }
        return ResultNode(group: group.rawValue, members: nodes)
    }
}
