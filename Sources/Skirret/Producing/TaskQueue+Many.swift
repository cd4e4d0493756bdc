public import CeleryProtocol
import Foundation
import SkirretRedis

extension TaskDefinition {
    /// Enqueues a call for each of many arguments, some hundreds of them in one step.
    ///
    /// ```swift
    /// try await resize.delay(many: images, on: queue)
    /// try await add.delay(many: [(1, 2), (3, 4)], on: queue, .priority(3))
    /// ```
    ///
    /// - Parameters:
    ///   - arguments: The arguments of each call; tuples for a task with several parameters.
    ///   - queue: The broker.
    ///   - options: How these calls differ from the task's own options.
    /// - Returns: A handle on each result, in the order of the arguments.
    /// - Throws: ``IncompleteSend`` when some were not accepted, ``OptionOfOneCall`` for an id.
    @discardableResult
    public func delay(
        many arguments: [(repeat each Parameter)], on queue: TaskQueue, _ options: CallOption...
    ) async throws -> [TaskHandle<Output>] {
        let shared = self.options(changedBy: options)
        guard shared.id == nil else { throw OptionOfOneCall(option: "id") }
        var calls: [TaskCall] = []
        calls.reserveCapacity(arguments.count)
        for argument in arguments {
            var call = TaskCall(name, args: try encode(repeat each argument), options: shared)
            if shared.unique == nil { call.options.unique = self.options.uniqueness?.call(of: name, call.args, [:]) }
            calls.append(call)
        }
        return try await queue.send(many: calls).map { TaskHandle(id: $0, queue: queue) }
    }
}

extension TaskQueue {
    /// Enqueues many calls, some hundreds of them in one step.
    ///
    /// Each is what ``send(_:args:kwargs:options:)`` would have sent: with its own queue, delay, priority and fair key,
    /// accepted once by its id. Calls of one queue and priority keep their order. Unique calls go by themselves, as their
    /// answer may be another task's id: one round trip each. One round trip for up to 500 of the others, or 1 MiB.
    ///
    /// - Parameter calls: The calls.
    /// - Returns: The tasks' ids, in the order of the calls.
    /// - Throws: ``IncompleteSend`` when some were not accepted: it says which, why, and what became of them. `RedisError`
    ///   when the broker could not be asked for the time, which delays count from; nothing was sent then.
    @discardableResult
    public func send(many calls: [TaskCall]) async throws -> [TaskID] {
        let needsClock = calls.contains { $0.options.needsClock }
        var sending = ManyCalls(queue: self, calls: calls, now: needsClock ? try await brokerTime() : Date())
        var next = await sending.slice()
        while let slice = next, !sending.hasEnded {
            async let reply = put(slice)
            // The next slice is put together while Redis works on this one, whoever's thread we are on.
            await Task.yield()
            next = await sending.slice()
            sending.take(await reply, of: slice)
            await tellSent(sending.sent(of: slice))
        }
        return try sending.finish(unsent: next)
    }

    private func put(_ slice: ManyCalls.Slice) async -> Result<RedisValue, any Error> {
        do {
            for queue in slice.queues { try await announce(queue) }
            var reply = RedisValue.null
            try await publishing(slice.retry) {
                reply = try await redis.run(
                    Scripts.enqueueMany, keys: [keys.scheduled, keys.scheduledMessages, keys.fair],
                    arguments: slice.arguments(keys))
            }
            let bare = slice.bareQueues(reply)
            if !bare.isEmpty { await announceAnew(bare) }
            return .success(reply)
        } catch { return .failure(error) }
    }
}
