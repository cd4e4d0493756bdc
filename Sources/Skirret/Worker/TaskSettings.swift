import CeleryProtocol
import Synchronization

/// What remote control may change about a task while the worker runs: its rate limit and its time limits.
///
/// One per worker. What was never changed is the task's own.
final class TaskSettings: Sendable {
    private struct Changes {
        /// A stored nil is a limit that was taken away.
        var rateLimits: [String: RateLimit?] = [:]
        var timeLimits: [String: TimeLimits] = [:]
    }

    private let changes = Mutex(Changes())
    private let defaults: TimeLimits

    /// - Parameter defaults: The time limits of tasks that have none of a kind.
    init(defaults: TimeLimits = .init()) { self.defaults = defaults }

    /// How often this worker may start the task; nil means as often as it likes.
    func rateLimit(of task: RegisteredTask) -> RateLimit? {
        changes.withLock { $0.rateLimits[task.name] } ?? task.options.rateLimit
    }

    /// Seconds after which a run is told to stop, and after which the process that runs it is ended.
    ///
    /// A message's own limits stand above these. Nil means no limit of either kind.
    func timeLimits(of task: RegisteredTask) -> TimeLimits? {
        if let changed = changes.withLock({ $0.timeLimits[task.name] }) {
            return changed.hard == nil && changed.soft == nil ? nil : changed
        }
        let soft = task.options.timeLimit?.seconds ?? defaults.soft
        let hard = task.options.hardTimeLimit?.seconds ?? defaults.hard
        return soft == nil && hard == nil ? nil : TimeLimits(hard: hard, soft: soft)
    }

    /// Changes the rate limit for runs that start from now on; nil takes it away.
    func limitRate(of name: String, to limit: RateLimit?) {
        changes.withLock { $0.rateLimits[name] = .some(limit) }
    }

    /// Changes the time limits for runs that start from now on; nil takes a limit away.
    func limitTime(of name: String, to limits: TimeLimits) {
        changes.withLock { $0.timeLimits[name] = limits }
    }
}
