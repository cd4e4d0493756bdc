/// An exception as results carry it: `exc_type`, `exc_message`, `exc_module`, and the traceback beside it.
///
/// A Python reader makes `exc_type(*exc_message)` of it if the module is loaded there, else a class of
/// that name. For the well-known kinds use the Python names below, so that `except` clauses work.
public struct TaskFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The exception's class.
    public var excType: String
    /// The exception's arguments.
    public var excMessage: [JSONValue]
    /// The module of the class.
    public var excModule: String?
    /// Where it was raised, as Python prints it.
    public var traceback: String?

    /// An exception with its arguments.
    public init(
        excType: String, excMessage: [JSONValue], excModule: String? = nil, traceback: String? = nil
    ) {
        self.excType = excType
        self.excMessage = excMessage
        self.excModule = excModule
        self.traceback = traceback
    }

    /// Reads the `result` of a FAILURE, RETRY or REVOKED.
    ///
    /// - Parameters:
    ///   - result: `{"exc_type", "exc_message", "exc_module"}`. Other shapes, which old versions and
    ///     other backends wrote, become a failure of the type `Exception` with the value as argument.
    ///   - traceback: the `traceback` beside it.
    public init(result: JSONValue, traceback: String? = nil) {
        guard let type = result["exc_type"]?.string else {
            self.init(excType: "Exception", excMessage: [result], traceback: traceback)
            return
        }
        let arguments: [JSONValue] =
            switch result["exc_message"] {
            case .array(let arguments)?: arguments
            case let single?: [single]
            case nil: []
            }
        self.init(
            excType: type, excMessage: arguments, excModule: result["exc_module"]?.string, traceback: traceback)
    }

    /// The `result` of a FAILURE, RETRY or REVOKED.
    public var json: JSONValue {
        ["exc_type": .string(excType), "exc_message": .array(excMessage), "exc_module": JSONValue(excModule)]
    }

    /// As the last line of a traceback: `ValueError: boom`.
    public var description: String {
        switch excMessage.count {
        case 0: excType
        case 1: "\(excType): \(excMessage[0].string ?? pythonRepr(excMessage[0]))"
        default: "\(excType): \(pythonTupleRepr(excMessage))"
        }
    }

    /// As events and chord errors print it: `ValueError('boom')`.
    public var pythonDescription: String {
        excMessage.count == 1 ? "\(excType)(\(pythonRepr(excMessage[0])))" : excType + pythonTupleRepr(excMessage)
    }
}

extension TaskFailure {
    /// An error of this worker's own, or a Python built-in one: `.builtin("ValueError", "boom")`.
    public static func builtin(_ type: String, _ message: String, traceback: String? = nil) -> TaskFailure {
        TaskFailure(excType: type, excMessage: [.string(message)], excModule: "builtins", traceback: traceback)
    }

    /// No worker knows the task's name.
    public static func notRegistered(_ task: String) -> TaskFailure {
        celery("NotRegistered", [.string(task)])
    }

    /// Cancelled; the reason is `revoked`, `terminated` or `expired`.
    public static func revoked(_ reason: String = "revoked") -> TaskFailure {
        celery("TaskRevokedError", [.string(reason)])
    }

    /// Tried as often as allowed.
    public static func maxRetriesExceeded(_ message: String) -> TaskFailure {
        celery("MaxRetriesExceededError", [.string(message)])
    }

    /// A part of a chord failed.
    public static func chordError(_ message: String) -> TaskFailure { celery("ChordError", [.string(message)]) }

    /// The task would not have its message.
    public static func rejected(_ reason: String) -> TaskFailure { celery("Reject", [.string(reason), false]) }

    /// Told to stop by the soft limit and did not handle it.
    public static let softTimeLimitExceeded = billiard("SoftTimeLimitExceeded", [])

    /// Killed by the hard limit, in seconds.
    public static func timeLimitExceeded(_ limit: Double) -> TaskFailure {
        billiard("TimeLimitExceeded", [Int(exactly: limit).map(JSONValue.int) ?? .double(limit)])
    }

    /// The process that ran the task died.
    public static func workerLost(_ message: String) -> TaskFailure {
        billiard("WorkerLostError", [.string(message)])
    }

    private static func celery(_ type: String, _ arguments: [JSONValue]) -> TaskFailure {
        TaskFailure(excType: type, excMessage: arguments, excModule: "celery.exceptions")
    }

    private static func billiard(_ type: String, _ arguments: [JSONValue]) -> TaskFailure {
        TaskFailure(excType: type, excMessage: arguments, excModule: "billiard.exceptions")
    }
}
