import ArgumentParser
import CeleryProtocol
import Skirret

/// `skirret queues drain`.
struct QueuesDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Wait until nothing of a queue waits, runs or is scheduled.",
        discussion: """
            It deletes nothing: stop the producers, drain, then take the workers away. Ends with 1 when time is up.

            EXAMPLES
              skirret queues drain slow
              skirret queues drain slow --timeout 600 --json
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "The queue's name.")
    var name: String

    @Option(help: "Seconds to wait.")
    var timeout: Double = 60

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let left = try await common.withBroker("skirret-queues") { broker in
            let end = ContinuousClock.now + .seconds(timeout)
            var left = try await broker.remaining(in: QueueName(rawValue: name))
            while left.total > 0, .now < end {
                // Counting what is scheduled takes Redis a while when it is much.
                try await ContinuousClock().sleep(for: left.total > 1000 ? .seconds(2) : .milliseconds(200))
                left = try await broker.remaining(in: QueueName(rawValue: name))
            }
            return left
        }
        let isDrained = left.total == 0
        if json {
            Output.json([
                "queue": .string(name), "drained": .bool(isDrained), "waiting": .int(left.waiting),
                "running": .int(left.running), "scheduled": .int(left.scheduled), "parked": .int(left.parked),
            ])
        } else if isDrained {
            Output.line("\(name) is empty, and nothing of it runs or is scheduled.")
        } else {
            Output.line(
                "\(name) is not drained: \(left.waiting) waiting, \(left.running) running, \(left.scheduled) scheduled, "
                    + "\(left.parked) waiting for a worker or a limit. Is it paused?")
        }
        if !isDrained { throw ExitCode.failure }
    }
}
