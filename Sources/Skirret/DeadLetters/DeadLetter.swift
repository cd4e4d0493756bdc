public import CeleryProtocol
public import Foundation

/// A message that was given up, with all that is known about why.
public struct DeadLetter: Sendable {
    /// Under which it is shown, replayed and discarded; not the task's id.
    public var id: String
    /// When it was given up.
    public var at: Date
    /// The list it came from, and goes back to.
    public var queue: String
    /// The task's id; nil when the message could not be read.
    public var task: TaskID?
    /// The task's name; empty when the message could not be read.
    public var name: String
    /// Why.
    public var reason: String
    /// The worker that had it last; nil when none had.
    public var worker: String?
    /// How often a worker died under it.
    public var crashes: Int
    /// The bytes, as they were.
    public var message: [UInt8]

    /// What letters of the same cause have in common: the task, and the reason without its numbers and ids.
    public var fingerprint: String {
        let plain = String(reason.prefix(300)).replacing(/[0-9a-f]{8}-[0-9a-f-]{27}|'[^']*'|"[^"]*"|[0-9]+/, with: "…")
        return name.isEmpty ? plain : "\(name): \(plain)"
    }

    /// The same as one JSON object; bytes that are no text are shown with replacement characters.
    public var json: JSONValue {
        [
            "id": .string(id), "at": .double(at.timeIntervalSince1970), "queue": .string(queue),
            "task": task.map { .string($0.rawValue) } ?? .null, "name": .string(name), "reason": .string(reason),
            "worker": worker.map(JSONValue.string) ?? .null, "crashes": .int(crashes),
            "fingerprint": .string(fingerprint), "message": .string(String(decoding: message, as: UTF8.self)),
        ]
    }

    /// Reads a letter as the scripts write it: what is known, as JSON; a line feed; the message.
    init?(id: String, milliseconds: Double, stored: [UInt8]) {
        guard let line = stored.firstIndex(of: UInt8(ascii: "\n")),
            // Ours by construction; another's is skipped.
            let about = try? JSONValue(parsing: Array(stored[..<line]))
        else { return nil }
        self.id = id
        at = Date(timeIntervalSince1970: milliseconds / 1000)
        queue = about["queue"]?.string ?? ""
        task = about["task"]?.string.flatMap { $0.isEmpty ? nil : TaskID(rawValue: $0) }
        name = about["name"]?.string ?? ""
        reason = about["reason"]?.string ?? ""
        worker = about["worker"]?.string
        crashes = about["crashes"]?.int ?? 0
        message = Array(stored[(line + 1)...])
    }
}

/// Which dead letters are meant.
public struct DeadLetterFilter: Sendable {
    /// The task's name.
    public var name: String?
    /// The list the letter came from.
    public var queue: String?
    /// Text that the reason contains.
    public var reason: String?

    /// All letters, unless told otherwise.
    public init(name: String? = nil, queue: String? = nil, reason: String? = nil) {
        self.name = name
        self.queue = queue
        self.reason = reason
    }

    /// Whether a letter is meant.
    public func matches(_ letter: DeadLetter) -> Bool {
        (name == nil || letter.name == name) && (queue == nil || letter.queue == queue)
            && (reason.map { letter.reason.contains($0) } ?? true)
    }
}

/// What is to be different when a dead letter is sent again.
public struct DeadLetterEdit: Sendable {
    /// Other positional arguments.
    public var args: [JSONValue]?
    /// Other keyword arguments.
    public var kwargs: JSONObject?
    /// Another task.
    public var name: String?
    /// Another queue.
    public var queue: QueueName?

    /// No change.
    public init() {}

    /// The message with the changes.
    ///
    /// - Throws: `WireError` when the message cannot be read; such a letter cannot be edited, only sent as it is.
    package func applied(to message: [UInt8]) throws(WireError) -> [UInt8] {
        var message = try TaskMessage(decoding: message)
        if let args { message.body.args = args }
        if let kwargs { message.body.kwargs = kwargs }
        if args != nil { message.headers.argsRepr = pythonTupleRepr(message.body.args) }
        if kwargs != nil { message.headers.kwargsRepr = pythonRepr(.object(message.body.kwargs)) }
        if let name { message.headers.task = name }
        if let queue { message.properties.routingKey = queue.rawValue }
        return message.encoded()
    }

    /// Nothing is changed.
    package var isEmpty: Bool { args == nil && kwargs == nil && name == nil && queue == nil }
}
