/// One argument of a command: text, a number, or bytes that reach Redis as they are.
public struct RedisArgument: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    enum Content: Hashable {
        case text(String)
        case integer(Int)
        case bytes([UInt8])
    }

    let content: Content

    /// Text, as UTF-8.
    public init(_ text: String) { content = .text(text) }

    /// A whole number, in decimal digits.
    public init(_ number: Int) { content = .integer(number) }

    /// A number in the fewest digits that read back as the same number.
    public init(_ number: Double) { content = .text(number.description) }

    /// Bytes, as they are.
    public init(_ bytes: [UInt8]) { content = .bytes(bytes) }

    /// Text, as UTF-8.
    public init(stringLiteral text: String) { self.init(text) }

    /// A whole number, in decimal digits.
    public init(integerLiteral number: Int) { self.init(number) }
}

/// A command and its arguments.
///
/// Two-word commands have their second word as the first argument: `("SCRIPT", "LOAD", …)`.
public struct RedisCommand: Sendable, Hashable, CustomStringConvertible {
    /// The command's first word; it stands in error messages.
    public let name: String
    /// Everything after the name.
    public let arguments: [RedisArgument]
    /// Whether doing it twice is the same as doing it once, so that it is sent again when a connection takes its
    /// answer along.
    ///
    /// True by itself for commands that only read.
    public var isRepeatable: Bool {
        get { saysRepeatable || Self.reading.contains(name) }
        set { saysRepeatable = newValue }
    }
    private var saysRepeatable = false

    /// The name and how many arguments it has; what they are may be secret.
    public var description: String { "\(name) with \(arguments.count) arguments" }

    private static let reading: Set<String> = [
        "PING", "ECHO", "TIME", "GET", "MGET", "EXISTS", "TYPE", "TTL", "PTTL", "STRLEN", "LLEN", "LRANGE", "LINDEX",
        "HGET", "HMGET", "HGETALL", "HLEN", "HEXISTS", "HKEYS", "HVALS", "SCARD", "SMEMBERS", "SISMEMBER", "ZCARD",
        "ZSCORE", "ZCOUNT", "ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE", "XLEN", "XRANGE", "XREVRANGE", "SCAN", "HSCAN",
        "SSCAN", "ZSCAN", "DBSIZE",
    ]

    /// A command written out.
    public init(_ name: String, _ arguments: RedisArgument...) {
        self.init(name, arguments: arguments)
    }

    /// A command whose arguments were collected.
    public init(_ name: String, arguments: [RedisArgument]) {
        self.name = name
        self.arguments = arguments
    }
}
