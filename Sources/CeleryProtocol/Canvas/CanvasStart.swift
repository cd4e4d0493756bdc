/// What starting a canvas comes to: tasks to be sent at once, and what Redis must know before the first of them.
///
/// Client and worker start canvases alike; this is where Celery's rules for it are.
public struct CanvasStart: Sendable, Hashable {
    /// How many parts a chord waits for.
    public struct Chord: Sendable, Hashable {
        /// The header's group id.
        public var group: String
        /// How many parts there are.
        public var size: Int
    }

    /// Plain tasks, in order; everything about their way is in their options.
    public var tasks: [Signature] = []
    /// The chords whose headers are among the tasks.
    public var chords: [Chord] = []
    /// Headers with groups among their results, to be saved so that the body gets lists in lists.
    public var groups: [ResultNode] = []
    /// Direct children of whoever started it, as results name them.
    public var children: [ResultNode] = []
    /// Where the whole canvas's result will be; nil when nothing was to be done.
    public var result: ResultNode?

    /// Nothing.
    public init() {}

    /// Starts a canvas, or a plain task.
    ///
    /// - Parameters:
    ///   - signature: What is to be done.
    ///   - args: Positional arguments that go in front of its own.
    ///   - kwargs: Keyword arguments that win over its own.
    ///   - options: Options that win over its own: `parent_id`, `root_id`, `chain`, `priority` and so on.
    ///   - replyTo: Any UUID, one for each client.
    /// - Throws: `WireError` for a part that is no signature.
    public init(
        _ signature: Signature, args: [JSONValue] = [], kwargs: JSONObject = [:], options: JSONObject = [:],
        replyTo: String
    ) throws(WireError) {
        var sender = CanvasSender(freezer: CanvasFreezer(replyTo: replyTo))
        let sent = try sender.send(signature, args, kwargs, options)
        self = sender.start
        result = sent?.result
        children = sent.map { [$0.child] } ?? []
    }

    /// Takes over what another canvas comes to; the result stays.
    public mutating func absorb(_ other: CanvasStart) {
        tasks += other.tasks
        chords += other.chords
        groups += other.groups
        children += other.children
    }
}

/// Walks through a canvas and collects what is to be sent.
struct CanvasSender {
    /// A canvas's result, and what its sender counts as its child.
    struct Sent {
        var result: ResultNode
        var child: ResultNode
    }

    let freezer: CanvasFreezer
    var start = CanvasStart()

    init(freezer: CanvasFreezer) { self.freezer = freezer }

    mutating func send(
        _ signature: Signature, _ args: [JSONValue], _ kwargs: JSONObject, _ options: JSONObject
    ) throws(WireError) -> Sent? {
        switch try signature.kind() {
        case .task: return try sendTask(signature, args, kwargs, options)
        case .chain: return try sendChain(signature, args, kwargs, options)
        case .group: return try sendGroup(signature, args, kwargs, options)
        case .chord(let header, let body): return try sendChord(signature, header, body, args, kwargs, options)
        }
    }

    private mutating func sendTask(
        _ signature: Signature, _ args: [JSONValue], _ kwargs: JSONObject, _ options: JSONObject
    ) throws(WireError) -> Sent {
        var task = signature.merging(args: args, kwargs: kwargs, options: options)
        let result = try freezer.freeze(&task)
        start.tasks.append(task)
        return Sent(result: result, child: result)
    }

    /// The first step is sent, with the others on board.
    private mutating func sendChain(
        _ chain: Signature, _ args: [JSONValue], _ kwargs: JSONObject, _ given: JSONObject
    ) throws(WireError) -> Sent? {
        let all = chain.merging(options: given).options
        var whole = chain
        whole.options = all
        let result = try freezer.freeze(&whole, id: whole.taskID, place: .init(all), root: all["root_id"])
        guard case .chain(var steps) = try whole.kind(), let first = steps.first else { return nil }
        steps.removeFirst()
        // Stored reversed, the next step last; what follows this chain stands before it.
        let rest = (all["chain"]?.array ?? []) + steps.reversed().map(\.json)
        let ofTheLast = [
            "task_id", "group_id", "group_index", "chord", "link", "link_error", "chain", "reply_to", "immutable",
        ]
        var options = all.filter { !ofTheLast.contains($0.key) }
        if !rest.isEmpty { options["chain"] = .array(rest) }
        let begun = try send(first, chain.immutable ? [] : args + chain.args, kwargs, options)
        return begun.map { Sent(result: result, child: $0.child) }
    }

    private mutating func sendGroup(
        _ group: Signature, _ args: [JSONValue], _ kwargs: JSONObject, _ given: JSONObject
    ) throws(WireError) -> Sent? {
        let all = group.merging(options: given).options
        if var rest = all["chain"]?.array, let next = rest.popLast() {
            // Only a chord waits for all members.
            var header = group
            header.options["chain"] = nil
            let chord = Signature.chord(header: header, body: try Signature(json: next, at: "chain"))
            return try send(chord, args, kwargs, given.filter { $0.key != "chain" }.merging(["chain": .array(rest)]))
        }
        var frozen = group
        frozen.options = all
        for errback in group.merging(options: given).signatures("link_error") { frozen = frozen.linkedError(errback) }
        let id = frozen.taskID ?? .random()
        frozen.taskID = id
        return try sendMembers(of: frozen, id, args, kwargs, all, chord: all["chord"])
    }

    /// Sends the members of a group, or of a chord's header.
    private mutating func sendMembers(
        of group: Signature, _ id: TaskID, _ args: [JSONValue], _ kwargs: JSONObject, _ all: JSONObject,
        chord: JSONValue?
    ) throws(WireError) -> Sent? {
        var inherited = all.filter { !Self.groupsOwn.contains($0.key) }
        inherited["group_id"] = JSONValue(id)
        inherited["chord"] = chord
        var nodes: [ResultNode] = []
        for (index, member) in try ChainSteps.unrolled(group).enumerated() {
            let place: JSONObject = ["group_index": .int(index)]
            guard let sent = try send(member, args, kwargs, inherited.merging(place)) else { continue }
            nodes.append(sent.result)
        }
        let result = ResultNode(group: id.rawValue, members: nodes)
        return Sent(result: result, child: result)
    }

    /// What is a group's own affair and none of its members'.
    private static let groupsOwn: Set<String> = [
        "task_id", "group_id", "group_index", "chord", "chain", "link", "link_error", "reply_to", "immutable",
    ]

    private mutating func sendChord(
        _ chord: Signature, _ header: Signature, _ body: Signature, _ args: [JSONValue], _ kwargs: JSONObject,
        _ given: JSONObject
    ) throws(WireError) -> Sent? {
        let all = chord.merging(options: given).options
        let group = header.taskID ?? chord.taskID ?? .random()
        let body = try chordBody(body, all, group: group.rawValue, id: given["task_id"] ?? chord.options["task_id"])
        var header = header
        header.taskID = group
        let members = try ChainSteps.unrolled(header)
        let arguments = chord.immutable ? [] : args + chord.args
        guard !members.isEmpty else { return try send(body.signature, [[]], [:], [:]) }
        start.chords.append(.init(group: group.rawValue, size: try Self.parts(of: members)))
        var headers = header.merging(options: all).options
        headers["link_error"] = nil
        let sent = try sendMembers(
            of: header, group, arguments, chord.kwargs["kwargs"]?.object?.merging(kwargs) ?? kwargs, headers,
            chord: body.signature.json)
        guard let sent else { return nil }
        if sent.result.members?.contains(where: { $0.members != nil }) ?? false { start.groups.append(sent.result) }
        return Sent(result: body.result, child: sent.result)
    }

    /// The body as the header's parts carry it: with its id, and with everything that follows the chord.
    private func chordBody(
        _ body: Signature, _ all: JSONObject, group: String, id: JSONValue?
    ) throws(WireError) -> (signature: Signature, result: ResultNode) {
        var body = body
        var rest = all["chain"]?.array ?? []
        while let next = rest.last, let joined = ChainSteps.joined(body, try Signature(json: next, at: "chain")) {
            body = joined
            rest.removeLast()
        }
        var whole = Signature(task: "celery.chord", options: all)
        for callback in whole.signatures("link") { body = body.linked(callback) }
        for errback in whole.signatures("link_error") { body = body.linkedError(errback) }
        // The part that comes last is the body's parent, and a delay is the header's.
        let notTheBodys = ["parent_id", "task_id", "countdown", "eta", "link", "link_error", "chain"]
        whole.options = all.filter { !notTheBodys.contains($0.key) && !$0.value.isNull }
        let fixed = body.merging(options: whole.options).options
        body.options = fixed
        if !rest.isEmpty { body.options["chain"] = .array(rest) }
        // Within another chord or group it is the body that counts there.
        var place = try CanvasFreezer.Place(all)
        place.group = place.group ?? group
        let result = try freezer.freeze(
            &body, id: id?.string.map(TaskID.init(rawValue:)), place: place, root: all["root_id"])
        return (body, result)
    }

    /// How many parts of a chord the members of its header are.
    private static func parts(of members: [Signature]) throws(WireError) -> Int {
        var sum = 0
        for member in members {
            switch try member.kind() {
            case .task: sum += 1
            case .chain: sum += try parts(of: Array(ChainSteps(of: member).steps.suffix(1)))
            case .group: sum += try parts(of: ChainSteps.unrolled(member))
            case .chord(_, let body): sum += try parts(of: [body])
            }
        }
        return sum
    }
}
