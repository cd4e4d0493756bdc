public import CeleryProtocol

/// How a worker works.
public struct WorkerOptions: Sendable {
    /// The ``lease`` of workers that nobody told otherwise.
    package static let usualLease = Duration.seconds(12)

    /// The node's name, `name@host`, unique in the fleet.
    public var name: String
    /// The queues it takes from, in order of preference.
    public var queues: [QueueName]
    /// How many tasks run at the same time.
    public var concurrency: Int
    /// How long a claim is believed without a heartbeat.
    ///
    /// 12 s: longer than any healthy pause, and a dead worker's tasks run again within 15 s.
    public var lease = Self.usualLease
    /// How often leases are renewed.
    public var heartbeat: Duration = .seconds(4)
    /// How often expired leases are looked for at the least; those of dead workers are found when they end.
    public var sweep: Duration = .seconds(4)
    /// How long running tasks may go on after a stop was asked for.
    ///
    /// Then they are cancelled; what has not ended a second later goes back to its queue at no cost.
    public var grace: Duration = .seconds(30)
    /// What becomes of the process when a body ignores its cancellation.
    public var onHardTimeLimit = HardTimeLimitAction.keepsProcess
    /// After so many deaths of the process that ran it a message is dead.
    public var mostCrashes = 3
    /// How long a message waits for a worker that knows its task, before it is dead.
    ///
    /// One hour: longer than any deploy. Zero fails it at once with `NotRegistered`, as Celery does.
    public var unknownTaskPatience: Duration = .seconds(3600)
    /// How long whoever waits for the result of such a message is left in the dark.
    ///
    /// 5 s: then FAILURE `NotRegistered` is stored, which is what Celery stores at once, while the message goes on
    /// waiting. It is no final word (its `date_done` is null): a worker that knows the task still runs it.
    public var unknownTaskNotice: Duration = .seconds(5)
    /// The bounds between which the number of slots follows the load; nil means ``concurrency`` all the time.
    public var autoscale: ClosedRange<Int>?
    /// After so many tasks the worker retires; nil means never.
    public var mostTasks: Int?
    /// Called once when ``mostTasks`` is reached: somebody may take this worker's place now.
    public var willRetire: @Sendable () -> Void = {}
    /// Task events are sent from the start.
    ///
    /// Celery's `-E`.
    public var sendsTaskEvents = false
    /// The state STARTED is stored when a task begins.
    public var tracksStarted = false

    /// Tasks are acknowledged before they run, as if each had asked for it: Celery's default, and no longer safe when
    /// the worker dies.
    public var acknowledgesEarly = false
    /// Seconds after which runs are told to stop, and given up, for tasks that do not say.
    public var timeLimits = TimeLimits()
    /// Which remote control commands it obeys.
    public var remoteControl = RemoteControlPolicy.standard
    /// How far remote control may grow ``concurrency``.
    ///
    /// 1,024: more than any machine runs well, and few enough that no forged command brings it down.
    public var mostConcurrency = 1_024
    /// Whoever scales the worker sets this: remote control's `autoscale` gives new bounds (nil: as before) and gets
    /// those that count now.
    ///
    /// While it is set, `pool_grow` and `pool_shrink` are refused, as in Celery.
    public var rescale: (@Sendable (_ most: Int?, _ least: Int?) -> ClosedRange<Int>)?
    /// Asks the other workers at the start which tasks are revoked.
    ///
    /// Celery's "mingle".
    public var mingles = true
    /// Tells monitors every two seconds that it lives.
    ///
    /// Without it monitors such as Flower take it for dead; leases do not depend on it.
    public var sendsHeartbeatEvents = true
    /// After so long without renewal Python workers of the same database take a message for abandoned.
    ///
    /// kombu's `visibility_timeout`: an hour. The smallest one of any worker counts for all; claims are renewed with
    /// every ``heartbeat``, so it only has to be longer than ``lease``.
    public var visibilityTimeout: Duration = .seconds(3_600)
    /// Results say name, arguments, worker, retries, queue and stamps too.
    ///
    /// Celery's `result_extended`.
    public var extendsResults = false

    /// Options with their defaults.
    public init(name: String, queues: [QueueName] = ["celery"], concurrency: Int = 4) {
        self.name = name
        self.queues = queues
        self.concurrency = concurrency
    }
}

/// What becomes of the process when a body ignores its cancellation: past its hard time limit, or past a stop's grace.
///
/// In either case the task itself is settled first: a time limit's failure is stored and the message acknowledged; what
/// a stop leaves over goes back to its queue. Swift cannot end a body that does not listen, only the process can end.
public enum HardTimeLimitAction: Sendable, Hashable {
    /// The process goes on, and the body keeps its slot until it ends.
    ///
    /// The default, and right for a program that does more than work on tasks.
    case keepsProcess
    /// Everything else that the process holds goes back to its queues at no cost, and the process ends with this code.
    ///
    /// For workers that somebody starts again, such as `skirret worker --processes 2`. A stop ends with 0.
    case endsProcess(exitCode: Int32)
}
