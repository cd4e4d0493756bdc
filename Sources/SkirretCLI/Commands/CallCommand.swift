import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// `skirret call`.
struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: "Enqueue one task, and wait for its result if wanted.",
        discussion: """
            EXAMPLES
              skirret call samples.add --args '[2,3]' --wait
              skirret call apps.m3u.tasks.refresh_single_m3u_account --kwargs '{"account_id": 2}' --wait 600
              skirret call reports.monthly --countdown 60 --priority 6 --queue slow
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "The task's name.")
    var task: String

    @Option(help: "Positional arguments, a JSON array.")
    var args = "[]"

    @Option(help: "Keyword arguments, a JSON object.")
    var kwargs = "{}"

    @Option(help: "The queue; 'celery' unless said otherwise.")
    var queue: String?

    @Option(help: "Seconds before it may run.")
    var countdown: Double = 0

    @Option(help: "Seconds after which it is too late to run.")
    var expires: Double?

    @Option(help: "0 is served first, 9 last.")
    var priority: Int?

    @Flag(name: .customLong("wait"), help: "Wait for the result; --timeout says how long.")
    var waits = false

    @Option(help: "Seconds to wait for the result.")
    var timeout: Double = 60

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        var options = CallOptions()
        options.queue = queue.map { QueueName(rawValue: $0) }
        options.priority = priority
        if countdown > 0 { options.countdown = .seconds(countdown) }
        options.expires = expires.map { Date(timeIntervalSinceNow: $0) }
        guard let args = try parsed(args, option: "--args").array else {
            throw ValidationError("--args: expected a JSON array such as '[2,3]', got \(args).")
        }
        guard let kwargs = try parsed(kwargs, option: "--kwargs").object else {
            throw ValidationError("--kwargs: expected a JSON object such as '{\"x\": 2}', got \(kwargs).")
        }
        let broker = settings.taskQueue("skirret-call")
        let id = try await broker.send(task, args: args, kwargs: kwargs, options: options)
        if waits {
            try await ResultPrinter(isJSON: json).print(broker.result(of: id, within: .seconds(timeout)))
        } else if json {
            Output.json(["id": .string(id.rawValue)])
        } else {
            Output.line(id.rawValue)
        }
        await broker.close()
    }

    private func parsed(_ text: String, option: String) throws -> JSONValue {
        do { return try JSONValue(parsing: text) } catch { throw ValidationError("\(option): \(error)") }
    }
}
