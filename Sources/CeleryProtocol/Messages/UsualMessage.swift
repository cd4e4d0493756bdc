/// Reads messages that are laid out as Celery and this library write them.
///
/// Nearly all are, and reading one this way costs a third: nothing is built that running the task does not need. Whatever
/// differs in the least (another order, an escape in a text, a header of somebody's own, a fault) is left to ``Envelope``.
struct UsualMessage {
    let headers: TaskHeaders
    let body: TaskBody
    let properties: MessageProperties

    /// Nil when the message has to be read as any other JSON.
    init?(_ bytes: [UInt8], limits: JSONLimits) {
        let read = bytes.withUnsafeBufferPointer { buffer -> (TaskHeaders, TaskBody, MessageProperties)? in
            guard bytes.count <= limits.bytes, limits.depth >= 8 else { return nil }
            var reader = UsualReader(buffer)
            guard reader.opens(#""body":"#), let body = reader.text(),
                reader.goesOn(#""content-encoding":"#), reader.reads(#""utf-8""#),
                reader.goesOn(#""content-type":"#), reader.reads(#""application/json""#),
                reader.goesOn(#""headers":"#), let headers = UsualHeaders(&reader, of: bytes),
                reader.goesOn(#""properties":"#), let properties = reader.properties(of: bytes),
                reader.reads("}"), reader.position == bytes.count,
                let body = TaskBody(base64: UnsafeBufferPointer(rebasing: buffer[body]), limits: limits)
            else { return nil }
            return (TaskHeaders(headers), body, MessageProperties(properties))
        }
        guard let read else { return nil }
        (headers, body, properties) = read
    }
}

/// Steps through a message in the order in which it is usually written.
///
/// Every step tells whether it found what it was to find; after the first that did not, nothing counts.
struct UsualReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Exactly these bytes.
    mutating func reads(_ wanted: StaticString) -> Bool {
        let end = position + wanted.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        let start = wanted.utf8Start
        for index in position..<end where bytes[index] != start[index - position] { return false }
        position = end
        return true
    }

    /// The beginning of an object with the first key.
    mutating func opens(_ key: StaticString) -> Bool { reads("{") && reads(key) && skipsBlank() }

    /// The next key.
    mutating func goesOn(_ key: StaticString) -> Bool { reads(",") && skipsBlank() && reads(key) && skipsBlank() }

    mutating func isNull() -> Bool { reads("null") }

    /// Python writes a blank after commas and colons.
    private mutating func skipsBlank() -> Bool {
        if position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
        return true
    }

    /// A text of plain ASCII; where it stands.
    mutating func text() -> Range<Int>? {
        guard reads("\"") else { return nil }
        let start = position
        position = JSONParser.endOfPlainText(from: start, in: bytes)
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return start..<position - 1
            case UInt8(ascii: "\\"), 0..<0x20, 0x80...: return nil
            default: position += 1
            }
        }
        return nil
    }

    /// A text or null; the outer nil means neither.
    mutating func textOrNull() -> Range<Int>?? { isNull() ? .some(nil) : text().map(Optional.some) }

    /// A whole number without a sign, or null; the outer nil means neither.
    mutating func wholeOrNull() -> Int?? {
        if isNull() { return .some(nil) }
        let start = position
        var number = 0
        while position < bytes.count, bytes[position] &- 0x30 < 10 {
            number = number &* 10 &+ Int(bytes[position] &- 0x30)
            position += 1
        }
        let count = position - start
        guard count > 0, count < 18, count == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
        return number
    }

    /// True, false or null; the outer nil means none of them.
    mutating func truthOrNull() -> Bool?? {
        if isNull() { return .some(nil) }
        if reads("false") { return false }
        return reads("true") ? true : nil
    }

    /// `[hard, soft]`, whole seconds or null.
    mutating func timeLimit() -> TimeLimits? {
        guard reads("["), let hard = wholeOrNull(), reads(","), skipsBlank(), let soft = wholeOrNull(), reads("]")
        else { return nil }
        return TimeLimits(hard: hard.map(Double.init), soft: soft.map(Double.init))
    }

    /// Kombu's properties of a body in base64.
    mutating func properties(of message: [UInt8]) -> ClosedObject? {
        let start = position
        guard opens(#""correlation_id":"#), textOrNull() != nil,
            goesOn(#""reply_to":"#), textOrNull() != nil,
            goesOn(#""delivery_mode":"#), wholeOrNull() != nil,
            goesOn(#""delivery_info":"#), opens(#""exchange":"#), textOrNull() != nil,
            goesOn(#""routing_key":"#), textOrNull() != nil, reads("}"),
            goesOn(#""priority":"#), wholeOrNull() != nil,
            goesOn(#""body_encoding":"#), reads(#""base64""#),
            goesOn(#""delivery_tag":"#), let tag = text(), !tag.isEmpty, reads("}")
        else { return nil }
        return ClosedObject(bytes: message, range: start..<position)
    }

    func string(_ range: Range<Int>) -> String {
        String(unsafeUninitializedCapacity: range.count) { text in
            _ = text.update(fromContentsOf: UnsafeBufferPointer(rebasing: bytes[range]))
            return range.count
        }
    }

    /// Whether a text stands there.
    func has(_ text: String, at range: Range<Int>) -> Bool {
        text.utf8.count == range.count && text.utf8.elementsEqual(UnsafeBufferPointer(rebasing: bytes[range]))
    }
}

extension TaskBody {
    /// Reads the body of protocol 2 from base64; nil when it is anything else.
    fileprivate init?(base64 text: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        let size = text.count / 4 * 3 + 1
        let body = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { bytes -> TaskBody? in
            guard let count = Base64.decode(text, into: bytes), count <= limits.bytes else { return nil }
            // Why `try?`: whatever is wrong, it is said by those who read what is not usual.
            return try? TaskBody(protocol2: UnsafeBufferPointer(rebasing: bytes[..<count]), limits: limits)
        }
        guard let body else { return nil }
        self = body
    }

    private init?(protocol2 bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) throws {
        // The outer array is one level.
        var parser = JSONParser(bytes, limits: JSONLimits(depth: limits.depth - 1, bytes: limits.bytes))
        guard parser.next(is: UInt8(ascii: "[")), case .array(let args) = try parser.value(),
            parser.next(is: UInt8(ascii: ",")), case .object(let kwargs) = try parser.value(),
            parser.next(is: UInt8(ascii: ","))
        else { return nil }
        parser.skipBlanks()
        let rest = UnsafeBufferPointer(rebasing: bytes[parser.position...])
        if Self.isNothing(rest) {
            self.init(args: args, kwargs: kwargs)
            return
        }
        guard case .object(let embed) = try parser.value(), parser.next(is: UInt8(ascii: "]")),
            parser.position == bytes.count
        else { return nil }
        self.init(args: args, kwargs: kwargs, embed: embed)
        try validateEmbed(at: "body[2]")
    }

    /// Whether nothing but the usual end of a body follows: that no other task does.
    private static func isNothing(_ rest: UnsafeBufferPointer<UInt8>) -> Bool {
        var reader = UsualReader(rest)
        return reader.opens(#""callbacks":"#) && reader.isNull()
            && reader.goesOn(#""errbacks":"#) && reader.isNull()
            && reader.goesOn(#""chain":"#) && reader.isNull()
            && reader.goesOn(#""chord":"#) && reader.isNull()
            && reader.reads("}]") && reader.position == rest.count
    }
}
