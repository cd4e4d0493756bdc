/// One command as a client sent it, byte for byte.
struct RecordedCommand: Sendable {
    /// The command's name in upper case.
    let name: String
    /// The whole RESP array.
    let bytes: [UInt8]

    /// Commands of a connection's own life and waits: a replay on another connection has no use for them.
    private static let connectionOnly: Set<String> = [
        "AUTH", "HELLO", "SELECT", "CLIENT", "PING", "BLMOVE", "SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE",
        "PUNSUBSCRIBE", "SCRIPT",
    ]

    /// Whether it belongs to the work rather than to the connection.
    var isWork: Bool { !Self.connectionOnly.contains(name) }

    /// Whether its connection is one that waits for messages.
    var isWait: Bool { name == "BLMOVE" }
}

/// Cuts what a client sends into commands.
///
/// Clients send RESP arrays of bulk strings only, so lengths alone tell where a command ends.
struct CommandSplitter: Sendable {
    private var pending: [UInt8] = []

    /// Takes in more bytes; gives the commands that are complete now.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> [RecordedCommand] {
        pending.append(contentsOf: bytes)
        var found: [RecordedCommand] = []
        var start = 0
        while let (command, end) = command(at: start) {
            found.append(command)
            start = end
        }
        pending.removeFirst(start)
        return found
    }

    private func command(at start: Int) -> (RecordedCommand, end: Int)? {
        guard start < pending.count, pending[start] == UInt8(ascii: "*"), var (count, at) = number(at: start + 1) else {
            return nil
        }
        var name = ""
        while count > 0 {
            guard at < pending.count, let (length, body) = number(at: at + 1), body + length + 2 <= pending.count else {
                return nil
            }
            if name.isEmpty { name = String(decoding: pending[body..<body + length], as: UTF8.self).uppercased() }
            at = body + length + 2
            count -= 1
        }
        return (RecordedCommand(name: name, bytes: Array(pending[start..<at])), at)
    }

    /// The number that ends with CR LF, and where the next line begins.
    private func number(at start: Int) -> (Int, Int)? {
        var value = 0
        var at = start
        while at < pending.count, pending[at] != UInt8(ascii: "\r") {
            value = value * 10 + Int(pending[at] &- UInt8(ascii: "0"))
            at += 1
        }
        return at + 1 < pending.count ? (value, at + 2) : nil
    }
}
