/// One task on its way: what a `.delay()` sends and a worker receives.
///
/// Reads protocol 2, protocol 1 and the hybrid of both; always writes protocol 2. Whatever has no name
/// here is kept and written back. See <https://docs.celeryq.dev/en/stable/internals/protocol.html>.
public struct TaskMessage: Sendable, Hashable {
    /// Name, id, times, workflow.
    public var headers: TaskHeaders
    /// Arguments, and what follows the task.
    public var body: TaskBody
    /// Routing and delivery.
    public var properties: MessageProperties
    /// What else stood in the envelope.
    public var other: JSONObject

    /// A task that a client sends to a queue: root of its own workflow, fresh delivery tag.
    public init(
        task: String, id: TaskID = .random(), args: [JSONValue] = [], kwargs: JSONObject = [:], queue: QueueName
    ) {
        headers = TaskHeaders(task: task, id: id)
        headers.argsRepr = pythonTupleRepr(args)
        headers.kwargsRepr = pythonRepr(.object(kwargs))
        body = TaskBody(args: args, kwargs: kwargs)
        properties = MessageProperties(queue: queue, correlationID: id.rawValue)
        other = Envelope.jsonContent
    }

    private init(_ usual: UsualMessage) {
        (headers, body, properties) = (usual.headers, usual.body, usual.properties)
        other = Envelope.jsonContent
    }

    /// Reads a message as it stands in a queue.
    public init(decoding bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) {
        if let usual = UsualMessage(bytes, limits: limits.json) {
            self.init(usual)
        } else {
            try self.init(Envelope(decoding: bytes, limits: limits), limits: limits)
        }
    }

    /// Reads a message whose envelope is open already.
    public init(_ envelope: Envelope, limits: WireLimits = .standard) throws(WireError) {
        do throws(WireError) {
            try Self.validate(envelope.properties)
            // A message without a task's name in its headers can only be protocol 1; its body must tell.
            let isNamed = envelope.headers["task"] != nil
            if isNamed { try TaskHeaders(fields: envelope.headers).validate() }
            let payload = try envelope.payload(limits: limits)
            if let fields = payload.object, fields["task"] != nil || fields["args"] != nil {
                (headers, body) = try Self.protocol1(fields, headers: envelope.headers)
            } else {
                if !isNamed { try TaskHeaders(fields: envelope.headers).validate() }
                headers = TaskHeaders(fields: envelope.headers)
                body = try TaskBody(json: payload)
            }
            properties = envelope.properties
            other = envelope.other
        } catch {
            throw error.about(envelope.headers["id"]?.string.map(TaskID.init(rawValue:)))
        }
    }

    /// The message as an envelope, in protocol 2.
    public var envelope: Envelope {
        Envelope(payload: body.json, headers: headers.fields, properties: properties, other: other)
    }

    /// The bytes for Redis.
    public func encoded() -> [UInt8] { envelope.encoded() }
}

extension TaskMessage {
    /// Without these two a Python worker loses the message and its connection, or cannot restore it.
    private static func validate(_ properties: MessageProperties) throws(WireError) {
        guard let tag = properties.fields["delivery_tag"]?.string, !tag.isEmpty else {
            throw .expected(
                "a text, fresh for each publish", at: "properties.delivery_tag",
                found: properties.fields["delivery_tag"])
        }
        guard case .object(let info)? = properties.fields["delivery_info"] else {
            throw .expected(
                "an object", at: "properties.delivery_info", found: properties.fields["delivery_info"])
        }
        for key in ["exchange", "routing_key"] {
            guard let value = info[key], !value.isNull, value.string == nil else { continue }
            throw .expected("a text", at: "properties.delivery_info.\(key)", found: value)
        }
    }

    /// Turns a protocol 1 body, or the hybrid's, into protocol 2.
    ///
    /// What is neither argument nor embed becomes a header, as Celery does it; headers that the
    /// envelope already has win.
    private static func protocol1(
        _ fields: JSONObject, headers: JSONObject
    ) throws(WireError) -> (TaskHeaders, TaskBody) {
        let args = fields["args"] ?? []
        guard case .array(let args) = args.isNull ? [] : args else {
            throw .expected("a list", at: "body.args", found: args)
        }
        let kwargs = fields["kwargs"] ?? [:]
        guard case .object(let kwargs) = kwargs.isNull ? [:] : kwargs else {
            throw .expected("an object", at: "body.kwargs", found: kwargs)
        }
        var body = TaskBody(args: args, kwargs: kwargs)
        var merged = fields
        for key in ["args", "kwargs"] { merged[key] = nil }
        for key in ["callbacks", "errbacks", "chord"] {
            body.embed[key] = fields[key] ?? .null
            merged[key] = nil
        }
        try body.validateEmbed(at: "body")
        if merged["group"]?.isNull ?? true, let taskset = merged["taskset"] { merged["group"] = taskset }
        merged.merge(headers)
        let upgraded = TaskHeaders(fields: merged)
        try upgraded.validate()
        return (upgraded, body)
    }
}
