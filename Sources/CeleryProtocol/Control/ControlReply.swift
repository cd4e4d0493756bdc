/// One worker's answer to a control request.
public struct ControlReply: Sendable, Hashable {
    /// The worker that answers.
    public var node: String
    /// The answer; most commands wrap it in ``ok(_:)`` or ``error(_:)``.
    public var value: JSONValue
    /// The question's ticket.
    public var ticket: String
    /// The worker's logical clock.
    public var clock: Int

    /// An answer.
    public init(node: String, value: JSONValue, ticket: String, clock: Int) {
        self.node = node
        self.value = value
        self.ticket = ticket
        self.clock = clock
    }

    /// `{"ok": …}`.
    public static func ok(_ value: JSONValue) -> JSONValue { ["ok": value] }

    /// `{"error": …}`.
    public static func error(_ message: String) -> JSONValue { ["error": .string(message)] }

    /// What Python answers to a method that it does not know: `{"error": "KeyError('nosuch')"}`.
    public static func unknownMethod(_ method: String) -> JSONValue {
        error("KeyError(\(pythonRepr(.string(method))))")
    }
}

extension ControlReply {
    /// Reads an answer from a reply list.
    public init(decoding bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) {
        let envelope = try Envelope(decoding: bytes, limits: limits)
        let payload = try envelope.payload(limits: limits)
        guard case .object(let fields) = payload, fields.count == 1, let answer = fields.first else {
            throw .expected("an object with one node's answer", at: "body", found: payload)
        }
        self.init(
            node: answer.key, value: answer.value, ticket: envelope.headers["ticket"]?.string ?? "",
            clock: envelope.headers["clock"]?.int ?? 0)
    }

    /// The bytes to push to the asker's reply list.
    public func encoded(to address: ControlRequest.ReplyAddress) -> [UInt8] {
        Envelope(
            payload: .object([node: value]), headers: ["ticket": .string(ticket), "clock": .int(clock)],
            properties: .transient(exchange: address.exchange, routingKey: address.routingKey)
        ).encoded()
    }
}
