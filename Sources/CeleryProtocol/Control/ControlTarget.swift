/// Which workers a control request is meant for.
public enum ControlTarget: Sendable, Hashable {
    /// Every worker.
    case all
    /// The workers with these names.
    case nodes([String])
    /// Workers whose name fits a shell pattern (`*`, `?`, `[a-z]`, `[!a-z]`), case-sensitive.
    case glob(String)
    /// Workers whose name begins with something a regular expression fits.
    ///
    /// Literals, `.`, `^`, `$`, `|`, groups, sets, `\d \w \s`, `* + ? {m,n}`: what matches in linear time. An
    /// expression with anything else fits no worker.
    case pcre(String)

    /// Longer patterns fit no worker: matching takes time that grows with them.
    private static let longestPattern = 256

    /// Whether a worker is meant.
    ///
    /// A broken pattern means nobody.
    public func includes(_ node: String) -> Bool {
        switch self {
        case .all: return true
        case .nodes(let names): return names.contains(node)
        case .glob(let pattern):
            guard pattern.utf8.count <= Self.longestPattern else { return false }
            return GlobPattern(pattern).matches(node)
        case .pcre(let pattern):
            guard pattern.utf8.count <= Self.longestPattern else { return false }
            return RegularPattern(pattern)?.fitsPrefix(of: node) ?? false
        }
    }
}

extension ControlTarget {
    /// Reads `destination`, or else `pattern` and `matcher`; without both it is for all.
    init(_ fields: JSONObject) throws(WireError) {
        switch fields["destination"] {
        case .array(let names)? where !names.isEmpty:
            self = .nodes(names.compactMap(\.string))
            return
        case .string(let name)? where !name.isEmpty:
            self = .nodes([name])
            return
        case nil, .null?, .array?, .string?: break
        case let other: throw .expected("a list of node names or null", at: "body.destination", found: other)
        }
        guard let pattern = fields["pattern"]?.string, !pattern.isEmpty,
            let matcher = fields["matcher"]?.string, !matcher.isEmpty
        else {
            self = .all
            return
        }
        switch matcher {
        case "glob": self = .glob(pattern)
        case "pcre": self = .pcre(pattern)
        default:
            throw WireError(
                code: .invalidValue, path: "body.matcher", found: "\"\(matcher)\"",
                hint: "Expected \"glob\" or \"pcre\".")
        }
    }

    /// The members of a request's body.
    var fields: JSONObject {
        let nothing: JSONObject = ["destination": nil, "pattern": nil, "matcher": nil]
        return switch self {
        case .all: nothing
        case .nodes(let names): nothing.merging(["destination": .array(names.map(JSONValue.string))])
        case .glob(let pattern): nothing.merging(["pattern": .string(pattern), "matcher": "glob"])
        case .pcre(let pattern): nothing.merging(["pattern": .string(pattern), "matcher": "pcre"])
        }
    }
}
