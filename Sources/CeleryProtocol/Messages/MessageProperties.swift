/// The envelope's `properties`: routing and delivery, as kombu writes them.
///
/// Wraps the fields as they came; what has no name here is kept and written back.
public struct MessageProperties: Sendable, Hashable {
    /// Nothing while `closed` is there.
    private var opened: JSONObject
    /// As they stand in a message that was read.
    private var closed: ClosedObject?

    /// Every field, known or not, in order.
    ///
    /// Of a message that was read they are taken apart anew each time, until one is set.
    public var fields: JSONObject {
        get { closed?.fields ?? opened }
        _modify {
            if let closed { opened = closed.fields }
            closed = nil
            yield &opened
        }
    }

    /// Properties from their fields.
    public init(fields: JSONObject = [:]) { opened = fields }

    init(_ closed: ClosedObject) {
        opened = [:]
        self.closed = closed
    }

    /// The properties of a fresh message to an anonymous exchange: routing key and queue are the same.
    ///
    /// The delivery tag stands last, where kombu writes it and where scripts look first.
    public init(queue: QueueName, correlationID: String? = nil, replyTo: String = randomReplyTo()) {
        opened = [
            "correlation_id": JSONValue(correlationID), "reply_to": .string(replyTo), "delivery_mode": 2,
            "delivery_info": ["exchange": "", "routing_key": .string(queue.rawValue)],
            "priority": 0, "body_encoding": "base64", "delivery_tag": JSONValue(DeliveryTag.random()),
        ]
    }

    /// Whether both have the same fields.
    public static func == (left: MessageProperties, right: MessageProperties) -> Bool { left.fields == right.fields }

    /// Feeds the fields to the hasher.
    public func hash(into hasher: inout Hasher) { hasher.combine(fields) }

    /// Any UUID does: Celery uses one per client thread, for a result backend other than Redis.
    public static func randomReplyTo() -> String { randomUUID() }
}

extension MessageProperties {
    /// The task's id again.
    public var correlationID: String? {
        get { fields["correlation_id"]?.string }
        set { fields["correlation_id"] = JSONValue(newValue) }
    }

    /// Where replies of another result backend would go.
    public var replyTo: String? {
        get { fields["reply_to"]?.string }
        set { fields["reply_to"] = JSONValue(newValue) }
    }

    /// Names one publish.
    ///
    /// Every message must have one: a Python consumer's connection dies without it.
    public var deliveryTag: DeliveryTag? {
        get { fields["delivery_tag"]?.string.map(DeliveryTag.init(rawValue:)) }
        set { fields["delivery_tag"] = JSONValue(newValue) }
    }

    /// The priority as it was asked for, not yet rounded to a step; 0 is the most urgent.
    public var priority: Int? {
        get { fields["priority"]?.int }
        set { fields["priority"] = JSONValue(newValue) }
    }

    /// The exchange; empty for a message sent straight to a queue.
    public var exchange: String {
        get { fields["delivery_info"]?["exchange"]?.string ?? "" }
        set { setDeliveryInfo("exchange", .string(newValue)) }
    }

    /// The routing key; the queue's name for a message sent straight to a queue.
    public var routingKey: String {
        get { fields["delivery_info"]?["routing_key"]?.string ?? "" }
        set { setDeliveryInfo("routing_key", .string(newValue)) }
    }

    /// Whether the message was handed out before and came back.
    public var redelivered: Bool {
        get { fields["delivery_info"]?["redelivered"]?.bool ?? false }
        set { setDeliveryInfo("redelivered", newValue ? true : nil) }
    }

    /// `base64`, or `utf-8` for a body that stands as text.
    public var bodyEncoding: String? {
        get { fields["body_encoding"]?.string }
        set { fields["body_encoding"] = newValue.map(JSONValue.string) }
    }

    /// How many milliseconds the message stays of use, as text; nothing in Redis acts on it.
    public var expiration: String? {
        get { fields["expiration"]?.string }
        set { fields["expiration"] = newValue.map(JSONValue.string) }
    }

    private mutating func setDeliveryInfo(_ key: String, _ value: JSONValue?) {
        var info = fields["delivery_info"]?.object ?? [:]
        info[key] = value
        fields["delivery_info"] = .object(info)
    }
}
