public import CeleryProtocol
import SkirretRedis

/// A call that was made: its id, and the way to its result.
public struct TaskHandle<Output: Codable & Sendable>: Sendable {
    /// The task's id; of a canvas that of its last task, or of the group that it ends in.
    public var id: TaskID { TaskID(rawValue: node.id) }
    /// The broker, and where the result is.
    public let queue: TaskQueue
    /// Where the result is.
    public let node: ResultNode

    /// A handle on a call whose id is known, made here or anywhere else.
    public init(id: TaskID, queue: TaskQueue) { self.init(ResultNode(task: id), queue: queue) }

    /// A handle on a canvas's result.
    public init(_ node: ResultNode, queue: TaskQueue) {
        self.node = node
        self.queue = queue
    }

    /// Waits for the result.
    ///
    /// - Parameter timeout: How long to wait; the task goes on when it passes.
    /// - Returns: What the body returned.
    /// - Throws: `TaskFailure` when the task failed or was revoked, ``ResultTimeout`` when it took too
    ///   long, `RedisError` when the broker went away for good.
    public func result(within timeout: Duration) async throws -> Output {
        try await queue.value(of: node, within: timeout).decode(Output.self)
    }

    /// Forgets the result.
    public func forget() async throws { try await queue.forget(node.tasks) }

    /// What is known now; nil for a task that has not begun and for an id that nobody ever used.
    public func state() async throws -> TaskState? { try await queue.storedResult(of: id)?.state }
}

/// The result did not come in time.
///
/// The task goes on; its result can be read later by its id.
public struct ResultTimeout: Error, Sendable, CustomStringConvertible {
    /// The task that was waited for.
    public let id: TaskID
    /// How long it was waited for.
    public let timeout: Duration

    /// What happened and what to do.
    public var description: String {
        "no result of task \(id) within \(timeout). It goes on; ask again by its id, or wait longer."
    }
}

extension TaskResult {
    /// What the task returned.
    ///
    /// - Throws: `TaskFailure` when it failed or was revoked.
    public func value() throws(TaskFailure) -> JSONValue {
        if state == .success { return result }
        throw failure
            ?? TaskFailure(
                excType: state.rawValue, excMessage: [.string("task \(taskID) ended as \(state.rawValue)")],
                excModule: nil, traceback: traceback)
    }
}
