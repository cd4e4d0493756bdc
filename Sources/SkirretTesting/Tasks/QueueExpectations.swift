public import CeleryProtocol
public import Skirret

/// An expectation that was not met; its description shows what is there instead.
public struct QueueExpectationFailure: Error, Sendable, CustomStringConvertible {
    /// What was expected.
    public let expected: String
    /// What is there.
    public let snapshot: QueueSnapshot

    /// Both, in full.
    public var description: String { "expected \(expected). This is there:\n\(snapshot)" }
}

extension TaskQueue {
    /// Expects that a call of this task waits, and returns the first of them.
    ///
    ///     try await queue.expectQueued("samples.add")
    ///     try await queue.expectQueued("mail.send", in: "mail", args: ["ann@example.org"])
    ///
    /// - Parameters:
    ///   - task: The task's name.
    ///   - queue: Where it waits; anywhere unless said otherwise.
    ///   - args: Its positional arguments; any unless said otherwise.
    /// - Returns: The message.
    /// - Throws: ``QueueExpectationFailure``, whose description lists queues, messages and dead letters.
    @discardableResult
    public func expectQueued(
        _ task: String, in queue: QueueName? = nil, args: [JSONValue]? = nil
    ) async throws -> QueueSnapshot.Message {
        let snapshot = try await snapshot()
        let wanted = args.map { JSONValue.array($0).text }
        for entry in snapshot.queues where queue == nil || queue?.rawValue == entry.name {
            if let found = entry.messages.first(where: { $0.name == task && (wanted == nil || $0.args == wanted) }) {
                return found
            }
        }
        let place = queue.map { " in queue \($0.rawValue)" } ?? ""
        let call = wanted.map { "\(task)(\($0.dropFirst().dropLast()))" } ?? task
        throw QueueExpectationFailure(expected: "a call of \(call)\(place)", snapshot: snapshot)
    }

    /// Expects that no call waits: none at all, or none of this task.
    ///
    /// - Throws: ``QueueExpectationFailure``, whose description lists queues, messages and dead letters.
    public func expectNothingQueued(_ task: String? = nil) async throws {
        let snapshot = try await snapshot()
        let isThere = task.map { snapshot.isQueued($0) } ?? !snapshot.queues.isEmpty
        guard isThere else { return }
        throw QueueExpectationFailure(expected: "no call\(task.map { " of \($0)" } ?? "")", snapshot: snapshot)
    }

    /// Expects that a call of this task waits for its time, and returns the first of them.
    ///
    /// - Throws: ``QueueExpectationFailure``, whose description lists queues, messages and dead letters.
    @discardableResult
    public func expectScheduled(_ task: String) async throws -> QueueSnapshot.Message {
        let snapshot = try await snapshot()
        if let found = snapshot.scheduled.first(where: { $0.name == task }) { return found }
        throw QueueExpectationFailure(expected: "a scheduled call of \(task)", snapshot: snapshot)
    }

    /// Expects that nothing was given up.
    ///
    /// - Throws: ``QueueExpectationFailure``, whose description lists queues, messages and dead letters.
    public func expectNoDeadLetters() async throws {
        let snapshot = try await snapshot()
        guard snapshot.dead.isEmpty else {
            throw QueueExpectationFailure(expected: "no dead letters", snapshot: snapshot)
        }
    }
}
