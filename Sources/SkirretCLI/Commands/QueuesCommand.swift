import ArgumentParser
import CeleryProtocol
import Skirret

/// `skirret queues`.
struct QueuesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queues", abstract: "Show what waits, runs, is scheduled and is dead; pause, resume, drain.",
        discussion: """
            EXAMPLES
              skirret queues
              skirret queues --json
              skirret queues pause slow                       workers of ours take nothing from it any more
              skirret queues resume slow
              skirret queues drain slow --timeout 60          waits until it is empty and nothing of it runs
            """,
        subcommands: [
            QueuesListCommand.self, QueuesPauseCommand.self, QueuesResumeCommand.self, QueuesDrainCommand.self,
        ],
        defaultSubcommand: QueuesListCommand.self)
}

/// `skirret queues list`, which is what `skirret queues` does.
struct QueuesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show what waits, runs, is scheduled and is dead.",
        discussion: """
            EXAMPLES
              skirret queues
              skirret queues --json
            """)

    @OptionGroup var common: CommonFlags

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let overview = try await common.withBroker("skirret-queues") { try await $0.overview() }
        if json { return Output.json(overview.json) }
        Output.table(
            ["QUEUE", "WAITING", ""],
            overview.queues.map {
                [$0.name, String($0.waiting), overview.paused.contains($0.name) ? "paused" : ""]
            })
        Output.line("")
        Output.line(
            "running \(overview.running), scheduled \(overview.scheduled), waiting for a limit or a worker "
                + "\(overview.parked), dead \(overview.dead)")
        Output.line("workers: " + (overview.workers.isEmpty ? "none" : overview.workers.joined(separator: ", ")))
    }
}
