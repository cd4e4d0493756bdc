import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// `skirret result`.
struct ResultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "result", abstract: "Show a task's state and result.",
        discussion: """
            EXAMPLES
              skirret result 5f3c…                            what is known now
              skirret result 5f3c… --wait --timeout 30 --json
              skirret result 5f3c… --log                      what the task said
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "The task's id.")
    var id: String

    @Flag(name: .customLong("wait"), help: "Wait until it is over.")
    var waits = false

    @Option(help: "Seconds to wait.")
    var timeout: Double = 60

    @Flag(help: "Show the task's log.")
    var log = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        let broker = settings.taskQueue("skirret-result")
        let id = TaskID(rawValue: id)
        if log {
            for record in try await broker.log(of: id) {
                if json { Output.json(record) } else { Output.line(Self.text(record)) }
            }
        } else if waits {
            try await ResultPrinter(isJSON: json).print(broker.result(of: id, within: .seconds(timeout)))
        } else if let result = try await broker.storedResult(of: id) {
            try ResultPrinter(isJSON: json).print(result)
        } else if json {
            Output.json(["id": .string(id.rawValue), "state": "PENDING", "result": nil])
        } else {
            Output.line("PENDING: waiting, or an id that nobody used.")
        }
        await broker.close()
    }

    private static func text(_ record: JSONValue) -> String {
        let time = Date(timeIntervalSince1970: record["time"]?.double ?? 0)
        let parts = [record["level"]?.string?.uppercased(), record["source"]?.string, record["message"]?.string]
        return ([time.formatted(.iso8601)] + parts.compactMap { $0 }).joined(separator: " ")
    }
}
