/// One JSON value, kept without loss: number digits, key order, and what is null against what is absent.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// The text, or nil when this is not a string.
    public var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The integer, or nil when this is not a number written as one.
    public var int: Int? {
        guard case .number(let value) = self else { return nil }
        return value.int
    }

    /// The number as a double, or nil when this is not a number.
    public var double: Double? {
        guard case .number(let value) = self else { return nil }
        return value.double
    }

    /// The number with its digits, or nil when this is not a number.
    public var number: JSONNumber? {
        guard case .number(let value) = self else { return nil }
        return value
    }

    /// The truth value, or nil when this is not one.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements, or nil when this is not an array.
    public var array: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The object, or nil when this is not one.
    public var object: JSONObject? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// Whether this is JSON's null.
    public var isNull: Bool {
        // Not by `==`, which would look at both values' members.
        if case .null = self { true } else { false }
    }

    /// The member of an object; nil when this is no object or lacks the key.
    public subscript(key: String) -> JSONValue? { object?[key] }

    /// The element of an array; nil when this is no array or the index is outside.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// What kind of value this is, in the words of JSON, for error messages.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// A number from an integer.
    public static func int(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }

    /// A number from a double.
    public static func double(_ value: Double) -> JSONValue { .number(JSONNumber(value)) }
}

extension JSONValue {
    /// A string, or null for nil.
    public init(_ value: String?) { self = value.map(JSONValue.string) ?? .null }

    /// An integer, or null for nil.
    public init(_ value: Int?) { self = value.map(JSONValue.int) ?? .null }

    /// A double, or null for nil.
    public init(_ value: Double?) { self = value.map(JSONValue.double) ?? .null }

    /// A boolean, or null for nil.
    public init(_ value: Bool?) { self = value.map(JSONValue.bool) ?? .null }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// The value that the literal spells.
    public init(nilLiteral: ()) { self = .null }
    /// The value that the literal spells.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// The value that the literal spells.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// The value that the literal spells.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// The value that the literal spells.
    public init(stringLiteral value: String) { self = .string(value) }
    /// The value that the literal spells.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// The value that the literal spells.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}

extension JSONValue: CustomStringConvertible {
    /// The text for logs and error messages.
    public var description: String { text }
}
