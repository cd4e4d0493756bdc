/// Strings with a backslash in them: the slow way.
extension JSONParser {
    /// Reads on from the first backslash, where `position` is, of a string that began at `start`.
    mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var unescaped: [UInt8] = []
        unescaped.append(contentsOf: bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let text = String(validating: unescaped, as: UTF8.self) else {
                    throw JSONError(code: .invalidUTF8, offset: start, found: "")
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &unescaped)
            case 0..<0x20: throw unexpected()
            default:
                unescaped.append(byte)
                position += 1
            }
        }
        throw unexpected()
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
        position += 1
        guard position < bytes.count else { throw unexpected() }
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(bytes[position])
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            unescaped.append(contentsOf: String(try unicodeEscape()).utf8)
            return
        default: throw unexpected()
        }
        position += 1
    }

    /// Reads the four digits after `\u`, and a second escape when the first is the start of a pair.
    private mutating func unicodeEscape() throws(JSONError) -> Character {
        let replacement: Character = "\u{FFFD}"
        let first = try fourHexDigits()
        guard UTF16.isLeadSurrogate(first) else {
            return Unicode.Scalar(first).map(Character.init) ?? replacement
        }
        let afterFirst = position
        guard peek(is: UInt8(ascii: "\\")), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u")
        else { return replacement }
        position += 2
        let second = try fourHexDigits()
        guard UTF16.isTrailSurrogate(second) else {
            // The second escape stands for itself; it is read again on its own.
            position = afterFirst
            return replacement
        }
        let code = 0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00)
        return Unicode.Scalar(code).map(Character.init) ?? replacement
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt16 {
        var code: UInt16 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Self.hexDigit(bytes[position]) else { throw unexpected() }
            code = code << 4 | UInt16(digit)
            position += 1
        }
        return code
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
