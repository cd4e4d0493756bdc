import NIOCore

extension ByteBuffer {
    /// Writes a command as Redis reads it: an array of bulk strings.
    ///
    ///     *2\r\n $3\r\nGET\r\n $3\r\nkey\r\n
    mutating func writeCommand(_ command: RedisCommand) {
        writeLength("*", command.arguments.count + 1)
        writeBulk(command.name)
        for argument in command.arguments {
            switch argument.content {
            case .text(let text): writeBulk(text)
            case .integer(let number): writeBulk(String(number))
            case .bytes(let bytes):
                writeLength("$", bytes.count)
                writeBytes(bytes)
                writeStaticString("\r\n")
            }
        }
    }

    private mutating func writeBulk(_ text: String) {
        writeLength("$", text.utf8.count)
        writeString(text)
        writeStaticString("\r\n")
    }

    private mutating func writeLength(_ sign: StaticString, _ count: Int) {
        writeStaticString(sign)
        writeString(String(count))  // at most 15 digits: kept inside the String, no allocation
        writeStaticString("\r\n")
    }
}
