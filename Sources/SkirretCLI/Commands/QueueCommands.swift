import ArgumentParser
import CeleryProtocol
import Foundation
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

/// `skirret dead`.
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "List the dead letters, newest first.",
        discussion: """
            EXAMPLES
              skirret dead
              skirret dead --json --limit 5
            """)

    @OptionGroup var common: CommonFlags

    @Option(help: "How many at the most.")
    var limit = 50

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        let broker = TaskQueue(settings.redis, name: "skirret-dead")
        let letters = try await broker.deadLetters(limit: limit)
        await broker.close()
        if json {
            for letter in letters { Output.json(letter.json) }
        } else {
            Output.table(
                ["WHEN", "QUEUE", "TASK", "REASON"],
                letters.map {
                    [
                        $0.at.formatted(.iso8601), $0.queue, $0.name.isEmpty ? "?" : $0.name,
                        String($0.reason.prefix(100)),
                    ]
                })
        }
    }
}

/// `skirret token`.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print the administrator's token; made when there is none yet.",
        discussion: """
            EXAMPLES
              skirret token
              curl -H "Authorization: Bearer $(skirret token)" http://127.0.0.1:9191/api/plugins/plugins/
            """)

    @OptionGroup var common: CommonFlags

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        try settings.prepareFolders()
        Output.line(try AdminToken.load(settings).text)
    }
}
