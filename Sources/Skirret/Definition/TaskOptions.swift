public import CeleryProtocol

/// What belongs to a task wherever it is called from, declared with it, once.
public struct TaskOptions: Sendable {
    /// Where calls go that name no queue; nil means the task queue's default.
    public var queue: QueueName?
    /// Whether and when a failed run is tried again.
    public var retry: RetryPolicy
    /// When the message is acknowledged.
    public var acknowledgement: Acknowledgement
    /// How long the body may run before it is cancelled and fails with `SoftTimeLimitExceeded`; nil means for ever.
    ///
    /// Celery's `soft_time_limit`. A call may say otherwise.
    public var timeLimit: Duration?
    /// How long a body may run at all, also one that ignores its cancellation; nil means for ever.
    ///
    /// Celery's `time_limit`. The task fails with `TimeLimitExceeded` and is acknowledged; what becomes of the process
    /// that still runs the body is ``WorkerOptions/onHardTimeLimit``. Longer than ``timeLimit`` to be of use beside it.
    public var hardTimeLimit: Duration?
    /// Results of calls that do not say otherwise are not stored.
    public var ignoresResult: Bool
    /// Runs with the same name given here exclude each other across the fleet; a second one ends at
    /// once with ``SingleFlight/answer``.
    public var singleFlight: SingleFlight?
    /// Which calls count as one; nil: none do.
    public var uniqueness: Uniqueness?
    /// How many runs one worker starts in so much time; nil means no limit.
    ///
    /// Celery's `rate_limit`: each worker by itself. See ``limits`` for the fleet's.
    public var rateLimit: RateLimit?
    /// Limits that the whole fleet keeps together, each by a key made of the arguments.
    public var limits: [SharedLimit]
    /// How many of a worker's slots a run needs; one as a rule, more for what takes much memory or many processors.
    ///
    /// It waits until as many are free, first come, first served, and meanwhile nothing lighter takes them. What needs
    /// more slots than a worker has runs there alone.
    public var slots: Int

    /// When the message is acknowledged.
    public enum Acknowledgement: Sendable {
        /// After the result is stored: a run whose worker dies is run again. The default.
        case late
        /// Before the run: a run whose worker dies is lost. Celery's default.
        case early
    }

    /// One run at a time under a name.
    public struct SingleFlight: Sendable {
        /// The name, made of the call's arguments.
        public var name: @Sendable (_ args: [JSONValue], _ kwargs: JSONObject) -> String
        /// The result of a call that found another one running, given that one's task id.
        public var answer: @Sendable (_ running: TaskID) -> JSONValue

        /// Declares the name and the answer.
        public init(
            name: @escaping @Sendable (_ args: [JSONValue], _ kwargs: JSONObject) -> String,
            answer: @escaping @Sendable (_ running: TaskID) -> JSONValue
        ) {
            self.name = name
            self.answer = answer
        }
    }

    /// Options with their defaults: late acknowledgement, no retries, no limits.
    public init(
        queue: QueueName? = nil, retry: RetryPolicy = .never, acknowledgement: Acknowledgement = .late,
        timeLimit: Duration? = nil, hardTimeLimit: Duration? = nil, ignoresResult: Bool = false,
        singleFlight: SingleFlight? = nil,
        uniqueness: Uniqueness? = nil, rateLimit: RateLimit? = nil, limits: [SharedLimit] = [], slots: Int = 1
    ) {
        self.queue = queue
        self.retry = retry
        self.acknowledgement = acknowledgement
        self.timeLimit = timeLimit
        self.hardTimeLimit = hardTimeLimit
        self.ignoresResult = ignoresResult
        self.singleFlight = singleFlight
        self.uniqueness = uniqueness
        self.rateLimit = rateLimit
        self.limits = limits
        self.slots = max(1, slots)
    }
}

/// Whether and when a failed run is tried again.
public struct RetryPolicy: Sendable {
    /// How often a task is tried again at the most; a task that asks for more fails for good.
    public var maximum: Int
    let delay: @Sendable (_ retries: Int) -> Duration?
    var applies: @Sendable (any Error) -> Bool = { _ in true }

    init(maximum: Int, delay: @escaping @Sendable (_ retries: Int) -> Duration?) {
        self.maximum = maximum
        self.delay = delay
    }

    /// The same for some errors only; all others are failures at once.
    ///
    /// Celery's `autoretry_for`.
    ///
    /// ```swift
    /// .exponential(maximum: 5).only { $0 is ConnectionError }
    /// ```
    ///
    /// - Parameter isTransient: Whether an error may be gone next time.
    /// - Returns: The narrower policy.
    public func only(_ isTransient: @escaping @Sendable (any Error) -> Bool) -> RetryPolicy {
        var policy = self
        policy.applies = { [applies] error in applies(error) && isTransient(error) }
        return policy
    }

    /// Only a task that asks for it is tried again, at most three times (Celery's default).
    public static let never = RetryPolicy(maximum: 3) { _ in nil }

    /// After every failure, at a fixed distance.
    public static func constant(_ delay: Duration, maximum: Int = 3) -> RetryPolicy {
        RetryPolicy(maximum: maximum) { _ in delay }
    }

    /// After every failure, twice as long each time, with up to a fifth of jitter so that a crowd disperses.
    public static func exponential(
        from first: Duration = .seconds(1), upTo longest: Duration = .seconds(600), maximum: Int = 3
    ) -> RetryPolicy {
        RetryPolicy(maximum: maximum) { retries in
            min(first * (1 << min(retries, 20)), longest) * Double.random(in: 0.8...1)
        }
    }
}

/// What a body throws to be tried again later; see ``TaskContext/retry(after:because:)``.
public struct RetryRequest: Error, Sendable {
    let delay: Duration
    let reason: TaskFailure
}

/// What a body throws when the process that ran it died: the message goes back to its queue, and to
/// the dead letters after three such deaths.
public struct TaskHostCrash: Error, Sendable {
    /// What is known about the end: signal or exit code, memory, the last output.
    public let reason: String

    /// Reports a crash.
    ///
    /// - Parameter reason: What is known about the end.
    public init(reason: String) { self.reason = reason }
}
