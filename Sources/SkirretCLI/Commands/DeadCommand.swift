import ArgumentParser
import Foundation
import Skirret

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
