public import CeleryProtocol
import Foundation

/// Tasks one after the other, each given the result of the one before.
public struct Chain: Sendable {
    /// The steps, in the order in which they run.
    public let steps: [Signature]

    /// Enqueues the first step; each worker sends the next.
    ///
    /// - Parameter queue: The broker.
    /// - Returns: A handle on the last step's result.
    /// - Throws: `RedisError` when the broker did not accept the message within two seconds.
    public func delay(on queue: TaskQueue) async throws -> TaskHandle<JSONValue> {
        let frozen = steps.map { step in
            var step = step
            step.taskID = step.taskID ?? .random()
            return step
        }
        guard let first = frozen.first, let last = frozen.last?.taskID else {
            throw TaskFailure.builtin("ValueError", "a chain needs at least one step")
        }
        let target = first.queue(else: queue.defaultQueue)
        var message = first.message(queue: target, now: Date())
        message.headers.rootID = message.headers.id
        message.headers.origin = TaskQueue.origin
        // Stored reversed, as Celery has it: the next step is the last element.
        message.body.chain = frozen.dropFirst().reversed()
        try await queue.enqueue(message, queue: target)
        return TaskHandle(id: last, queue: queue)
    }
}

/// Tasks one after the other: `try await chain(add.s(2, 2), add.s(4)).delay(on: queue)`.
public func chain(_ steps: Signature...) -> Chain { Chain(steps: steps) }
