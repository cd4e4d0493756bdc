#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// How values that JSON has no kind for are written: `Date`, `UUID`, `Data`, `Decimal`.
///
/// Both spellings, and kombu's alone, are read back.
public enum ForeignValues: Sendable, Hashable {
    /// As plain text: ISO 8601, the UUID, base64, the decimal's digits. For people and web clients.
    case text
    /// As kombu wraps them, `{"__type__": "datetime", "__value__": "…"}`: a Python task gets a `datetime`.
    case kombu
}

extension JSONValue {
    /// The JSON of any `Encodable` value.
    ///
    /// - Parameters:
    ///   - value: what to write.
    ///   - foreign: how `Date`, `UUID`, `Data` and `Decimal` are written.
    /// - Throws: what the value's own `encode(to:)` throws.
    public init(encoding value: some Encodable, foreign: ForeignValues = .text) throws {
        self = try JSONEncoding.json(of: value, foreign: foreign, path: [])
    }

    /// A `Decodable` value from this JSON; errors name the place in `codingPath`.
    public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try JSONDecoding(json: self, codingPath: []).decode(type)
    }
}

/// Coding by other coders, such as Foundation's. Ours take the value as it is; others send numbers
/// through `Int` or `Double`.
extension JSONValue: Codable {
    /// Reads any JSON value.
    public init(from decoder: any Decoder) throws {
        if let ours = decoder as? JSONDecoding {
            self = ours.json
            return
        }
        if let container = try? decoder.container(keyedBy: TextKey.self) {
            // Why `try?`, here and below: `Decoder` has no way to ask for the kind but to try it.
            var object = JSONObject()
            for key in container.allKeys { object[key.stringValue] = try container.decode(JSONValue.self, forKey: key) }
            self = .object(object)
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [JSONValue] = []
            while !container.isAtEnd { elements.append(try container.decode(JSONValue.self)) }
            self = .array(elements)
        } else {
            self = try Self.scalar(from: decoder.singleValueContainer())
        }
    }

    private static func scalar(from container: any SingleValueDecodingContainer) throws -> JSONValue {
        if container.decodeNil() { return .null }
        if let value = try? container.decode(Bool.self) { return .bool(value) }
        if let value = try? container.decode(Int.self) { return .int(value) }
        if let value = try? container.decode(Double.self) { return .double(value) }
        return .string(try container.decode(String.self))
    }

    /// Writes the value as it is.
    public func encode(to encoder: any Encoder) throws {
        if let ours = encoder as? JSONEncoding {
            ours.slot.json = self
            return
        }
        switch self {
        case .object(let object):
            var container = encoder.container(keyedBy: TextKey.self)
            for (key, value) in object { try container.encode(value, forKey: TextKey(key)) }
        case .array(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let value): try value.encode(to: encoder)
        case .string(let value): try value.encode(to: encoder)
        case .number(let number):
            if let value = number.int { try value.encode(to: encoder) } else { try number.double.encode(to: encoder) }
        }
    }
}

extension JSONObject: Codable {
    /// Reads any JSON object.
    public init(from decoder: any Decoder) throws {
        let json = try JSONValue(from: decoder)
        guard case .object(let object) = json else {
            throw DecodingError.typeMismatch(
                JSONObject.self,
                .init(codingPath: decoder.codingPath, debugDescription: "Expected an object, found \(json.kind)."))
        }
        self = object
    }

    /// Writes the object as it is.
    public func encode(to encoder: any Encoder) throws { try JSONValue.object(self).encode(to: encoder) }
}

/// A key that is any text, or an index.
struct TextKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ text: String) { (stringValue, intValue) = (text, nil) }
    init(_ index: Int) { (stringValue, intValue) = ("[\(index)]", index) }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { self.init(intValue) }
}
