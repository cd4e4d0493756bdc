public import CeleryProtocol
public import FoundationEssentials

/// What people may set of a schedule.
public struct ScheduleDraft: Sendable {
    /// Unique.
    public var name: String
    /// Which task it enqueues.
    public var task: String
    /// When.
    public var recurrence: Recurrence
    /// Positional arguments.
    public var arguments: [JSONValue] = []
    /// Keyword arguments.
    public var keywordArguments: JSONObject = [:]
    /// Nil means the task's own queue.
    public var queue: String?
    /// 0 is served first, 9 last.
    public var priority: Int?
    /// More message headers; under `skirret` what django_celery_beat has no column for.
    public var headers: JSONObject = [:]
    /// After this it fires no more.
    public var expires: Date?
    /// Seconds after which a message that nobody took is dropped.
    public var expireSeconds: Int?
    /// Whether it fires once only.
    public var isOneOff = false
    /// Before this it does not fire.
    public var startTime: Date?
    /// Whether it fires at all.
    public var isEnabled = true
    /// For people.
    public var description = ""

    /// A schedule.
    public init(name: String, task: String, recurrence: Recurrence) {
        self.name = name
        self.task = task
        self.recurrence = recurrence
    }

    /// The same as the row that is there; nil for one whose rule nobody can read.
    public init?(_ schedule: Schedule) {
        guard let recurrence = schedule.recurrence else { return nil }
        self.init(name: schedule.name, task: schedule.task, recurrence: recurrence)
        arguments = schedule.arguments
        keywordArguments = schedule.keywordArguments
        queue = schedule.queue
        priority = schedule.priority
        headers = schedule.headers
        expires = schedule.expires
        expireSeconds = schedule.expireSeconds
        isOneOff = schedule.isOneOff
        startTime = schedule.startTime
        isEnabled = schedule.isEnabled
        description = schedule.description
    }
}
