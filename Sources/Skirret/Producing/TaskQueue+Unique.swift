import CeleryProtocol
import SkirretRedis

extension TaskQueue {
    /// Enqueues a call unless an equal one is on its way.
    ///
    /// Idempotent: repeated with the same message it changes nothing.
    ///
    /// - Parameters:
    ///   - message: The call.
    ///   - call: What makes it equal to others.
    ///   - queue: Where it goes.
    ///   - delay: How long it waits.
    /// - Returns: The id of the task that stands for the call.
    /// - Throws: `RedisError` when the broker did not accept the message within two seconds.
    func enqueue(
        _ message: TaskMessage, unique call: UniqueCall, queue: QueueName, delay: Duration
    ) async throws(RedisError) -> TaskID {
        try await announce(queue)
        let delay = call.quiet.map { max($0, delay) } ?? delay
        let first = try await run("keep", message, call, queue, delay)
        guard let holder = first, holder != message.headers.id, call.quiet != nil else {
            return first ?? message.headers.id
        }
        // The other one waits anew, with these arguments; or it is past waiting, and this one comes after it.
        var replacement = message
        replacement.headers.id = holder
        replacement.headers.rootID = holder
        replacement.properties.correlationID = holder.rawValue
        if let replaced = try await run("replace", replacement, call, queue, delay) { return replaced }
        return try await run("follow", message, call, queue, delay) ?? message.headers.id
    }

    /// Lets equal calls in again, as their task begins.
    func release(_ name: String, of id: TaskID) async throws(RedisError) {
        _ = try await redis.run(Scripts.release, keys: [keys.unique(name)], arguments: [.init(id.rawValue)])
    }

    private func run(
        _ mode: String, _ message: TaskMessage, _ call: UniqueCall, _ queue: QueueName, _ delay: Duration
    ) async throws(RedisError) -> TaskID? {
        let reply = try await redis.run(
            Scripts.enqueueUnique,
            keys: [
                keys.queue(queue, priority: message.properties.priority), keys.unique(call.name), keys.scheduled,
                keys.scheduledMessages, keys.revoked, keys.fair, keys.binding(queue.rawValue),
            ],
            arguments: [
                .init(message.encoded()), .init(message.headers.id.rawValue), .init(delay.milliseconds),
                .init(call.lifetime.milliseconds), .init(keys.wake), .init(mode),
            ])
        if reply.array?.last?.int == 1 { await announceAnew([queue]) }
        return reply.array?.first?.string.flatMap { $0.isEmpty ? nil : TaskID(rawValue: $0) }
    }
}
