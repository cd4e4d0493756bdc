/// A JSON number that keeps its digits as they were written.
///
/// `1.0` stays `1.0`, and `9007199254740993` stays itself: a number that is only passed on is never
/// sent through a `Double`. Two numbers are equal when their texts are equal. Python's `NaN`,
/// `Infinity` and `-Infinity` are numbers here too, because `json.dumps` writes them.
public struct JSONNumber: Sendable, Hashable, CustomStringConvertible {
    /// The number as it stands in the JSON text.
    public let text: String

    /// The number as an integer; nil when it has a fraction or an exponent, or needs more than 64 bits.
    public var int: Int? { Int(text) }

    /// The nearest double; NaN when the text is `NaN`.
    public var double: Double { Double(text) ?? .nan }

    /// The text for logs and error messages.
    public var description: String { text }

    /// An integer.
    public init(_ value: Int) { text = String(value) }

    /// A floating-point number; `1.0` is written `1.0`, as Python does.
    public init(_ value: Double) {
        if value.isNaN {
            text = "NaN"
        } else if value.isInfinite {
            text = value < 0 ? "-Infinity" : "Infinity"
        } else {
            text = value.description
        }
    }

    /// A number from its JSON text; nil when the text is not exactly one JSON number.
    public init?(text: String) {
        guard case .number(let number)? = try? JSONValue(parsing: text), number.text == text else {
            // Why `try?`: every fault means the same here, "not a number".
            return nil
        }
        self = number
    }

    /// For the parser, which has already checked the text.
    init(checked text: String) { self.text = text }
}

extension JSONNumber: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    /// The value that the literal spells.
    public init(integerLiteral value: Int) { self.init(value) }
    /// The value that the literal spells.
    public init(floatLiteral value: Double) { self.init(value) }
}
