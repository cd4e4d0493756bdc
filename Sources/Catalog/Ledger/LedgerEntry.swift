public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// A task as it is accepted.
public struct LedgerDraft: Sendable {
    /// The task's id; one that the ledger has already is not accepted a second time.
    public var id: TaskID
    /// The task's name.
    public var name: String
    /// Where it goes.
    public var queue: QueueName
    /// 0 is served first, 9 last.
    public var priority: Int?
    /// The plugin it is about.
    public var plugin: String?
    /// What it is about, for people.
    public var about = ""
    /// Who asked: a principal's name, or `beat`.
    public var origin = ""
    /// The schedule that was due.
    public var schedule: String?
    /// The task that this one repeats.
    public var parent: TaskID?
    /// Not before this.
    public var due: Date?
    /// Positional arguments.
    public var args: [JSONValue]
    /// Keyword arguments.
    public var kwargs: JSONObject
    /// The envelope as it goes on the wire; kept until the task is over.
    public var message: [UInt8]
    /// An `Idempotency-Key` with its owner, and what must be equal for a request to count as the same.
    public var once: (key: String, call: String)?

    /// A task with its message.
    public init(
        id: TaskID, name: String, queue: QueueName, args: [JSONValue], kwargs: JSONObject, message: [UInt8]
    ) {
        self.id = id
        self.name = name
        self.queue = queue
        self.args = args
        self.kwargs = kwargs
        self.message = message
    }

    /// What a search by text looks at: the name, what it is about, and the arguments, 600 letters of them.
    var words: String {
        let text = "\(name) \(about) \(JSONValue.array(args).text) \(JSONValue.object(kwargs).text)"
        return String(text.prefix(600))
    }
}

/// A task that is not over, with what it takes to send it again.
public struct OpenTask: Sendable {
    /// Grows with every task.
    public let seq: Int
    /// The task's id.
    public let id: TaskID
    /// Where it goes, or went.
    public let queue: QueueName
    /// 0 is served first, 9 last; nil means the default.
    public let priority: Int?
    /// Not before this.
    public let due: Date?
    /// When it was accepted.
    public let acceptedAt: Date
    /// Whether somebody has cancelled it: then it is not sent again.
    public let isCancelled: Bool
    /// The envelope.
    public let message: [UInt8]

    init(_ row: Row) {
        seq = row["seq"]
        id = TaskID(rawValue: row["task_id"])
        queue = QueueName(rawValue: row["queue"])
        priority = row["priority"]
        due = row.milliseconds("due_at")
        acceptedAt = row.milliseconds("accepted_at") ?? .distantPast
        isCancelled = (row["cancelled_at"] as Int?) != nil
        message = [UInt8](row["message"] as Data? ?? Data())
    }
}

/// A task of the ledger as people see it.
public struct LedgerEntry: Sendable {
    /// Grows with every task; pages go by it.
    public let seq: Int
    /// The task's id.
    public let id: TaskID
    /// The task's name.
    public let name: String
    /// Where it goes, or went.
    public let queue: String
    /// 0 is served first, 9 last; nil means the default.
    public let priority: Int?
    /// The plugin it is about.
    public let plugin: String?
    /// What it is about, for people.
    public let about: String
    /// Who asked: a principal's name, or `beat`.
    public let origin: String
    /// The schedule that was due.
    public let schedule: String?
    /// The task that this one repeats.
    public let parent: TaskID?
    /// How far it is.
    public let state: LedgerState
    /// When it was accepted.
    public let acceptedAt: Date
    /// Not before this.
    public let due: Date?
    /// When a worker said that it began.
    public let startedAt: Date?
    /// When it was over.
    public let finishedAt: Date?
    /// When somebody cancelled it.
    public let cancelledAt: Date?
    /// How often it was tried again.
    public let retries: Int
    /// One line; of a failure its class and text.
    public let error: String?
    /// Positional and keyword arguments; read with one task only.
    public let args: [JSONValue], kwargs: JSONObject
    /// What the task returned, if it was small enough to be kept; read with one task only.
    public let outcome: JSONValue?
    /// What happened meanwhile, oldest first: JSON `{at, what, …}`; read with one task only.
    public let steps: [JSONValue]

    init(_ row: Row) {
        seq = row["seq"]
        id = TaskID(rawValue: row["task_id"])
        name = row["name"]
        queue = row["queue"]
        priority = row["priority"]
        plugin = row["plugin"]
        about = row["about"]
        origin = row["origin"]
        schedule = row["schedule"]
        parent = (row["parent_id"] as String?).map(TaskID.init(rawValue:))
        state = LedgerState(rawValue: row["state"]) ?? .unknown
        acceptedAt = row.milliseconds("accepted_at") ?? .distantPast
        due = row.milliseconds("due_at")
        startedAt = row.milliseconds("started_at")
        finishedAt = row.milliseconds("finished_at")
        cancelledAt = row.milliseconds("cancelled_at")
        retries = row["retries"]
        error = row["error"]
        let hasAll = row.hasColumn("args")
        args = hasAll ? row.json("args")?.array ?? [] : []
        kwargs = hasAll ? row.object("kwargs") : [:]
        outcome = hasAll ? row.json("outcome") : nil
        steps = hasAll ? row.json("steps")?.array ?? [] : []
    }

    /// What ``init(_:)`` needs for a list.
    static let listed = """
        "seq", "task_id", "name", "queue", "priority", "plugin", "about", "origin", "schedule", "parent_id", "state",
        "accepted_at", "due_at", "started_at", "finished_at", "cancelled_at", "retries", "error"
        """
}

extension Row {
    /// A column of Unix milliseconds.
    func milliseconds(_ column: String) -> Date? {
        (self[column] as Int?).map { Date(timeIntervalSince1970: Double($0) / 1000) }
    }
}

extension Date {
    /// Unix milliseconds, rounded.
    var milliseconds: Int { Int((timeIntervalSince1970 * 1000).rounded()) }
}
