/// What ``TaskContext/checkCancellation()`` throws: somebody wants the body to end, and why.
public struct TaskCancellation: Error, Sendable, CustomStringConvertible {
    /// Who wants the body to end.
    public enum Reason: Sendable, Hashable {
        /// Its time limit has passed.
        case timeLimit
        /// The task was revoked with `terminate`.
        case revoked
        /// The worker stops, and its grace is over; the task will run again elsewhere, at no cost.
        case workerStops
        /// Another worker owns the task now; nothing this run writes counts any more.
        case leaseLost
    }

    /// Who wants the body to end.
    public let reason: Reason

    /// "the task was told to stop: its time limit has passed".
    public var description: String {
        let why =
            switch reason {
            case .timeLimit: "its time limit has passed"
            case .revoked: "it was revoked"
            case .workerStops: "the worker stops"
            case .leaseLost: "another worker owns it now"
            }
        return "the task was told to stop: \(why)"
    }
}

extension StopReason {
    /// As the body is told.
    var cancellation: TaskCancellation.Reason {
        switch self {
        case .terminated: .revoked
        case .timeLimit, .hardTimeLimit: .timeLimit
        case .leaseLost: .leaseLost
        case .workerStops: .workerStops
        }
    }
}
