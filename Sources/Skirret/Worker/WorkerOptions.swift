public import CeleryProtocol

/// How a worker works.
public struct WorkerOptions: Sendable {
    /// The node's name, `name@host`, unique in the fleet.
    public var name: String
    /// The queues it takes from, in order of preference.
    public var queues: [QueueName]
    /// How many tasks run at the same time.
    public var concurrency: Int
    /// How long a claim is believed without a heartbeat.
    ///
    /// 12 s: longer than any healthy pause, and a dead worker's tasks run again within 15 s.
    public var lease: Duration = .seconds(12)
    /// How often leases are renewed.
    public var heartbeat: Duration = .seconds(4)
    /// How often expired leases are looked for.
    public var sweep: Duration = .seconds(2)
    /// How long running tasks may go on after a stop was asked for.
    public var grace: Duration = .seconds(30)
    /// After so many deaths of the process that ran it a message is dead.
    public var mostCrashes = 3
    /// Task events are sent from the start.
    ///
    /// Celery's `-E`.
    public var sendsTaskEvents = false
    /// The state STARTED is stored when a task begins.
    public var tracksStarted = false

    /// Options with their defaults.
    public init(name: String, queues: [QueueName] = ["celery"], concurrency: Int = 4) {
        self.name = name
        self.queues = queues
        self.concurrency = concurrency
    }
}
