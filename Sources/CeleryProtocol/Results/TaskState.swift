/// The state of a task as its result tells it.
///
/// Any other text is a task's own (`update_state`).
public struct TaskState: WireText {
    /// The text as it stands on the wire.
    public let rawValue: String
    /// Takes any text as it is.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Nothing is known: waiting, or never sent.
    public static let pending: TaskState = "PENDING"
    /// A worker has it.
    public static let received: TaskState = "RECEIVED"
    /// It runs; only written by tasks with `track_started`.
    public static let started: TaskState = "STARTED"
    /// It returned a result.
    ///
    /// Never overwritten.
    public static let success: TaskState = "SUCCESS"
    /// It failed for good.
    public static let failure: TaskState = "FAILURE"
    /// It failed and will be tried again.
    public static let retry: TaskState = "RETRY"
    /// It was cancelled or ran out of time before it began.
    public static let revoked: TaskState = "REVOKED"
    /// A worker would not have it.
    public static let rejected: TaskState = "REJECTED"
    /// It was told to be ignored.
    public static let ignored: TaskState = "IGNORED"

    /// Whether this is a last word: callers stop waiting.
    public var isReady: Bool { self == .success || self == .failure || self == .revoked }

    /// Whether the result is an exception.
    public var isException: Bool { self == .failure || self == .retry || self == .revoked }
}
