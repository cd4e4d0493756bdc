import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// How a call differs from the task's own options; the names are those of Celery's `apply_async`.
struct CallFlags: ParsableArguments {
    @Option(help: "The queue; 'celery' unless said otherwise.")
    var queue: String?

    @Option(help: "The exchange that decides, by --routing-key, which queues get it.")
    var exchange: String?

    @Option(help: "What an exchange routes by.")
    var routingKey: String?

    @Option(help: "Seconds before it may run.")
    var countdown: Double = 0

    @Option(help: "The time before which it may not run, such as 2030-01-02T03:04:05Z.")
    var eta: String?

    @Option(help: "Seconds after which it is too late to run.")
    var expires: Double?

    @Option(help: "0 is served first, 9 last.")
    var priority: Int?

    @Option(name: .customLong("task-id"), help: "The task's id; a call with an id that was just used is accepted once.")
    var taskID: String?

    @Option(help: ArgumentHelp("What is called with the result, a signature in JSON.", valueName: "json"))
    var link: [String] = []

    @Option(help: ArgumentHelp("What is called with the task's id when it fails, in JSON.", valueName: "json"))
    var linkError: [String] = []

    @Option(help: ArgumentHelp("A further header for the task; may be repeated.", valueName: "name=value"))
    var header: [String] = []

    @Option(help: "How the body is compressed: gzip.")
    var compression: String?

    @Option(help: "Seconds until the task is told to stop.")
    var softTimeLimit: Double?

    @Option(help: "Seconds until the task is ended.")
    var timeLimit: Double?

    @Flag(help: "Store no result.")
    var ignoreResult = false

    @Flag(help: "Tell monitors that it was sent, with a task-sent event; Celery's task_send_sent_event.")
    var sentEvent = false

    func callOptions() throws -> CallOptions {
        var options = CallOptions()
        options.queue = queue.map { QueueName(rawValue: $0) }
        options.exchange = exchange
        options.routingKey = routingKey
        options.priority = priority
        if countdown > 0 { options.countdown = .seconds(countdown) }
        options.eta = try eta.map { text in
            guard let date = WireDate.parse(text) else {
                throw ValidationError("--eta: expected a time such as 2030-01-02T03:04:05Z, got \(text).")
            }
            return date
        }
        options.expiresIn = expires.map { .seconds($0) }
        options.id = taskID.map { TaskID(rawValue: $0) }
        options.link = try link.map { try Self.signature($0, option: "--link") }
        options.linkError = try linkError.map { try Self.signature($0, option: "--link-error") }
        options.headers = try headers()
        options.compression = try compression.map { try .init($0, flag: "--compression") }
        if softTimeLimit != nil || timeLimit != nil {
            options.timeLimits = TimeLimits(hard: timeLimit, soft: softTimeLimit)
        }
        if ignoreResult { options.ignoresResult = true }
        return options
    }

    private func headers() throws -> JSONObject {
        var headers: JSONObject = [:]
        for pair in header {
            guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
                throw ValidationError("--header: expected name=value, got \(pair).")
            }
            let text = String(pair[pair.index(after: equals)...])
            // A JSON value where it is one, else text.
            headers[String(pair[..<equals])] = (try? JSONValue(parsing: text)) ?? .string(text)
        }
        return headers
    }

    private static func signature(_ text: String, option: String) throws -> Signature {
        let json = try Self.json(text, option: option)
        // A name alone is a signature too.
        if let name = json.string { return Signature(task: name) }
        do { return try Signature(json: json) } catch { throw ValidationError("\(option): \(error)") }
    }

    static func json(_ text: String, option: String) throws -> JSONValue {
        do { return try JSONValue(parsing: text) } catch { throw ValidationError("\(option): \(error)") }
    }
}

extension CallOptions.Compression {
    /// A compression by Celery's name for it.
    ///
    /// - Throws: `ValidationError` for what is not built in.
    init(_ name: String, flag: String) throws {
        guard let compression = Self(rawValue: name) else {
            throw ValidationError("\(flag): gzip is built in, \(name) is not.")
        }
        self = compression
    }
}
