public import CeleryProtocol

/// How far a task of the ledger is; stored as its number.
public enum LedgerState: Int, Sendable, CaseIterable {
    /// Accepted, and not begun as far as anybody has said.
    case pending = 0
    case started = 1
    case retry = 2
    case success = 3
    case failure = 4
    case revoked = 5
    /// Redis has no trace of it, and its result was never seen: nobody wanted one, or it has expired.
    case unknown = 6

    /// Celery's name of it, upper case; `UNKNOWN` for the one that Celery does not have.
    public var name: String {
        switch self {
        case .pending: "PENDING"
        case .started: "STARTED"
        case .retry: "RETRY"
        case .success: "SUCCESS"
        case .failure: "FAILURE"
        case .revoked: "REVOKED"
        case .unknown: "UNKNOWN"
        }
    }

    /// Whether nothing more is to come, and nothing has to be sent again.
    public var isFinal: Bool { rawValue >= LedgerState.success.rawValue }

    /// From a name; nil for those that no row has.
    public init?(name: String) {
        guard let state = Self.allCases.first(where: { $0.name == name.uppercased() }) else { return nil }
        self = state
    }

    /// From a result; `RECEIVED` and states of a task's own making say no more than that it has begun.
    public init(_ state: TaskState) {
        self = LedgerState(name: state.rawValue) ?? (state == .received ? .pending : .started)
    }
}
