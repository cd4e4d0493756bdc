public import CeleryProtocol
public import Logging

/// What a running task may ask about itself.
public struct TaskContext: Sendable {
    /// The task's id; the same for every attempt.
    public let id: TaskID
    /// The task's name.
    public let name: String
    /// How often the task has been retried before this run.
    ///
    /// Zero on the first.
    public let retries: Int
    /// When the body will be cancelled: the first of its time limits; nil means never.
    public let deadline: ContinuousClock.Instant?
    let run: Run
    let claim: HeldClaim
    let services: BodyServices

    /// A logger that carries the task's id and name; its records are kept with the task too.
    ///
    /// Made anew for each use: most bodies never say anything.
    public var logger: Logger {
        var logger = services.logger
        for (key, value) in run.metadata { logger[metadataKey: key] = value }
        logger.handler = TaskLogHandler(task: id, log: services.log, next: logger.handler)
        return logger
    }

    /// The node that runs the task.
    public var worker: String { services.worker }

    /// The message's headers: group, root and parent, stamps, and what the caller put there.
    public var headers: TaskHeaders { run.message.headers }
    /// The broker that the task came from, to send further tasks with; they become this one's children.
    public var queue: TaskQueue { services.queue }

    /// Tells whoever watches how far the task is.
    ///
    /// - Parameters:
    ///   - percent: 0 to 100.
    ///   - message: What is being done, for people.
    public func progress(_ percent: Double, _ message: String = "") async {
        claim.note(.init(percent: percent, message: message))
        await services.report(percent, message, of: run)
    }

    /// Why the body shall end, once somebody wants that; nil until then.
    ///
    /// The body's task is cancelled at the same moment: what waits for the clock, the network or another task ends by
    /// itself. A body that computes asks from time to time.
    public var cancellation: TaskCancellation.Reason? { claim.body.reason?.cancellation }

    /// Whether somebody wants the body to end.
    public var isCancelled: Bool { cancellation != nil }

    /// Ends the body if somebody wants that.
    ///
    /// - Throws: ``TaskCancellation`` with the reason.
    public func checkCancellation() throws(TaskCancellation) {
        if let reason = cancellation { throw TaskCancellation(reason: reason) }
    }

    /// Takes a single-flight name until this run ends, as ``TaskOptions/singleFlight`` does for whole tasks.
    ///
    /// - Parameter name: What only one run in the fleet may hold.
    /// - Returns: The task that holds it already; nil when it is this run's now.
    /// - Throws: `RedisError` when the broker did not answer within two seconds.
    public func reserve(_ name: String) async throws -> TaskID? {
        try await services.settler?.running(under: name, token: run.claim.token, id: id)
    }

    /// Asks to be tried again: `throw context.retry(after: .seconds(5))`.
    ///
    /// - Parameters:
    ///   - delay: How long from now.
    ///   - error: Why; it becomes the failure when no attempt is left.
    /// - Returns: The error to throw.
    public func retry(after delay: Duration, because error: (any Error)? = nil) -> RetryRequest {
        RetryRequest(delay: delay, reason: error.map(TaskFailure.init(of:)) ?? .retriesExceeded(name: name, id: id))
    }

    /// Keeps a record of somebody else's logger with the task, such as a line that a child process printed.
    ///
    /// - Parameters:
    ///   - level: The record's level.
    ///   - source: Who wrote it.
    ///   - message: The line.
    public func keep(level: Logger.Level, source: String, message: String) {
        services.log.append(task: id, level: level, source: source, message: message)
    }
}

/// What the bodies of one worker have in common.
final class BodyServices: Sendable {
    let worker: String
    let logger: Logger
    let log: TaskLog
    let queue: TaskQueue
    /// Nil where a body runs without a broker.
    let settler: Settler?

    init(
        worker: String, logger: Logger, log: TaskLog, queue: TaskQueue, settler: Settler?
    ) {
        self.worker = worker
        self.logger = logger
        self.log = log
        self.queue = queue
        self.settler = settler
    }

    func report(_ percent: Double, _ message: String, of run: Run) async {
        let json: JSONValue = ["percent": .double(percent), "message": .string(message)]
        // Progress is a courtesy: a broker that is away must not fail the work.
        try? await settler?.report(
            json.encoded(), at: queue.keys.progress(run.message.headers.id), keep: 86_400, isResult: false,
            token: run.token)
    }
}

extension TaskFailure {
    /// What a caller sees of an error that a body threw.
    init(of error: any Error) {
        switch error {
        case let failure as TaskFailure: self = failure
        case let request as RetryRequest: self = request.reason
        default:
            self.init(
                excType: String(describing: type(of: error)), excMessage: [.string(String(describing: error))],
                excModule: "skirret", traceback: String(reflecting: error))
        }
    }

    static func retriesExceeded(name: String, id: TaskID) -> TaskFailure {
        .maxRetriesExceeded("Can't retry \(name)[\(id)]: no attempt is left")
    }
}
