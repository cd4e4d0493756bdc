public import CeleryProtocol
import Foundation

/// What a running task may do to the workflow that it is part of.
extension TaskContext {
    /// Lets another signature take this task's place: `throw try context.replace(with: add.s(1, 2))`.
    ///
    /// It runs under this task's id and at its place in chain, group and chord, with its callbacks; this task has no
    /// result of its own. A group is collected into a list. Celery's `self.replace`.
    ///
    /// - Parameter part: A task, chain, group or chord.
    /// - Returns: The error to throw.
    public func replace(with part: some CanvasPart) -> some Error { Replacement(signature: part.signature) }

    /// Adds a task to the chord in whose header this one stands: the body waits for it too, its result comes last.
    ///
    /// - Parameter part: What is added.
    /// - Returns: Where its result will be.
    /// - Throws: `TaskFailure` (`ValueError`) outside a chord, and what ``TaskQueue/send(_:options:)`` throws.
    @discardableResult
    public func addToChord(_ part: some CanvasPart) async throws -> ResultNode {
        guard let chord = run.message.body.chord, let group = headers.group else {
            throw TaskFailure.builtin("ValueError", "\(name)[\(id)] is no member of any chord")
        }
        let place: JSONObject = [
            "group_id": .string(group), "group_index": JSONValue(headers.groupIndex), "chord": chord.json,
            "parent_id": JSONValue(id), "root_id": JSONValue(headers.rootID ?? id),
        ]
        let start = try CanvasStart(part.signature, options: place, replyTo: TaskQueue.replyTo)
        guard let result = start.result else {
            throw TaskFailure.builtin("ValueError", "a canvas without any task cannot be added to a chord")
        }
        try await queue.put(start, adding: group)
        RunningTask.current?.note(start.children)
        return result
    }

    /// Stores a state of the task's own, such as `PROGRESS`, for those who read its result meanwhile.
    ///
    /// Never put over a stored SUCCESS, and not at all once the lease is lost.
    ///
    /// - Parameters:
    ///   - state: Any text that is not one of Celery's final states.
    ///   - meta: What stands as the result.
    /// - Throws: `RedisError` when the broker did not answer within two seconds.
    public func updateState(_ state: TaskState, _ meta: JSONValue = nil) async throws {
        let result = TaskResult(
            taskID: id, state: state, result: meta, children: run.running.children.map(\.json),
            parentID: headers.parentID, groupID: headers.group)
        try await services.settler?.report(
            result.encoded(), at: queue.keys.result(id), keep: queue.resultSeconds, isResult: true, token: run.token)
    }
}

/// What a body throws that will not have its message: without a requeue it is gone, with a failure; with one it goes
/// behind all others in its queue.
public struct Reject: Error, Sendable {
    /// Why.
    public let reason: String
    /// Whether the message goes back.
    public let requeue: Bool

    /// Refuses the message.
    public init(_ reason: String = "", requeue: Bool = false) {
        self.reason = reason
        self.requeue = requeue
    }
}

/// What a body throws that wants no result stored, no callback called and no event sent.
public struct Ignore: Error, Sendable {
    /// Ends the task without a word.
    public init() {}
}

/// What a body throws that cannot do its work yet: its message waits, and comes again as it was sent.
///
/// It costs no attempt, stores no result and calls nobody, so a body may throw it as often as it must; one that may
/// fail for good asks for a retry instead.
public struct Postpone: Error, Sendable {
    /// How long from now.
    public let delay: Duration

    /// Puts the task off.
    public init(for delay: Duration) { self.delay = delay }
}

struct Replacement: Error { let signature: Signature }

/// What a body throws to end in a way of its own, neither well nor badly.
protocol EndingRequest: Error { var outcome: Outcome { get } }

extension Reject: EndingRequest { var outcome: Outcome { .rejected(reason, requeues: requeue) } }
extension Ignore: EndingRequest { var outcome: Outcome { .ignored } }
extension Postpone: EndingRequest { var outcome: Outcome { .early(until: Date().addingTimeInterval(delay.seconds)) } }
extension Replacement: EndingRequest { var outcome: Outcome { .replaced(by: signature) } }
