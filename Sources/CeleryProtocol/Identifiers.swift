/// A name or id that is text on the wire and a type of its own here, because they are easily confused.
public protocol WireText: RawRepresentable<String>, Hashable, Sendable, Codable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    /// Takes any text as it is.
    init(rawValue: String)
}

extension WireText {
    /// Takes any text as it is.
    public init(stringLiteral value: String) { self.init(rawValue: value) }

    /// Takes any text as it is.
    public init(_ text: String) { self.init(rawValue: text) }

    /// The text for logs and error messages.
    public var description: String { rawValue }
}

/// The id of one task: a lower-case UUID from Celery, any text from a caller who set `task_id`.
public struct TaskID: WireText {
    /// The text as it stands on the wire.
    public let rawValue: String
    /// Takes any text as it is.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A fresh random id.
    public static func random() -> TaskID { TaskID(rawValue: randomUUID()) }
}

/// The name of a queue, as it is written in `-Q`; its Redis keys come from ``QueueLists``.
public struct QueueName: WireText {
    /// The text as it stands on the wire.
    public let rawValue: String
    /// Takes any text as it is.
    public init(rawValue: String) { self.rawValue = rawValue }
}

/// The key of one delivery in kombu's `unacked` hash.
public struct DeliveryTag: WireText {
    /// The text as it stands on the wire.
    public let rawValue: String
    /// Takes any text as it is.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A fresh random tag.
    public static func random() -> DeliveryTag { DeliveryTag(rawValue: randomUUID()) }
}

extension JSONValue {
    /// The text of a name or id, or null for nil.
    public init(_ value: (some WireText)?) { self = value.map { .string($0.rawValue) } ?? .null }
}

/// A random (version 4) UUID in lower case, as Python prints it.
func randomUUID() -> String {
    let words = Randomness.shared.pair()
    let high = words.0 & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = words.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return String(unsafeUninitializedCapacity: 36) { buffer in
        var position = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                buffer[position] = UInt8(ascii: "-")
                position += 1
            }
            let word = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - index % 16 * 4) & 0xF)
            buffer[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            position += 1
        }
        return position
    }
}
