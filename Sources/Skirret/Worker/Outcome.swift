import CeleryProtocol
import Foundation

/// How one run ended.
enum Outcome: Sendable {
    case succeeded(JSONValue)
    case failed(TaskFailure)
    /// The body asked for another attempt, or its policy grants one.
    case retry(after: Duration, reason: TaskFailure)
    /// Not run, or stopped: `revoked`, `terminated` or `expired`.
    case revoked(Revocation)
    /// Its time has not come.
    case early(until: Date)
    /// The process that ran it died.
    case crashed(reason: String)
    /// The worker stops; the message goes back without costing an attempt.
    case handedBack
    /// Another worker owns the message now; writing anything would corrupt its claim.
    case leaseLost
}

/// Why a task is revoked; the words are Celery's.
enum Revocation: String, Sendable {
    case revoked, terminated, expired
}

/// Why a running body is told to stop.
enum StopReason: Sendable, Equatable {
    case terminated, timeLimit, leaseLost, workerStops
    /// There is no soft limit, or none came first.
    case hardTimeLimit(seconds: Double)
}

/// What a worker writes at the end of a run, decided without I/O.
struct Settlement: Sendable {
    struct Publication: Sendable {
        var key: String
        var result: TaskResult
    }

    struct FollowUp: Sendable {
        enum Due: Sendable, Equatable {
            case now
            case after(Duration)
            case at(Date)
        }
        var list: String
        var id: TaskID
        var due: Due
        var message: [UInt8]
    }

    /// The task's own result, stored or not; a chord counts it in either case.
    var own: TaskResult?
    var results: [Publication] = []
    var followUps: [FollowUp] = []
    /// The task is over; nothing about it needs to be remembered for another attempt.
    var isFinal = true
    /// The chord whose bookkeeping is done, because this settlement publishes its body.
    var finishedChord: String?

    /// Whether it leaves nothing behind but the task's own result, so that it may go the fast way, with others.
    ///
    /// Whoever adds a property above that the settle script does not know excludes it here.
    var isPlain: Bool {
        followUps.isEmpty && finishedChord == nil && results.count <= 1
            && results.allSatisfy { $0.result.taskID == own?.taskID }
    }
}
