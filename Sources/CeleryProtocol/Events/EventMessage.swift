/// What is published on `/<db>.celeryev/<routing key>`: one worker event, or a batch of task events.
public struct EventMessage: Sendable, Hashable {
    /// The node that sent it.
    public var node: String?
    /// `worker.heartbeat`, `task.multi` and so on.
    public var routingKey: String
    /// The events; more than one only on `task.multi`.
    public var events: [JSONObject]

    /// A worker event on its own, under its own routing key: `worker-online` goes to `worker.online`.
    public init(_ event: JSONObject) {
        events = [event]
        node = event["hostname"]?.string
        routingKey = String((event["type"]?.string ?? "").map { $0 == "-" ? "." : $0 })
    }

    /// A batch of task events, on `task.multi`.
    public init(batch: [JSONObject]) {
        events = batch
        node = batch.first?["hostname"]?.string
        routingKey = "task.multi"
    }

    /// Reads a published event message.
    public init(decoding bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) {
        let envelope = try Envelope(decoding: bytes, limits: limits)
        let payload = try envelope.payload(limits: limits)
        node = envelope.headers["hostname"]?.string
        routingKey = envelope.properties.routingKey
        events = []
        for (index, element) in (payload.array ?? [payload]).enumerated() {
            guard case .object(let event) = element, event["type"]?.string != nil else {
                throw .expected("an event object with a type", at: "body[\(index)]", found: element)
            }
            events.append(event)
        }
    }

    /// The bytes to publish.
    ///
    /// Batches are arrays even when they hold one event.
    public func encoded() -> [UInt8] {
        let isBatch = routingKey == "task.multi"
        let payload: JSONValue = isBatch ? .array(events.map(JSONValue.object)) : .object(events.first ?? [:])
        return Envelope(
            payload: payload, headers: ["hostname": JSONValue(node)],
            properties: .transient(exchange: FanoutChannel.eventExchange, routingKey: routingKey)
        ).encoded()
    }
}

extension MessageProperties {
    /// The properties of what nobody keeps: events, replies (`delivery_mode` 1).
    static func transient(exchange: String, routingKey: String) -> MessageProperties {
        MessageProperties(fields: [
            "delivery_mode": 1,
            "delivery_info": ["exchange": .string(exchange), "routing_key": .string(routingKey)],
            "priority": 0, "body_encoding": "base64", "delivery_tag": JSONValue(DeliveryTag.random()),
        ])
    }
}
