import NIOCore

extension ByteBuffer {
    /// Writes a command as Redis reads it: an array of bulk strings.
    ///
    ///     *2\r\n $3\r\nGET\r\n $3\r\nkey\r\n
    mutating func writeCommand(_ command: RedisCommand) {
        // Room for all of it at once: each write to a ByteBuffer costs more than most arguments have bytes.
        var most = CommandBytes.mostAround + command.name.utf8.count + CommandBytes.mostAround
        for argument in command.arguments { most += argument.mostBytes + CommandBytes.mostAround }
        writeWithUnsafeMutableBytes(minimumWritableBytes: most) { target in
            var bytes = CommandBytes(target: target)
            bytes.append("*", command.arguments.count + 1)
            bytes.append(bulk: command.name)
            for argument in command.arguments {
                switch argument.content {
                case .text(let text): bytes.append(bulk: text)
                case .integer(let number): bytes.append(bulk: number)
                case .bytes(let content): content.withUnsafeBytes { bytes.append(bulk: $0) }
                }
            }
            return bytes.count
        }
    }
}

extension RedisArgument {
    /// At least as many bytes as it takes.
    fileprivate var mostBytes: Int {
        switch content {
        case .text(let text): text.utf8.count
        case .integer: CommandBytes.mostDigits
        case .bytes(let bytes): bytes.count
        }
    }
}

/// Fills memory that is known to be large enough.
private struct CommandBytes {
    /// A sign and the digits of any 64-bit number.
    static let mostDigits = 20
    /// What stands around an argument: its length, and two ends of lines.
    static let mostAround = mostDigits + 5

    let target: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(target: UnsafeMutableRawBufferPointer) { self.target = target }

    mutating func append(_ sign: Unicode.Scalar, _ length: Int) {
        target[count] = UInt8(ascii: sign)
        count += 1
        append(digits: length)
        endLine()
    }

    mutating func append(bulk text: String) {
        append("$", text.utf8.count)
        let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable { append(UnsafeRawBufferPointer($0)) }
        if isWritten == nil { for byte in text.utf8 { append(byte) } }
        endLine()
    }

    mutating func append(bulk bytes: UnsafeRawBufferPointer) {
        append("$", bytes.count)
        append(bytes)
        endLine()
    }

    mutating func append(bulk number: Int) {
        append("$", Self.digitCount(number))
        append(digits: number)
        endLine()
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        UnsafeMutableRawBufferPointer(rebasing: target[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    private mutating func append(_ byte: UInt8) {
        target[count] = byte
        count += 1
    }

    private mutating func endLine() {
        append(UInt8(ascii: "\r"))
        append(UInt8(ascii: "\n"))
    }

    private mutating func append(digits number: Int) {
        let end = count + Self.digitCount(number)
        if number < 0 { target[count] = UInt8(ascii: "-") }
        count = end
        var rest = number.magnitude
        repeat {
            count -= 1
            target[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        count = end
    }

    private static func digitCount(_ number: Int) -> Int {
        var digits = number < 0 ? 2 : 1
        var rest = number.magnitude
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        return digits
    }
}
