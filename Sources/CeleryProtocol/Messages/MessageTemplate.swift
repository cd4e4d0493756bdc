/// The bytes of messages that differ in their id, their arguments and their delivery tag only.
///
/// Building headers, properties and envelope as values for each call costs several times what writing the few bytes
/// does that change. So one message is built as a value, once, with marks where those bytes belong:
///
///     {"body":"‥base64 of [args,kwargs, embed]‥",…,"id":"‥",…,"argsrepr":"‥",…,"delivery_tag":"‥"}}
///
/// What it writes is what ``TaskMessage/encoded()`` writes for the same message.
public struct MessageTemplate: Sendable {
    private enum Hole: CaseIterable {
        case id, argsRepr, kwargsRepr, deliveryTag
    }

    /// What stands behind the body, cut at the holes; each piece is followed by its hole, the last by none.
    private let pieces: [(bytes: [UInt8], hole: Hole?)]
    /// What stands behind the arguments in the body.
    private let embed: [UInt8]
    private let byteCount: Int

    /// Takes over everything of a message but its id, arguments and delivery tag.
    ///
    /// Nil for a message whose body is compressed or stands as text: then its bytes depend on more than that.
    public init?(_ message: TaskMessage) {
        guard message.headers.compression == nil, message.properties.bodyEncoding == "base64",
            message.properties.fields.last?.key == "delivery_tag"
        else { return nil }
        var marked = message
        let marks = Dictionary(uniqueKeysWithValues: Hole.allCases.map { ($0, randomUUID()) })
        let isOwnRoot = message.headers.rootID == message.headers.id
        marked.headers.id = TaskID(rawValue: marks[.id] ?? "")
        if isOwnRoot { marked.headers.rootID = marked.headers.id }
        marked.properties.correlationID = marks[.id]
        marked.headers.argsRepr = marks[.argsRepr]
        marked.headers.kwargsRepr = marks[.kwargsRepr]
        marked.properties.deliveryTag = DeliveryTag(rawValue: marks[.deliveryTag] ?? "")
        marked.body.args = []
        marked.body.kwargs = [:]
        let envelope = marked.envelope
        let start = #"{"body":""#.utf8.count + envelope.body.utf8.count + 1
        pieces = Self.pieces(envelope.encoded()[start...], marks)
        embed = JSONValue.object(message.body.embed).encoded()
        byteCount = pieces.reduce(0) { $0 + $1.bytes.count } + 36 * pieces.count
    }

    /// Cuts bytes wherever one of the marks stands.
    private static func pieces(
        _ bytes: ArraySlice<UInt8>, _ marks: [Hole: String]
    ) -> [(bytes: [UInt8], hole: Hole?)] {
        var pieces: [(bytes: [UInt8], hole: Hole?)] = []
        var start = bytes.startIndex
        var at = start
        while at + 36 <= bytes.endIndex {
            let candidate = bytes[at..<at + 36]
            guard let hole = marks.first(where: { candidate.elementsEqual($0.value.utf8) })?.key else {
                at += 1
                continue
            }
            // The quotes around a mark are written with the text that takes its place.
            pieces.append((Array(bytes[start..<at - 1]), hole))
            at += 37
            start = at
        }
        pieces.append((Array(bytes[start...]), nil))
        return pieces
    }

    /// The bytes for Redis of one message, with a fresh delivery tag.
    public func encoded(id: TaskID, args: [JSONValue] = [], kwargs: JSONObject = [:]) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(embed.count + 64)
        body.append(UInt8(ascii: "["))
        JSONValue.write(args, to: &body)
        body.append(UInt8(ascii: ","))
        kwargs.write(to: &body)
        body.append(UInt8(ascii: ","))
        body.append(contentsOf: embed)
        body.append(UInt8(ascii: "]"))

        var output: [UInt8] = []
        output.reserveCapacity(byteCount + body.count / 3 * 4 + 256)
        output.append(contentsOf: #"{"body":""#.utf8)
        Base64.write(body, to: &output)
        output.append(UInt8(ascii: "\""))
        for (bytes, hole) in pieces {
            output.append(contentsOf: bytes)
            switch hole {
            case .id: JSONValue.write(id.rawValue, to: &output)
            case .argsRepr: JSONValue.write(args.isEmpty ? "()" : pythonTupleRepr(args), to: &output)
            case .kwargsRepr: JSONValue.write(kwargs.isEmpty ? "{}" : pythonRepr(.object(kwargs)), to: &output)
            case .deliveryTag: JSONValue.write(randomUUID(), to: &output)
            case nil: break
            }
        }
        return output
    }
}
