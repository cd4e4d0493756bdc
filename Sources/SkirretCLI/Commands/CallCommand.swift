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
        let broker = TaskQueue(settings.redis, name: "skirret-call")
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
        let broker = TaskQueue(settings.redis, name: "skirret-result")
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

/// Prints results; a failed task ends the program with exit code 1.
struct ResultPrinter {
    let isJSON: Bool

    func print(_ result: TaskResult) throws {
        let failure = result.failure
        if isJSON {
            let error: JSONValue =
                failure.map {
                    [
                        "type": .string($0.excType),
                        "message": .string($0.excMessage.map { $0.string ?? $0.text }.joined(separator: ", ")),
                    ]
                } ?? .null
            Output.json([
                "id": .string(result.taskID.rawValue), "state": .string(result.state.rawValue),
                "result": failure == nil ? result.result : .null, "error": error, "children": .array(result.children),
            ])
        } else if let failure {
            FileHandle.standardError.write(Data("\(result.state): \(failure.description)\n".utf8))
        } else {
            Output.line(result.result.text)
        }
        if failure != nil { throw ExitCode(1) }
    }
}

/// `skirret revoke`.
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "See to it that tasks do not run.",
        discussion: """
            EXAMPLES
              skirret revoke 5f3c…
              skirret revoke 5f3c… 77aa… --terminate          stops them if they run already
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "The tasks' ids.")
    var ids: [String]

    @Flag(help: "Stop bodies that run already, too.")
    var terminate = false

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        let broker = TaskQueue(settings.redis, name: "skirret-revoke")
        try await broker.revoke(ids.map { TaskID(rawValue: $0) }, terminate: terminate)
        await broker.close()
        Output.line("\(ids.count) task(s) revoked.")
    }
}
