public import CeleryProtocol
import SkirretRedis

/// No queue is bound to an exchange for a routing key: the message would have been lost.
///
/// Celery loses it in silence; a call of ours is refused.
public struct UnroutableMessage: Error, Sendable, CustomStringConvertible {
    /// The exchange.
    public let exchange: String
    /// What the message was to be routed by.
    public let routingKey: String
    /// Some of what is bound there: routing key and queue.
    public let bindings: [QueueBinding]

    /// What happened and what to do.
    public var description: String {
        let bound =
            bindings.isEmpty
            ? "Nothing is bound to that exchange"
            : "Bound there: " + bindings.map { "'\($0.routingKey)' to queue '\($0.queue)'" }.joined(separator: ", ")
        return "no queue is bound to exchange '\(exchange)' for routing key '\(routingKey)', so the message would be "
            + "lost. \(bound). Start a worker that declares the binding, or name the queue itself."
    }
}

extension TaskQueue {
    /// The queues that an exchange gives a message to, by kombu's binding table.
    ///
    /// One round trip.
    ///
    /// - Throws: ``UnroutableMessage`` when there is none, `RedisError` when the broker did not answer.
    func queues(exchange: String, routingKey: String) async throws -> [QueueName] {
        let members = try await redis.send("SMEMBERS", .init(keys.binding(exchange))).array?.compactMap(\.string) ?? []
        let bindings = members.compactMap { QueueBinding(member: $0) }
        var queues: [QueueName] = []
        for binding in bindings where binding.matches(routingKey) && !queues.contains(binding.queue) {
            queues.append(binding.queue)
        }
        guard queues.isEmpty else { return queues.sorted { $0.rawValue < $1.rawValue } }
        throw UnroutableMessage(exchange: exchange, routingKey: routingKey, bindings: Array(bindings.prefix(5)))
    }

    /// Where a message goes that may name an exchange: one queue or several.
    func queues(of message: TaskMessage) async throws -> [QueueName] {
        let properties = message.properties
        guard !properties.exchange.isEmpty else { return [QueueName(rawValue: properties.routingKey)] }
        return try await queues(exchange: properties.exchange, routingKey: properties.routingKey)
    }
}
