import ArgumentParser
import CeleryProtocol
import Skirret

/// `skirret queues pause`.
struct QueuesPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Let workers take nothing more from queues.",
        discussion: """
            What runs already runs on, producers may go on sending, and it holds across restarts. Python workers do not
            know of it.

            EXAMPLES
              skirret queues pause slow
              skirret queues pause slow mail --json
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "The queues' names.")
    var names: [String]

    @Flag(help: "Print one JSON object: the queues that are paused now.")
    var json = false

    func run() async throws {
        try await common.withBroker("skirret-queues") { broker in
            for name in names { try await broker.pause(QueueName(rawValue: name)) }
            try await PausedQueues.tell(broker, isJSON: json)
        }
    }
}

/// `skirret queues resume`.
struct QueuesResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let workers take from paused queues again.",
        discussion: """
            EXAMPLES
              skirret queues resume slow
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "The queues' names.")
    var names: [String]

    @Flag(help: "Print one JSON object: the queues that are paused now.")
    var json = false

    func run() async throws {
        try await common.withBroker("skirret-queues") { broker in
            for name in names { try await broker.resume(QueueName(rawValue: name)) }
            try await PausedQueues.tell(broker, isJSON: json)
        }
    }
}

/// What both commands print.
private enum PausedQueues {
    static func tell(_ broker: TaskQueue, isJSON: Bool) async throws {
        let paused = try await broker.pausedQueues().map(\.rawValue)
        if isJSON { return Output.json(["paused": .array(paused.map(JSONValue.string))]) }
        Output.line("paused: " + (paused.isEmpty ? "none" : paused.joined(separator: ", ")))
    }
}
