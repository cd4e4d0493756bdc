import ArgumentParser
import Skirret

/// `skirret queues`.
struct QueuesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queues", abstract: "Show what waits, runs, is scheduled and is dead.",
        discussion: """
            EXAMPLES
              skirret queues
              skirret queues --json
            """)

    @OptionGroup var common: CommonFlags

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        let broker = TaskQueue(settings.redis, name: "skirret-queues")
        let overview = try await broker.overview()
        await broker.close()
        if json { return Output.json(overview.json) }
        Output.table(["QUEUE", "WAITING"], overview.queues.map { [$0.name, String($0.waiting)] })
        Output.line("")
        Output.line("running \(overview.running), scheduled \(overview.scheduled), dead \(overview.dead)")
        Output.line("workers: " + (overview.workers.isEmpty ? "none" : overview.workers.joined(separator: ", ")))
    }
}
