import CeleryProtocol
import NIOCore

/// A frame as the server writes it (RFC 6455, section 5.2): never masked, never fragmented.
///
///     0        1        2 …
///     FIN+op   length   [16 or 64 bit length]   payload
///
/// Encoded here once and shared by every socket; NIO's own encoder would frame it again for each.
enum ServerFrame {
    /// One text message.
    static func text(_ payload: some Collection<UInt8>) -> ByteBuffer { encode(opcode: 0x1, payload) }

    /// An empty ping.
    static let ping = encode(opcode: 0x9, [])

    /// The answer to a client's ping, with its payload.
    static func pong(_ payload: ByteBuffer) -> ByteBuffer { encode(opcode: 0xA, payload.readableBytesView) }

    /// The closing frame: code, then the reason for whoever reads the browser's console.
    static func close(_ code: RelayCloseCode) -> ByteBuffer {
        let number = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)]
        return encode(opcode: 0x8, number + Array(code.reason.utf8))
    }

    /// Dispatcharr's envelope around one event: `{"type":"update","data":…}`; with its place, `,"offset":"…"` follows.
    static func update(_ message: RelayMessage, at position: RelayPosition? = nil) -> ByteBuffer {
        var payload = Array(#"{"type":"update","data":"#.utf8)
        let end = position.map { #","offset":"\#($0.offset)"}"# } ?? "}"
        payload.reserveCapacity(payload.count + message.data.count + end.utf8.count)
        payload += message.data
        payload += end.utf8
        return text(payload)
    }

    /// What a client hears from here on, and whether anything is missing that it had not heard:
    /// `{"type":"subscribed","data":{"topics":[…],"epoch":"…","offset":"…","recovered":true}}`.
    ///
    /// Without `epoch` and `offset` no history is known yet.
    static func subscribed(_ topics: Set<String>, _ recovery: RelayHistory.Recovery) -> ByteBuffer {
        var data: JSONObject = [
            "topics": .array(topics.sorted().map { .string($0) }), "recovered": .bool(recovery.isComplete),
        ]
        if let end = recovery.end {
            data["epoch"] = .string(end.epoch)
            data["offset"] = .string(end.offset.description)
        }
        return text(JSONValue.object(["type": "subscribed", "data": .object(data)]).encoded())
    }

    /// Events are missing that nobody can bring back: `{"type":"resync","data":{…}}`.
    static let resync = text(
        Array(
            #"{"type":"resync","data":{"message":"Events were missed while Redis could not be reached; fetch anew."}}"#
                .utf8))

    /// Topics that a client does not get.
    static func refusal(of topics: [String], _ why: Subscription.Refusal) -> ByteBuffer {
        let message =
            switch why {
            case .tooMany: "At most \(Subscription.mostTopics) topics can be heard at once; none of these was added."
            case .notGranted: "No topics of these names are there for you."
            }
        let data: JSONObject = [
            "code": .string(why.rawValue), "message": .string(message),
            "topics": .array(topics.prefix(10).map { .string(String($0.prefix(200))) }),
        ]
        return text(JSONValue.object(["type": "error", "data": .object(data)]).encoded())
    }

    /// The first thing a client hears, word for word what Dispatcharr's client waits for.
    static let established = text(
        Array(
            #"{"type":"connection_established","data":{"success":true,"message":"WebSocket connection established successfully"}}"#
                .utf8))

    /// An answer to a message that this relay does not act on.
    static func refusal(code: StaticString, message: StaticString) -> ByteBuffer {
        text(Array(#"{"type":"error","data":{"code":"\#(code)","message":"\#(message)"}}"#.utf8))
    }

    private static func encode(opcode: UInt8, _ payload: some Collection<UInt8>) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(payload.count + 10)
        buffer.writeInteger(0x80 | opcode)
        switch payload.count {
        case ...125: buffer.writeInteger(UInt8(payload.count))
        case ...0xFFFF: buffer.writeMultipleIntegers(UInt8(126), UInt16(payload.count))
        default: buffer.writeMultipleIntegers(UInt8(127), UInt64(payload.count))
        }
        buffer.writeBytes(payload)
        return buffer
    }
}
