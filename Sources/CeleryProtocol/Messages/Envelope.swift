/// Bounds for messages that come from outside.
public struct WireLimits: Sendable, Hashable {
    /// Bounds of the envelope and, once decoded and inflated, of the body.
    public var json: JSONLimits

    /// Limits of one's own.
    public init(json: JSONLimits = .standard) { self.json = json }

    /// 128 levels and 64 MiB, for the envelope and for the inflated body.
    public static let standard = WireLimits()
}

/// What stands in a queue or is published: headers, properties, and a body that is still closed.
///
/// Task messages, events, control requests and replies all travel in one. The body is opened only on
/// request, so that a message with an unreadable body can still tell its task's id.
public struct Envelope: Sendable, Hashable {
    /// The body as it stands: base64 or text.
    public var body: String
    /// The headers.
    public var headers: JSONObject
    /// Routing and delivery.
    public var properties: MessageProperties
    /// The rest, `content-type` and `content-encoding` among it.
    public var other: JSONObject

    /// What has a property of its own, and so does not stand in `other`.
    private static let named = ["body", "headers", "properties"]

    /// What `other` says of a JSON body.
    static let jsonContent: JSONObject = ["content-encoding": "utf-8", "content-type": "application/json"]

    /// How the body is serialised.
    public var contentType: String? { other["content-type"]?.string }

    /// Opens the outer JSON and leaves the body closed.
    public init(decoding bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) {
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes, limits: limits.json) } catch { throw .notJSON(error, at: "") }
        guard case .object(let fields) = json else { throw .expected("an object", at: "", found: json) }

        let headers = fields["headers"]
        let properties = fields["properties"]
        let body = fields["body"]
        let taskID = headers?["id"]?.string.map(TaskID.init(rawValue:))
        do throws(WireError) {
            guard case .object(let headers)? = headers else {
                throw WireError.expected("an object", at: "headers", found: headers)
            }
            guard case .object(let properties)? = properties else {
                throw WireError.expected("an object", at: "properties", found: properties)
            }
            guard case .string(let body)? = body else {
                throw WireError.expected("a text", at: "body", found: body)
            }
            (self.headers, self.properties, self.body) = (headers, MessageProperties(fields: properties), body)
            other = fields.filter { !Self.named.contains($0.key) }
        } catch {
            throw error.about(taskID)
        }
    }

    /// A JSON message.
    ///
    /// `body_encoding` `utf-8` in the properties puts the body in as text; `compression` in the headers
    /// deflates it, when it is one that is built in, and is left out otherwise.
    public init(
        payload: JSONValue, headers: JSONObject, properties: MessageProperties, other: JSONObject = [:]
    ) {
        var bytes = payload.encoded()
        self.headers = headers
        self.properties = properties
        self.other = other.merging(Self.jsonContent)
        if headers["compression"] != nil {
            if headers["compression"]?.string == BodyCompression.gzip,
                let deflated = BodyCompression.deflate(bytes)
            {
                bytes = deflated
                self.properties.bodyEncoding = "base64"
            } else {
                self.headers["compression"] = nil
            }
        }
        if self.properties.bodyEncoding == "utf-8" {
            body = String(decoding: bytes, as: UTF8.self)
        } else {
            self.properties.bodyEncoding = "base64"
            body = Base64.text(of: bytes)
        }
    }

    /// The bytes for Redis; properties last, and in them the delivery tag where it was.
    public func encoded() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(body.utf8.count + 1024)
        output.append(contentsOf: #"{"body":"#.utf8)
        JSONValue.write(body, to: &output)
        for (name, value) in other where !Self.named.contains(name) {
            output.append(UInt8(ascii: ","))
            JSONValue.write(name, to: &output)
            output.append(UInt8(ascii: ":"))
            value.write(to: &output)
        }
        output.append(contentsOf: #","headers":"#.utf8)
        headers.write(to: &output)
        output.append(contentsOf: #","properties":"#.utf8)
        properties.fields.write(to: &output)
        output.append(UInt8(ascii: "}"))
        return output
    }
}

extension Envelope {
    /// The body as JSON: base64 undone, inflated, parsed, each within its bounds.
    public func payload(limits: WireLimits = .standard) throws(WireError) -> JSONValue {
        do throws(WireError) {
            try checkContent()
            let bytes = try inflatedBody(limits: limits)
            do { return try JSONValue(parsing: bytes, limits: limits.json) } catch {
                throw WireError.notJSON(error, at: "body")
            }
        } catch {
            throw error.about(headers["id"]?.string.map(TaskID.init(rawValue:)))
        }
    }

    private func checkContent() throws(WireError) {
        // As nearly all senders write it.
        if contentType == "application/json", other["content-encoding"]?.string == "utf-8" { return }
        guard let type = other["content-type"], type.string?.lowercased() == "application/json" else {
            throw WireError(
                code: other["content-type"] == nil ? .missing : .unsupportedContentType, path: "content-type",
                found: other["content-type"]?.summary ?? "nothing",
                hint: "Only application/json is read here; set task_serializer = \"json\" in the Celery producer.")
        }
        let encoding = other["content-encoding"] ?? .null
        let readable = ["utf-8", "utf8", "us-ascii", "ascii", "binary"]
        guard encoding.isNull || readable.contains(encoding.string?.lowercased() ?? "") else {
            throw WireError(
                code: .unsupportedContentType, path: "content-encoding", found: encoding.summary,
                hint: "Only utf-8 is read here.")
        }
    }

    private func inflatedBody(limits: WireLimits) throws(WireError) -> [UInt8] {
        let bytes = try plainBody()
        switch headers["compression"] {
        case nil, .null?: return bytes
        case .string(let type)?:
            return try BodyCompression.inflate(
                bytes, type: type, limit: limits.json.bytes, path: "headers.compression")
        case let other: throw .expected("a text or null", at: "headers.compression", found: other)
        }
    }

    private func plainBody() throws(WireError) -> [UInt8] {
        switch properties.fields["body_encoding"] {
        case .string("base64")?:
            guard let bytes = Base64.bytes(of: body) else {
                throw WireError(
                    code: .corruptBody, path: "body", found: "\(body.utf8.count) bytes that are not base64",
                    hint: "Expected standard base64, as properties.body_encoding says.")
            }
            return bytes
        case nil, .null?, .string("utf-8")?, .string("utf8")?: return Array(body.utf8)
        case let other:
            throw WireError(
                code: .invalidValue, path: "properties.body_encoding", found: other?.summary ?? "nothing",
                hint: "Expected \"base64\" or \"utf-8\".")
        }
    }
}
