import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// `skirret call`.
struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: "Enqueue a task or a canvas, and wait for its result if wanted.",
        discussion: """
            A signature is what Python's json.dumps(sig) writes: of a task, a chain, a group, a chord.

            EXAMPLES
              skirret call samples.add --args '[2,3]' --wait
              skirret call apps.m3u.tasks.refresh_single_m3u_account --kwargs '{"account_id": 2}' --wait 600
              skirret call reports.monthly --countdown 60 --priority 6 --queue slow
              skirret call samples.add --args '[2,3]' --link '{"task": "samples.add", "args": [10]}'
              skirret call audit.note --exchange logs --routing-key audit.eu --header trace=abc
              python -c 'import json; from tasks import add; print(json.dumps(add.s(2, 2) | add.s(4)))' \\
                | skirret call --signature - --wait 30 --json
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup var options: CallFlags

    @Argument(help: "The task's name.")
    var task: String?

    @Option(help: "A signature in Celery's own JSON: a file, or - for the standard input.")
    var signature: String?

    @Option(help: "Positional arguments, a JSON array.")
    var args = "[]"

    @Option(help: "Keyword arguments, a JSON object.")
    var kwargs = "{}"

    @Option(defaultAsFlag: 60, help: "Wait for the result, so many seconds at the most.")
    var wait: Double?

    @Option(help: "Seconds to wait for the result; --wait takes them as well.")
    var timeout: Double?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard (task == nil) != (signature == nil) else {
            throw ValidationError("Give a task's name, or --signature with a file or -, and not both.")
        }
    }

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        let part = try part()
        let broker = settings.taskQueue("skirret-call", sendsSentEvents: options.sentEvent)
        do { try await call(part, on: broker) } catch {
            await broker.close()
            throw error
        }
        await broker.close()
    }

    private func part() throws -> Signature {
        if let signature { return try Self.signature(in: signature) }
        guard let args = try CallFlags.json(args, option: "--args").array else {
            throw ValidationError("--args: expected a JSON array such as '[2,3]', got \(args).")
        }
        guard let kwargs = try CallFlags.json(kwargs, option: "--kwargs").object else {
            throw ValidationError("--kwargs: expected a JSON object such as '{\"x\": 2}', got \(kwargs).")
        }
        return Signature(task: task ?? "", args: args, kwargs: kwargs)
    }

    private static func signature(in file: String) throws -> Signature {
        let bytes: Data
        if file == "-" {
            bytes = FileHandle.standardInput.readDataToEndOfFile()
        } else {
            do { bytes = try Data(contentsOf: URL(filePath: file)) } catch {
                throw ValidationError("--signature: cannot read \(file): \(error.localizedDescription)")
            }
        }
        do {
            return try Signature(json: JSONValue(parsing: Array(bytes)))
        } catch {
            throw ValidationError(
                "--signature: \(error). Expected what json.dumps(sig) writes, such as {\"task\": \"samples.add\", "
                    + "\"args\": [2, 3]}.")
        }
    }

    private func call(_ part: Signature, on broker: TaskQueue) async throws {
        let node = try await broker.send(part, options: try options.callOptions())
        guard let limit = wait ?? timeout else {
            if json { Output.json(["id": .string(node.id)]) } else { Output.line(node.id) }
            return
        }
        do {
            let result = try await Self.result(of: node, on: broker, within: .seconds(limit))
            try ResultPrinter(isJSON: json).print(result)
        } catch let error as ResultTimeout {
            guard json else { throw error }
            let state = try await broker.storedResult(of: TaskID(rawValue: node.id))?.state ?? .pending
            Output.json([
                "id": .string(node.id), "state": .string(state.rawValue), "result": nil,
                "error": ["type": "TimeoutError", "message": .string(error.description)], "children": [],
            ])
            throw ExitCode(1)
        }
    }

    /// The result of a task, or of a group as one: that of its members, or of the first that failed.
    private static func result(
        of node: ResultNode, on broker: TaskQueue, within limit: Duration
    ) async throws -> TaskResult {
        guard let members = node.members else {
            return try await broker.result(of: TaskID(rawValue: node.id), within: limit)
        }
        var results: [TaskID: TaskResult] = [:]
        for try await (_, result) in broker.results(of: node.tasks, within: limit) { results[result.taskID] = result }
        let children = members.map(\.json)
        if let failed = node.tasks.lazy.compactMap({ results[$0] }).first(where: { $0.state != .success }) {
            var whole = failed
            whole.taskID = TaskID(rawValue: node.id)
            whole.children = children
            return whole
        }
        let value = node.value { results[$0]?.result ?? .null }
        return .success(TaskID(rawValue: node.id), value, children: children, at: Date())
    }
}
