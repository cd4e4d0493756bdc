/// A remote control command as Celery knows it: its name, what it does, how its arguments stand on a command line.
public struct ControlCommand: Sendable, Hashable {
    /// Which of Celery's two programs sends it.
    public enum Kind: Sendable, Hashable {
        /// Asks and changes nothing: `celery inspect`.
        case inspect
        /// Changes something: `celery control`.
        case control
    }

    /// One argument that has a place on the command line.
    public struct Parameter: Sendable, Hashable {
        /// How its text is read.
        public enum Kind: Sendable, Hashable { case text, whole, number, flag }
        /// Its name in the request.
        public var name: String
        /// How its text is read.
        public var kind: Kind
        /// Whether the command means nothing without it.
        public var isRequired: Bool

        static func required(_ name: String, _ kind: Kind = .text) -> Parameter {
            Parameter(name: name, kind: kind, isRequired: true)
        }
        static func optional(_ name: String, _ kind: Kind = .text) -> Parameter {
            Parameter(name: name, kind: kind, isRequired: false)
        }
    }

    /// Its name: `rate_limit`.
    public let name: String
    /// The name that old clients use: `dump_active`.
    public let alias: String?
    /// Which of Celery's two programs sends it.
    public let kind: Kind
    /// The arguments that have a place on the command line, in order.
    public let parameters: [Parameter]
    /// The argument that takes all further words as a list.
    public let rest: String?
    /// What it does, in a few words.
    public let summary: String

    private init(
        _ name: String, _ kind: Kind, alias: String? = nil, takes parameters: [Parameter] = [], rest: String? = nil,
        _ summary: String
    ) {
        self.name = name
        self.alias = alias
        self.kind = kind
        self.parameters = parameters
        self.rest = rest
        self.summary = summary
    }

    /// How it is written on a command line: `rate_limit <task_name> <rate_limit>`.
    public var usage: String {
        ([name] + parameters.map { $0.isRequired ? "<\($0.name)>" : "[\($0.name)]" }
            + (rest.map { ["[\($0) …]"] } ?? []))
            .joined(separator: " ")
    }

    /// The command of this name or alias.
    public static func named(_ name: String) -> ControlCommand? { byName[name] }

    private static let byName = Dictionary(
        all.flatMap { command in [command.name, command.alias].compactMap { $0.map { ($0, command) } } },
        uniquingKeysWith: { $1 })

    /// Every command of Celery 5.7, those that ask first.
    public static let all: [ControlCommand] = [
        .init("active", .inspect, alias: "dump_active", takes: [.optional("safe", .flag)], "Tasks that run now."),
        .init("active_queues", .inspect, "Queues that the worker takes from."),
        .init("clock", .inspect, "The logical clock."),
        .init(
            "conf", .inspect, alias: "dump_conf", takes: [.optional("with_defaults", .flag)],
            "Settings, secrets masked."),
        .init(
            "hello", .inspect, takes: [.required("from_node")], "What a starting worker asks: clock and revoked ids."),
        .init("memdump", .inspect, takes: [.optional("samples", .whole)], "The memory samples taken so far."),
        .init("memsample", .inspect, "Memory in use now."),
        .init(
            "objgraph", .inspect, takes: [.optional("type"), .optional("num", .whole), .optional("max_depth", .whole)],
            "Python only: a graph of objects."),
        .init("ping", .inspect, "Whether the worker answers."),
        .init("query_task", .inspect, rest: "ids", "What is known of tasks, by id."),
        .init("registered", .inspect, alias: "dump_tasks", rest: "taskinfoitems", "Tasks that the worker knows."),
        .init("report", .inspect, "Versions and settings, for bug reports."),
        .init("reserved", .inspect, alias: "dump_reserved", "Tasks that were taken and do not run yet."),
        .init("revoked", .inspect, alias: "dump_revoked", "Ids of revoked tasks."),
        .init("scheduled", .inspect, alias: "dump_schedule", "Tasks that wait for their time."),
        .init("stats", .inspect, "Counts, pool, broker, resources."),
        .init(
            "add_consumer", .control,
            takes: [.required("queue"), .optional("exchange"), .optional("exchange_type"), .optional("routing_key")],
            "Take from one more queue."),
        .init(
            "autoscale", .control, takes: [.optional("max", .whole), .optional("min", .whole)],
            "Change autoscale's bounds."),
        .init("cancel_consumer", .control, takes: [.required("queue")], "Take no more from a queue."),
        .init("disable_events", .control, "Send no task events."),
        .init("election", .control, takes: [.required("id"), .required("topic")], "Python only: elect a worker."),
        .init("enable_events", .control, "Send task events."),
        .init("heartbeat", .control, "Send a heartbeat event now."),
        .init("pool_grow", .control, takes: [.optional("n", .whole)], "Run more tasks at a time."),
        .init("pool_restart", .control, "Python only: restart the pool."),
        .init("pool_shrink", .control, takes: [.optional("n", .whole)], "Run fewer tasks at a time."),
        .init(
            "rate_limit", .control, takes: [.required("task_name"), .required("rate_limit")],
            "Start a task so often at the most: 10/s, 10/m, 10/h; 0 for no limit."),
        .init("revoke", .control, rest: "task_id", "See to it that tasks do not run."),
        .init(
            "revoke_by_stamped_headers", .control, rest: "headers", "See to it that tasks with a stamp do not run: k=v."
        ),
        .init("shutdown", .control, "Stop the worker in good order."),
        .init("terminate", .control, takes: [.required("signal")], rest: "task_id", "Stop tasks that run."),
        .init(
            "time_limit", .control,
            takes: [.required("task_name"), .required("soft", .number), .optional("hard", .number)],
            "Stop a task's runs after so many seconds."),
    ]
}

extension ControlCommand {
    /// Why words of a command line are no arguments of a command.
    public struct ArgumentError: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong, and how it is right.
        public let description: String
    }

    /// A request's arguments from the words of a command line, as `celery inspect` and `celery control` read them.
    ///
    /// - Parameter words: What stands behind the command's name.
    /// - Returns: The arguments by name; those that were not given are left out.
    /// - Throws: ``ArgumentError`` for a missing word, one too many, and one that is no number where one must be.
    public func arguments(from words: [String]) throws(ArgumentError) -> JSONObject {
        var arguments = JSONObject()
        for (parameter, word) in zip(parameters, words) { arguments[parameter.name] = try value(of: word, parameter) }
        if let missing = parameters.dropFirst(words.count).first(where: \.isRequired) {
            throw ArgumentError(description: "\(name): \(missing.name) is missing. Usage: \(usage)")
        }
        let others = words.dropFirst(parameters.count)
        if let rest {
            arguments[rest] = .array(others.map(JSONValue.string))
        } else if let first = others.first {
            throw ArgumentError(description: "\(name): \"\(first)\" is one word too many. Usage: \(usage)")
        }
        return arguments
    }

    private func value(of word: String, _ parameter: Parameter) throws(ArgumentError) -> JSONValue {
        let value: JSONValue? =
            switch parameter.kind {
            case .text: .string(word)
            case .whole: Int(word).map(JSONValue.int)
            case .number: Double(word).flatMap { $0.isFinite ? .double($0) : nil }
            case .flag: Self.flags[word.lowercased()].map(JSONValue.bool)
            }
        guard let value else {
            let wanted =
                [.whole: "a whole number", .number: "a number", .flag: "true or false"][parameter.kind] ?? "text"
            throw ArgumentError(description: "\(name): \(parameter.name): expected \(wanted), got \"\(word)\".")
        }
        return value
    }

    /// Celery's `strtobool`.
    private static let flags = [
        "true": true, "yes": true, "1": true, "on": true, "false": false, "no": false, "0": false, "off": false,
    ]
}
