public import CeleryProtocol

/// Which calls of a task count as one.
///
/// ```swift
/// TaskDefinition("reports.build", options: .init(uniqueness: .unique(for: .seconds(600)))) { (day: String) in … }
/// ```
///
/// A call that equals one on its way is not sent: its handle is that of the other, and both get its result.
public struct Uniqueness: Sendable {
    /// How long a call stands for all equal ones.
    public enum Span: String, Sendable {
        /// Until a worker begins with it: what is called meanwhile may see newer data, so it runs again.
        case untilStart = "start"
        /// Until it is over, retries included.
        case untilDone = "done"
    }

    let key: @Sendable (_ args: [JSONValue], _ kwargs: JSONObject) -> String
    let lifetime: Duration
    let span: Span
    let quiet: Duration?

    /// Equal calls are one.
    ///
    /// - Parameters:
    ///   - key: What makes calls equal; all arguments unless given.
    ///   - lifetime: After so long an equal call is sent in any case, so that a task that was lost with its Redis, or
    ///     that a foreign worker ran, does not keep others out for ever. Longer than the task takes.
    ///   - span: How long a call stands for all equal ones.
    /// - Returns: The rule.
    public static func unique(
        by key: @escaping @Sendable (_ args: [JSONValue], _ kwargs: JSONObject) -> String = allArguments,
        for lifetime: Duration = .seconds(3600), _ span: Span = .untilDone
    ) -> Uniqueness {
        Uniqueness(key: key, lifetime: lifetime, span: span, quiet: nil)
    }

    /// A burst of equal calls is one, which runs with the last call's arguments once nobody called for a while.
    ///
    /// - Parameters:
    ///   - quiet: For how long nobody must have called.
    ///   - key: What makes calls equal; all arguments unless given, which makes sense for tasks without any.
    /// - Returns: The rule.
    public static func debounced(
        _ quiet: Duration,
        by key: @escaping @Sendable (_ args: [JSONValue], _ kwargs: JSONObject) -> String = allArguments
    ) -> Uniqueness {
        Uniqueness(key: key, lifetime: quiet + .seconds(3600), span: .untilStart, quiet: quiet)
    }

    /// Calls are equal when all their arguments are.
    public static let allArguments: @Sendable (_ args: [JSONValue], _ kwargs: JSONObject) -> String = { args, kwargs in
        let ordered = kwargs.keys.sorted().map { JSONValue.array([.string($0), kwargs[$0] ?? .null]) }
        return JSONValue.array([.array(args), .array(ordered)]).text
    }

    /// The rule for one call.
    func call(of task: String, _ args: [JSONValue], _ kwargs: JSONObject) -> UniqueCall {
        UniqueCall(name: "\(task):\(Self.short(key(args, kwargs)))", lifetime: lifetime, span: span, quiet: quiet)
    }

    /// Keys of Redis are not for whole documents: a long text keeps its beginning, and a hash of all of it.
    private static func short(_ text: String) -> String {
        guard text.utf8.count > 200 else { return text }
        // FNV-1a, which is the same in every process, unlike Swift's own hashes.
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return "\(text.prefix(100))…\(text.utf8.count)-\(String(hash, radix: 16))"
    }
}

/// One call of a task whose equal calls count as one.
public struct UniqueCall: Sendable {
    /// The task, and what makes calls equal.
    let name: String
    let lifetime: Duration
    let span: Uniqueness.Span
    let quiet: Duration?
}

extension TaskHeaders {
    /// Tells the worker what to release, and when: `{"name": …, "until": "start" or "done"}`.
    var unique: (name: String, span: Uniqueness.Span)? {
        get {
            guard let about = additional("skirret_unique"), let name = about["name"]?.string,
                let span = about["until"]?.string.flatMap(Uniqueness.Span.init(rawValue:))
            else { return nil }
            return (name, span)
        }
        set {
            fields["skirret_unique"] = newValue.map { ["name": .string($0.name), "until": .string($0.span.rawValue)] }
        }
    }
}
