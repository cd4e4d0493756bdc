import CeleryProtocol

/// Which remote control commands a worker obeys.
///
/// Anybody who may publish on the broker may send any command to any worker, so it is an allow-list. The default,
/// ``standard``, lets monitors see everything and people cancel tasks; what changes the worker itself is refused, with
/// a text that says how to allow it.
public struct RemoteControlPolicy: Sendable, Hashable, CustomStringConvertible {
    /// The names of the commands that are obeyed.
    public let methods: Set<String>
    /// As it is written behind `--remote-control`.
    public let description: String

    /// Every command.
    public static let all = RemoteControlPolicy(methods: Set(ControlCommand.all.map(\.name)), description: "all")
    /// What asks and changes nothing.
    public static let inspect = RemoteControlPolicy(
        methods: Set(ControlCommand.all.filter { $0.kind == .inspect }.map(\.name)).union(["heartbeat", "election"]),
        description: "inspect")
    /// What asks, cancels tasks, and turns task events on and off.
    public static let standard = RemoteControlPolicy(
        methods: inspect.methods.union([
            "revoke", "revoke_by_stamped_headers", "terminate", "enable_events", "disable_events",
        ]), description: "standard")
    /// Nothing: the worker does not even listen.
    ///
    /// Celery's `worker_enable_remote_control = False`.
    public static let none = RemoteControlPolicy(methods: [], description: "none")

    private init(methods: Set<String>, description: String) {
        self.methods = methods
        self.description = description
    }

    /// A word that names no command and no group of commands.
    public struct UnknownWord: Error, Sendable, Hashable, CustomStringConvertible {
        /// The word.
        public let word: String
        /// What it was taken for, and what would be right.
        public var description: String {
            "expected all, standard, inspect, none or commands, separated by commas, got \"\(word)\". Commands are "
                + ControlCommand.all.map(\.name).sorted().joined(separator: ", ") + "."
        }
    }

    /// Reads groups and commands, separated by commas: `standard,rate_limit`.
    ///
    /// - Throws: ``UnknownWord`` for the first that is neither.
    public init(parsing text: String) throws(UnknownWord) {
        let groups = [Self.all, .standard, .inspect, .none]
        var methods: Set<String> = []
        let words = text.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }
        for word in words {
            if let group = groups.first(where: { $0.description == word }) {
                methods.formUnion(group.methods)
            } else if let command = ControlCommand.named(word) {
                methods.insert(command.name)
            } else {
                throw UnknownWord(word: word)
            }
        }
        self.init(methods: methods, description: words.joined(separator: ","))
    }

    func allows(_ command: ControlCommand) -> Bool { methods.contains(command.name) }

    /// What the sender of a command that is not obeyed is told.
    func refusal(of command: ControlCommand) -> String {
        "\(command.name) is not allowed here: this worker runs with --remote-control \(description). "
            + "To allow it, start the worker with --remote-control \(description),\(command.name), or with all"
    }
}
