public import CeleryProtocol

/// One call of many; see ``TaskQueue/send(many:)``.
public struct TaskCall: Sendable {
    /// The task's name.
    public var task: String
    /// Positional arguments.
    public var args: [JSONValue]
    /// Keyword arguments.
    public var kwargs: JSONObject
    /// Queue, delay, priority and the like.
    public var options: CallOptions

    /// A call of a task that is known by name.
    public init(_ task: String, args: [JSONValue] = [], kwargs: JSONObject = [:], options: CallOptions = .init()) {
        self.task = task
        self.args = args
        self.kwargs = kwargs
        self.options = options
    }
}

/// Some of many calls were not accepted; all others were.
public struct IncompleteSend: Error, Sendable, CustomStringConvertible {
    /// What became of a call that was not accepted.
    public enum Fate: String, Sendable {
        /// Refused: it is nowhere in Redis.
        case refused
        /// Sent, but no answer came: sent again with the same id within 30 seconds it is accepted once.
        case unknown
        /// Never sent, as the sending had ended before it.
        case notSent
    }

    /// A call that was not accepted.
    public struct Failure: Sendable {
        /// Its place among the calls.
        public let index: Int
        /// Its id, also where the call named none.
        public let id: TaskID
        /// What became of it.
        public let fate: Fate
        /// Why.
        public let error: any Error
    }

    /// The ids of all calls, in their order; those of ``failures`` among them.
    public let ids: [TaskID]
    /// The calls that were not accepted, in their order.
    public let failures: [Failure]

    /// What happened and what to do.
    public var description: String {
        let counts = [Fate.refused, .unknown, .notSent].compactMap { fate -> String? in
            let count = failures.count { $0.fate == fate }
            return count == 0 ? nil : "\(count) \(fate == .notSent ? "not sent" : fate.rawValue)"
        }
        let first = failures.first.map { "The first is call \($0.index), id \($0.id): \($0.error)" } ?? ""
        return
            "\(failures.count) of \(ids.count) calls were not accepted (\(counts.joined(separator: ", "))). \(first) "
            + "Send those of `failures` again, the unknown ones with their ids within 30 s."
    }
}

/// An option that belongs to a single call was given for many.
public struct OptionOfOneCall: Error, Sendable, CustomStringConvertible {
    /// The option.
    public let option: String

    /// What happened and what to do.
    public var description: String {
        "\(option) was given for many calls at once, but belongs to one. "
            + "Leave it out, or make each call a TaskCall with options of its own and use send(many:)."
    }
}
