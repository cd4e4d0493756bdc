/// One reply of Redis (RESP2).
public enum RedisValue: Sendable, Hashable {
    case null
    /// A simple string: `OK`, `QUEUED`.
    case status(String)
    /// An error reply inside a pipeline, a transaction or an array; its first word is the kind.
    case error(String)
    case integer(Int)
    /// A value, byte for byte.
    case bytes([UInt8])
    case array([RedisValue])

    /// The text of a status or of a value (broken UTF-8 is repaired); nil for the others.
    public var string: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// The number of an integer reply, or of a value that spells one; nil for the others.
    public var int: Int? {
        switch self {
        case .integer(let number): number
        case .bytes(let bytes): Int(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }

    /// The bytes of a value or of a status; nil for the others.
    public var bytes: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .status(let text): Array(text.utf8)
        default: nil
        }
    }

    /// The elements of an array; nil for the others.
    public var array: [RedisValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// Whether Redis answered that there is nothing.
    public var isNull: Bool { self == .null }

    /// The text of an error reply; nil for the others.
    public var error: String? {
        guard case .error(let text) = self else { return nil }
        return text
    }
}
