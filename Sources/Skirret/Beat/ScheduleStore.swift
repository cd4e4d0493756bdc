public import CeleryProtocol
public import Foundation

/// What a schedule enqueues.
public struct ScheduledCall: Sendable {
    /// The task's name.
    public var task: String
    /// Positional arguments.
    public var args: [JSONValue]
    /// Keyword arguments.
    public var kwargs: JSONObject
    /// Where it goes; nil means the default queue.
    public var queue: QueueName?
    /// 0 is served first, 9 last.
    public var priority: Int?
    /// How long after its due time it may still run.
    public var expiresAfter: Duration?

    /// A call.
    public init(
        task: String, args: [JSONValue] = [], kwargs: JSONObject = [:], queue: QueueName? = nil, priority: Int? = nil,
        expiresAfter: Duration? = nil
    ) {
        self.task = task
        self.args = args
        self.kwargs = kwargs
        self.queue = queue
        self.priority = priority
        self.expiresAfter = expiresAfter
    }
}

/// Where schedules live.
///
/// Beat reads them; somebody else writes them.
public protocol ScheduleStore: Sendable {
    /// A text that differs after every change of the schedules. Asked for every second, so it must be cheap.
    func changeMark() async throws -> String
    /// The entries that are enabled now.
    func schedules() async throws -> [ScheduledTask]
    /// Notes that an entry fired. An entry that fires once only is disabled here.
    func recordRun(of name: String, at date: Date) async throws
}
