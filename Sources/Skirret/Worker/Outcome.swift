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
    /// Another signature takes its place.
    case replaced(by: Signature)
    /// The body would not have it: gone with a failure, or back in its queue.
    case rejected(String, requeues: Bool)
    /// The body wants it to be forgotten.
    case ignored
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
        /// Set when an exchange decides which queues get it; `list` is none then.
        var exchanged: TaskMessage?
    }

    /// One part of a chord, recorded once however often its task runs.
    struct Part: Sendable {
        var group: String
        var index: Int?
        var task: TaskID
        var state: TaskState
        var value: JSONValue
        /// What is sent once all parts are there.
        var body: Signature
    }

    /// The end of a chord: its body is among the follow-ups, or its failure among the results.
    struct Body: Sendable, Equatable {
        var group: String
        /// Of how many parts it was made.
        var count: Int
        var isError: Bool
    }

    /// The task's own result, stored or not; a chord counts it in either case.
    var own: TaskResult?
    var results: [Publication] = []
    var followUps: [FollowUp] = []
    /// The task is over; nothing about it needs to be remembered for another attempt.
    var isFinal = true
    /// Parts of chords that count with it: the task's own, and those of tasks that will never run.
    var parts: [Part] = []
    /// The chords that it ends.
    var bodies: [Body] = []
    /// The chords whose headers are among the follow-ups.
    var chords: [CanvasStart.Chord] = []
    /// Headers with groups in them, to be saved for their bodies.
    var groups: [ResultNode] = []
    /// Another task has its id now and goes on in its place.
    var isReplaced = false
    /// What kept equal calls out while the task was not over; see ``Uniqueness``.
    var unique: String?
    /// The batch that waits for the task.
    var batch: String?

    /// Whether more is written than results, follow-ups and the acknowledgement.
    var touchesChords: Bool { !parts.isEmpty || !chords.isEmpty || !groups.isEmpty }

    /// Whether it leaves nothing behind but the task's own result, so that it may go the fast way, with others.
    ///
    /// Whoever adds a property above that the settle script does not know excludes it here.
    var isPlain: Bool {
        isFinal && followUps.isEmpty && !touchesChords && unique == nil && batch == nil && results.count <= 1
            && results.allSatisfy { $0.result.taskID == own?.taskID }
    }
}
