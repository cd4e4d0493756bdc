/// Standard base64 with padding, as kombu writes bodies.
///
/// Foundation's own goes through `Data` and costs several times as much, for each message twice.
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The value of each digit; 64 for what is none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// The text of bytes.
    static func text(of bytes: [UInt8]) -> String {
        let count = (bytes.count + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: count) { text in
            write(bytes, to: text)
            return count
        }
    }

    /// Appends the text of bytes.
    static func write(_ bytes: [UInt8], to output: inout [UInt8]) {
        let count = (bytes.count + 2) / 3 * 4
        let text = [UInt8](unsafeUninitializedCapacity: count) { text, written in
            write(bytes, to: text)
            written = count
        }
        output.append(contentsOf: text)
    }

    private static func write(_ bytes: [UInt8], to text: UnsafeMutableBufferPointer<UInt8>) {
        digits.withUnsafeBufferPointer { digits in
            bytes.withUnsafeBufferPointer { bytes in
                var from = 0
                var to = 0
                while from < bytes.count {
                    let left = bytes.count - from
                    let second = left > 1 ? bytes[from + 1] : 0
                    let third = left > 2 ? bytes[from + 2] : 0
                    text[to] = digits[Int(bytes[from] >> 2)]
                    text[to + 1] = digits[Int(bytes[from] & 0x03) << 4 | Int(second >> 4)]
                    text[to + 2] =
                        left > 1 ? digits[Int(second & 0x0F) << 2 | Int(third >> 6)] : UInt8(ascii: "=")
                    text[to + 3] = left > 2 ? digits[Int(third & 0x3F)] : UInt8(ascii: "=")
                    from += 3
                    to += 4
                }
            }
        }
    }

    /// The bytes of a text; nil when it is not base64, padding included.
    static func bytes(of text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { text in
            var isValid = false
            let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3) { bytes, count in
                let written = decode(text, into: bytes)
                isValid = written != nil
                count = written ?? 0
            }
            return isValid ? bytes : nil
        }
    }

    /// Writes the bytes of a text, three for four digits, and gives their number; nil when it is not base64.
    static func decode(_ text: UnsafeBufferPointer<UInt8>, into bytes: UnsafeMutableBufferPointer<UInt8>) -> Int? {
        guard text.count % 4 == 0 else { return nil }
        guard let last = text.last else { return 0 }
        let padding = last == UInt8(ascii: "=") ? (text[text.count - 2] == UInt8(ascii: "=") ? 2 : 1) : 0
        let digitCount = text.count - padding
        var isValid = true
        var count = 0
        values.withUnsafeBufferPointer { values in
            var from = 0
            while from < text.count {
                var group: UInt32 = 0
                for position in from..<from + 4 {
                    let value = position < digitCount ? values[Int(text[position])] : 0
                    if value > 63 { isValid = false }
                    group = group << 6 | UInt32(value & 63)
                }
                bytes[count] = UInt8(truncatingIfNeeded: group >> 16)
                bytes[count + 1] = UInt8(truncatingIfNeeded: group >> 8)
                bytes[count + 2] = UInt8(truncatingIfNeeded: group)
                count += 3
                from += 4
            }
        }
        return isValid ? count - padding : nil
    }
}
