/// The pub/sub channels of fanout exchanges: `/<db>.<exchange>`, and `/<routing key>` after it when there is one.
///
/// Pub/sub ignores Redis's database number; the number in the name is what keeps databases apart.
/// Subscribe with `PSUBSCRIBE`.
public enum FanoutChannel {
    /// The exchange of remote control requests (`control_exchange` + `.pidbox`).
    public static let controlExchange = "celery.pidbox"
    /// The exchange of replies to them.
    public static let replyExchange = "reply.celery.pidbox"
    /// The exchange of events (`event_exchange`).
    public static let eventExchange = "celeryev"

    /// The channel of an exchange and routing key.
    public static func name(
        exchange: String, routingKey: String = "", database: Int, keyPrefix: String = ""
    ) -> String {
        "\(keyPrefix)/\(database).\(exchange)" + (routingKey.isEmpty ? "" : "/" + routingKey)
    }

    /// Where control requests come in: `/0.celery.pidbox`.
    public static func control(database: Int, keyPrefix: String = "") -> String {
        name(exchange: controlExchange, database: database, keyPrefix: keyPrefix)
    }

    /// Where an event goes: `/0.celeryev/worker.heartbeat`, `/0.celeryev/task.multi`.
    public static func events(routingKey: String, database: Int, keyPrefix: String = "") -> String {
        name(exchange: eventExchange, routingKey: routingKey, database: database, keyPrefix: keyPrefix)
    }

    /// The pattern of all events: `/0.celeryev/*`.
    public static func eventPattern(_ bindingKey: String = "#", database: Int, keyPrefix: String = "") -> String {
        events(
            routingKey: String(bindingKey.map { $0 == "#" ? "*" : $0 }), database: database,
            keyPrefix: keyPrefix)
    }

    /// The list that replies to one control client are pushed to, without key prefix.
    public static func replyQueue(routingKey: String) -> QueueName {
        QueueName(rawValue: "\(routingKey).\(replyExchange)")
    }

    /// The queue of a worker's control requests, which it binds to the control exchange.
    public static func controlQueue(node: String) -> QueueName {
        QueueName(rawValue: "\(node).\(controlExchange)")
    }
}
