#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A remote control request, as `celery inspect` and `celery control` broadcast it to all workers.
public struct ControlRequest: Sendable, Hashable {
    /// What is asked for: `ping`, `stats`, `revoke` and so on.
    public var method: String
    /// Arguments by name.
    public var arguments: JSONObject
    /// Who is meant; all when nobody is named.
    public var target: ControlTarget
    /// Where an answer is wanted; nil when none is.
    public var reply: ReplyAddress?
    /// The sender's logical clock.
    public var clock: Int
    /// Not to be obeyed after this time.
    public var expires: Date?

    /// Where an answer goes.
    public struct ReplyAddress: Sendable, Hashable {
        /// Ties the answer to the question.
        public var ticket: String
        /// The exchange; in practice always `reply.celery.pidbox`.
        public var exchange: String
        /// The client that asks.
        public var routingKey: String

        /// An address for the answers to one question.
        public init(
            ticket: String = TaskID.random().rawValue, exchange: String = FanoutChannel.replyExchange,
            routingKey: String
        ) {
            self.ticket = ticket
            self.exchange = exchange
            self.routingKey = routingKey
        }

        /// The list to push the answer to, when the client's binding is still there.
        public var queue: QueueName { QueueName(rawValue: "\(routingKey).\(exchange)") }
    }

    /// A request to some or all workers.
    public init(
        method: String, arguments: JSONObject = [:], target: ControlTarget = .all, reply: ReplyAddress? = nil,
        clock: Int = 0, expires: Date? = nil
    ) {
        self.method = method
        self.arguments = arguments
        self.target = target
        self.reply = reply
        self.clock = clock
        self.expires = expires
    }

    /// Whether a node is meant, by its full name.
    public func isAddressed(to node: String) -> Bool { target.includes(node) }
}

extension ControlRequest {
    /// Reads a published request.
    public init(decoding bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) {
        let envelope = try Envelope(decoding: bytes, limits: limits)
        let payload = try envelope.payload(limits: limits)
        guard case .object(let fields) = payload else { throw .expected("an object", at: "body", found: payload) }
        guard let method = fields["method"]?.string, !method.isEmpty else {
            throw .expected("a command's name", at: "body.method", found: fields["method"])
        }
        let arguments = fields["arguments"] ?? .null
        guard arguments.isNull || arguments.object != nil else {
            throw .expected("an object or null", at: "body.arguments", found: arguments)
        }
        self.init(
            method: method, arguments: arguments.object ?? [:], target: try ControlTarget(fields),
            reply: try ReplyAddress(fields), clock: envelope.headers["clock"]?.int ?? 0,
            expires: Self.expiry(envelope.headers["expires"]))
    }

    /// Unix seconds; 0 and null mean never.
    private static func expiry(_ json: JSONValue?) -> Date? {
        guard let seconds = json?.double, seconds > 0, seconds.isFinite else { return nil }
        return Date(timeIntervalSince1970: seconds)
    }

    /// The bytes to publish on ``FanoutChannel/control(database:keyPrefix:)``.
    public func encoded() -> [UInt8] {
        var body: JSONObject = ["method": .string(method), "arguments": .object(arguments)]
        body.merge(target.fields)
        if let reply {
            body["ticket"] = .string(reply.ticket)
            body["reply_to"] = ["exchange": .string(reply.exchange), "routing_key": .string(reply.routingKey)]
        }
        var properties = MessageProperties.transient(exchange: FanoutChannel.controlExchange, routingKey: "")
        properties.fields["delivery_mode"] = 2
        let expiry = expires.map { JSONValue.double($0.timeIntervalSince1970) } ?? 0
        return Envelope(
            payload: .object(body), headers: ["clock": .int(clock), "expires": expiry], properties: properties
        ).encoded()
    }
}

extension ControlRequest.ReplyAddress {
    /// The address in a request's body; nil when no answer is wanted.
    init?(_ fields: JSONObject) throws(WireError) {
        guard let address = fields["reply_to"], !address.isNull else { return nil }
        guard let routingKey = address["routing_key"]?.string, !routingKey.isEmpty else {
            throw .expected("a text", at: "body.reply_to.routing_key", found: address["routing_key"])
        }
        self.init(
            ticket: fields["ticket"]?.string ?? "",
            exchange: address["exchange"]?.string ?? FanoutChannel.replyExchange, routingKey: routingKey)
    }
}
