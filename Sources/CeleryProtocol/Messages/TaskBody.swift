/// The body of a task message: `[args, kwargs, embed]`.
public struct TaskBody: Sendable, Hashable {
    /// Positional arguments.
    public var args: [JSONValue]
    /// Keyword arguments.
    public var kwargs: JSONObject
    /// What follows the task: `callbacks`, `errbacks`, `chain`, `chord`, and what newer versions add.
    public var embed: JSONObject

    /// A body; without `embed` nothing follows the task.
    public init(args: [JSONValue] = [], kwargs: JSONObject = [:], embed: JSONObject = TaskBody.nothingFollows) {
        self.args = args
        self.kwargs = kwargs
        self.embed = embed
    }

    /// The embed of a task that nothing follows.
    public static let nothingFollows: JSONObject = [
        "callbacks": nil, "errbacks": nil, "chain": nil, "chord": nil,
    ]

    /// The body as JSON.
    public var json: JSONValue { [.array(args), .object(kwargs), .object(embed)] }

    /// Called with the result (`link`).
    public var callbacks: [Signature] {
        get { signatures("callbacks") }
        set { setSignatures(newValue, "callbacks") }
    }

    /// Called with the id of this task when it fails (`link_error`).
    public var errbacks: [Signature] {
        get { signatures("errbacks") }
        set { setSignatures(newValue, "errbacks") }
    }

    /// The remaining steps of the chain **in reverse**: the next step is the last element.
    public var chain: [Signature] {
        get { signatures("chain") }
        set { setSignatures(newValue, "chain") }
    }

    /// The body of the chord that this task is a header part of.
    public var chord: Signature? {
        get { embed["chord"]?.object.map(Signature.init(checked:)) }
        set { embed["chord"] = newValue?.json ?? .null }
    }

    /// Whether nothing follows the task, whatever becomes of it.
    public var isLast: Bool {
        embed.allSatisfy { member in
            switch member.value {
            case .null: true
            case .array(let elements): elements.isEmpty
            default: false
            }
        }
    }

    private func signatures(_ key: String) -> [Signature] {
        switch embed[key] {
        case .array(let elements)?: elements.compactMap { $0.object.map(Signature.init(checked:)) }
        case .object(let single)?: [Signature(checked: single)]
        default: []
        }
    }

    private mutating func setSignatures(_ signatures: [Signature], _ key: String) {
        embed[key] = signatures.isEmpty ? .null : .array(signatures.map(\.json))
    }
}

extension TaskBody {
    /// Reads `[args, kwargs, embed]`.
    init(json: JSONValue) throws(WireError) {
        guard case .array(let parts) = json, parts.count == 3 else {
            let found = json.array.map { "an array of \($0.count)" } ?? json.kind
            throw WireError(
                code: .wrongKind, path: "body", found: found, hint: "Expected [args, kwargs, embed] (protocol 2).")
        }
        guard case .array(let args) = parts[0] else { throw .expected("a list", at: "body[0]", found: parts[0]) }
        guard case .object(let kwargs) = parts[1] else {
            throw .expected("an object", at: "body[1]", found: parts[1])
        }
        guard case .object(let embed) = parts[2] else {
            throw .expected("an object", at: "body[2]", found: parts[2])
        }
        self.init(args: args, kwargs: kwargs, embed: embed)
        try validateEmbed(at: "body[2]")
    }

    /// Checks everything that the typed properties promise, so that they need not throw.
    func validateEmbed(at path: String) throws(WireError) {
        for key in ["callbacks", "errbacks", "chain"] {
            switch embed[key] {
            case nil, .null?: continue
            case .array(let elements)?:
                for (index, element) in elements.enumerated() {
                    _ = try Signature(json: element, at: "\(path).\(key)[\(index)]")
                }
            case .object?: _ = try Signature(json: embed[key] ?? .null, at: "\(path).\(key)")
            case let other: throw .expected("a list of signatures or null", at: "\(path).\(key)", found: other)
            }
        }
        if let chord = embed["chord"], !chord.isNull { _ = try Signature(json: chord, at: path + ".chord") }
    }
}
