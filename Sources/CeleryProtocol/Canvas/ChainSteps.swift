/// A chain in the form in which it travels.
///
/// Chains within chains are spliced, groups of one are unrolled, empty groups left out, and whatever follows a group
/// becomes the body of a chord, because only a chord waits for all members:
///
///     a, chain(b, c)              ─▶ a, b, c
///     a, group(b, c), d, e        ─▶ a, chord([b, c], d), e
///     chord([a, b], chain(c, d))  ─▶ chord([a, b], c), d
///     group(a, b), group(c, d), e ─▶ chord([a, b], chord([c, d], e))
struct ChainSteps {
    /// In the order in which they run.
    private(set) var steps: [Signature]

    /// The steps of a chain, or of any other signature as a chain of one.
    init(of signature: Signature) throws(WireError) {
        steps = Self.folded(try Self.flattened(signature))
    }

    private static func flattened(_ signature: Signature) throws(WireError) -> [Signature] {
        switch try signature.kind() {
        case .task: return [signature]
        case .chain(let tasks):
            var steps: [Signature] = []
            for task in tasks { steps += try flattened(task) }
            return settled(steps, by: signature)
        case .group:
            let members = try unrolled(signature)
            switch members.count {
            case 0: return []
            case 1: return try flattened(members[0])
            default:
                var group = Signature.group(members)
                group.options = signature.options
                return [group]
            }
        case .chord(_, let body):
            guard case .chain = try body.kind() else { return [signature] }
            let rest = try flattened(body)
            guard let first = rest.first else { return [signature] }
            var chord = signature
            chord.kwargs["body"] = first.json
            return [chord] + rest.dropFirst()
        }
    }

    /// The members of a group, those of groups within it among them; empty chains are none.
    static func unrolled(_ group: Signature) throws(WireError) -> [Signature] {
        guard case .group(let parts) = try group.kind() else { return [group] }
        var members: [Signature] = []
        for part in parts {
            switch try part.kind() {
            case .group: members += try unrolled(part)
            case .chain(let steps) where steps.isEmpty: continue
            default: members.append(part)
            }
        }
        return members
    }

    /// Puts what a chain was given on its steps: callbacks and its id on the last, errbacks on all.
    private static func settled(_ steps: [Signature], by chain: Signature) -> [Signature] {
        guard var last = steps.last else { return [] }
        for callback in chain.signatures("link") { last = last.linked(callback) }
        if last.taskID == nil, last.subtaskType != "chord" { last.taskID = chain.taskID }
        var steps = Array(steps.dropLast()) + [last]
        for errback in chain.signatures("link_error") { steps = steps.map { $0.linkedError(errback) } }
        return steps
    }

    private static func folded(_ steps: [Signature]) -> [Signature] {
        var later: [Signature] = []
        for step in steps.reversed() {
            if let next = later.last, let joined = joined(step, next) {
                later[later.count - 1] = joined
            } else {
                later.append(step)
            }
        }
        return later.reversed()
    }

    /// A step that ends in a group, with what follows it as the body of a chord; nil for other steps.
    static func joined(_ step: Signature, _ next: Signature) -> Signature? {
        if step.subtaskType == "group" { return .chord(header: step, body: next) }
        // Why `try?`: what cannot be read is refused when it is sent.
        guard step.subtaskType == "chord", let body = step.kwargs["body"].flatMap({ try? Signature(json: $0) }),
            let longer = joined(body, next)
        else { return nil }
        var chord = step
        chord.kwargs["body"] = longer.json
        return chord
    }
}
