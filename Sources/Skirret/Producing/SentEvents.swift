import CeleryProtocol
import Foundation
import SkirretRedis

extension TaskQueue {
    /// Tells monitors that messages were sent, where ``TaskQueue/sendsSentEvents`` says so.
    ///
    /// One round trip for all of them. At most once by nature: what cannot be told now is an event nobody would have
    /// heard, and the messages are in their queues.
    func tellSent(_ messages: [TaskMessage]) async {
        guard sendsSentEvents, !messages.isEmpty else { return }
        let source = EventSource(node: Self.origin, pid: Int(ProcessInfo.processInfo.processIdentifier))
        let now = Date()
        let commands = messages.map { message in
            let route = message.properties
            let event = WorkerEvent.taskSent(
                message.headers, queue: route.exchange.isEmpty ? route.routingKey : "", exchange: route.exchange,
                routingKey: route.routingKey)
            let told = EventMessage(event.fields(from: source, clock: tick(), at: now))
            let channel = FanoutChannel.events(
                routingKey: told.routingKey, database: url.database, keyPrefix: keys.prefix)
            return RedisCommand("PUBLISH", .init(channel), .init(told.encoded()))
        }
        _ = try? await redis.pipeline(commands)  // see above
    }
}
