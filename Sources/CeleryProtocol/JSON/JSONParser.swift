/// A recursive-descent parser over raw bytes.
///
/// Reads what Python's `json.loads` reads: RFC 8259 plus `NaN`, `Infinity` and `-Infinity`. Raw
/// control characters inside strings are refused, as there. Of equal keys the last one wins.
///
/// A `\ud800` without its partner, which Python can write and Unicode text cannot hold, becomes U+FFFD.
struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    private let limits: JSONLimits
    var position = 0
    private var depth = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// Parses one whole document.
    static func parse(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) throws(JSONError) -> JSONValue {
        guard bytes.count <= limits.bytes else {
            throw JSONError(code: .tooLong, offset: limits.bytes, found: "\(bytes.count) bytes")
        }
        var parser = JSONParser(bytes, limits: limits)
        let value = try parser.value()
        parser.skipBlanks()
        guard parser.position == bytes.count else { throw parser.unexpected() }
        return value
    }

    /// Reads the value at the present position; with ``next(is:)``, for readers that know what comes.
    mutating func value() throws(JSONError) -> JSONValue {
        skipBlanks()
        guard position < bytes.count else { throw unexpected() }
        switch bytes[position] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "N"): return try word("NaN", .number(JSONNumber(checked: "NaN")))
        case UInt8(ascii: "I"): return try word("Infinity", .number(JSONNumber(checked: "Infinity")))
        default: return try number()
        }
    }

    /// Steps over an opening bracket, one level down.
    private mutating func descend() throws(JSONError) {
        guard depth < limits.depth else {
            throw JSONError(code: .tooDeep, offset: position, found: "more than \(limits.depth) levels")
        }
        depth += 1
        position += 1
    }

    private mutating func array() throws(JSONError) -> [JSONValue] {
        try descend()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        if next(is: UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value())
            if next(is: UInt8(ascii: ",")) { continue }
            guard next(is: UInt8(ascii: "]")) else { throw unexpected() }
            return elements
        }
    }

    private mutating func object() throws(JSONError) -> JSONObject {
        try descend()
        defer { depth -= 1 }
        var object = JSONObject.Builder()
        if next(is: UInt8(ascii: "}")) { return object.built }
        while true {
            skipBlanks()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw unexpected() }
            let key = try key()
            guard next(is: UInt8(ascii: ":")) else { throw unexpected() }
            object.add(key, try value())
            if next(is: UInt8(ascii: ",")) { continue }
            guard next(is: UInt8(ascii: "}")) else { throw unexpected() }
            return object.built
        }
    }

    // MARK: - Numbers and words

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        if peek(is: UInt8(ascii: "-")) {
            position += 1
            if peek(is: UInt8(ascii: "I")) {
                return try word("Infinity", .number(JSONNumber(checked: "-Infinity")))
            }
        }
        if peek(is: UInt8(ascii: "0")) {
            position += 1
        } else {
            try digits()
        }
        if peek(is: UInt8(ascii: ".")) {
            position += 1
            try digits()
        }
        if peek(is: UInt8(ascii: "e")) || peek(is: UInt8(ascii: "E")) {
            position += 1
            if peek(is: UInt8(ascii: "+")) || peek(is: UInt8(ascii: "-")) { position += 1 }
            try digits()
        }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        return .number(JSONNumber(checked: text))
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while position < bytes.count, bytes[position] &- 0x30 < 10 { position += 1 }
        guard position > start else { throw unexpected() }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count, bytes[position] == word.utf8Start[index] else { throw unexpected() }
            position += 1
        }
        return value
    }

    // MARK: - Strings

    private mutating func key() throws(JSONError) -> String {
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] > 0x20, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\") {
            end += 1
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\""),
            let key = KnownKeys.key(UnsafeBufferPointer(rebasing: bytes[start..<end]))
        else { return try string() }
        position = end + 1
        return key
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        position = Self.endOfPlainText(from: start, in: bytes)
        var all: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                let range = start..<position
                // Nothing can be wrong with ASCII, and most texts on this wire are.
                let text = all < 0x80 ? ascii(range) : try text(range)
                position += 1
                return text
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw unexpected()
            default:
                all |= byte
                position += 1
            }
        }
        throw unexpected()
    }

    /// Steps over plain ASCII, eight bytes at a time; stops before the eight that hold anything else.
    static func endOfPlainText(from start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let every: UInt64 = 0x0101_0101_0101_0101
        let high = every &* 0x80
        let raw = UnsafeRawBufferPointer(bytes)
        var position = start
        while position + 8 <= raw.count {
            let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let quotes = word ^ (every &* 0x22)
            let slashes = word ^ (every &* 0x5C)
            // The top bit of a byte is set where that byte is zero, is below 0x20, or is no ASCII.
            let zeros = (quotes &- every) & ~quotes | (slashes &- every) & ~slashes
            let controls = (word &- every &* 0x20) & ~word
            guard (zeros | controls | word) & high == 0 else { return position }
            position += 8
        }
        return position
    }

    private func ascii(_ range: Range<Int>) -> String {
        String(unsafeUninitializedCapacity: range.count) { text in
            _ = text.update(fromContentsOf: UnsafeBufferPointer(rebasing: bytes[range]))
            return range.count
        }
    }

    private func text(_ range: Range<Int>) throws(JSONError) -> String {
        guard let text = String(validating: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            throw JSONError(code: .invalidUTF8, offset: range.lowerBound, found: "")
        }
        return text
    }

    // MARK: - Bytes

    mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    func peek(is byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }

    /// Skips blanks, and the byte as well when it is the one asked for.
    mutating func next(is byte: UInt8) -> Bool {
        skipBlanks()
        guard peek(is: byte) else { return false }
        position += 1
        return true
    }

    func unexpected() -> JSONError {
        guard position < bytes.count else {
            return JSONError(code: .unexpectedEnd, offset: bytes.count, found: "")
        }
        let byte = bytes[position]
        let shown = byte > 0x20 && byte < 0x7F ? "'\(Unicode.Scalar(byte))'" : "0x" + String(byte, radix: 16)
        return JSONError(code: .unexpectedByte, offset: position, found: shown)
    }
}

extension JSONValue {
    /// Parses one JSON document from bytes.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            try JSONParser.parse(buffer, limits: limits)
        }
    }

    /// Parses one JSON document from text.
    public init(parsing text: String, limits: JSONLimits = .standard) throws(JSONError) {
        var text = text
        // `withUTF8` cannot pass on a typed error, hence the detour through `Result`.
        let outcome = text.withUTF8 { buffer in
            Result { () throws(JSONError) in try JSONParser.parse(buffer, limits: limits) }
        }
        self = try outcome.get()
    }
}
