#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Reads `Decodable` values out of a ``JSONValue``.
///
/// Numbers go straight from their digits to the wanted type. `Date`, `UUID`, `Data` and `Decimal` are read
/// from plain text and from kombu's `{"__type__", "__value__"}`.
struct JSONDecoding: Decoder {
    let json: JSONValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = json else { throw mismatch([String: Any].self, "an object") }
        return KeyedDecodingContainer(Keyed<Key>(object: object, decoding: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = json else { throw mismatch([Any].self, "an array") }
        return Unkeyed(elements: elements, decoding: self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { Single(decoding: self) }

    // MARK: - One value

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if let value = try native(type) {
            guard let value = value as? T else { throw mismatch(type, "\(type)") }
            return value
        }
        return try T(from: self)
    }

    /// The value for types that are read from one JSON value at once; nil for all others.
    private func native(_ type: any Decodable.Type) throws -> Any? {
        switch type {
        case is JSONValue.Type: json
        case is String.Type: try require(json.string, type, "a string")
        case is Bool.Type: try require(json.bool, type, "true or false")
        case is Double.Type: try require(json.double, type, "a number")
        case is Float.Type: try require(json.number.flatMap { Float($0.text) }, type, "a number")
        case let integer as any FixedWidthInteger.Type:
            try require(Self.integer(integer, json), type, "a whole number that fits \(type)")
        case is Date.Type: try require(unwrapped("datetime").string.flatMap { WireDate.parse($0) }, type, "a time")
        case is UUID.Type: try require(uuid, type, "a UUID")
        case is Data.Type: try require(data, type, "base64")
        case is Decimal.Type: try require(decimal, type, "a decimal number")
        default: nil
        }
    }

    /// Also `2.0` and `1e3`: JavaScript and Python clients send whole numbers like this.
    private static func integer<I: FixedWidthInteger>(_ type: I.Type, _ json: JSONValue) -> I? {
        guard let number = json.number else { return nil }
        return I(number.text) ?? I(exactly: number.double)
    }

    private var uuid: UUID? {
        let value = unwrapped("uuid")
        guard let text = value.string ?? value["hex"]?.string else { return nil }
        guard text.count == 32 else { return UUID(uuidString: text) }
        var dashed = text
        for offset in [20, 16, 12, 8] { dashed.insert("-", at: dashed.index(dashed.startIndex, offsetBy: offset)) }
        return UUID(uuidString: dashed)
    }

    private var data: Data? {
        if json["__type__"] == "bytes" { return json["__value__"]?.string.map { Data($0.utf8) } }
        return unwrapped("base64").string.flatMap { Data(base64Encoded: $0) }
    }

    private var decimal: Decimal? {
        let value = unwrapped("decimal")
        return (value.string ?? value.number?.text).flatMap { Decimal(string: $0) }
    }

    private func unwrapped(_ type: String) -> JSONValue {
        json["__type__"]?.string == type ? json["__value__"] ?? .null : json
    }

    // MARK: - Errors

    private func require<T>(_ value: T?, _ type: any Decodable.Type, _ wanted: String) throws -> T {
        guard let value else { throw mismatch(type, wanted) }
        return value
    }

    private func mismatch(_ type: Any.Type, _ wanted: String) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: codingPath, debugDescription: "Expected \(wanted), found \(json.summary).")
        return json.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    fileprivate func child(_ json: JSONValue, _ key: any CodingKey) -> JSONDecoding {
        JSONDecoding(json: json, codingPath: codingPath + [key])
    }
}

private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let object: JSONObject
    let decoding: JSONDecoding
    var codingPath: [any CodingKey] { decoding.codingPath }
    var allKeys: [Key] { object.keys.compactMap(Key.init(stringValue:)) }

    private func child(_ key: Key) throws -> JSONDecoding {
        guard let json = object[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "\"\(key.stringValue)\" is missing."))
        }
        return decoding.child(json, key)
    }

    func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try child(key).json.isNull }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try child(key).decode(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try child(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try child(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { decoding.child(object["super"] ?? .null, TextKey("super")) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }
}

private struct Unkeyed: UnkeyedDecodingContainer {
    let elements: [JSONValue]
    let decoding: JSONDecoding
    private(set) var currentIndex = 0
    var codingPath: [any CodingKey] { decoding.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    init(elements: [JSONValue], decoding: JSONDecoding) {
        self.elements = elements
        self.decoding = decoding
    }

    private func current() throws -> JSONDecoding {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                JSONValue.self,
                .init(codingPath: codingPath, debugDescription: "The array has only \(elements.count) elements."))
        }
        return decoding.child(elements[currentIndex], TextKey(currentIndex))
    }

    /// Steps on only when reading succeeded, as `UnkeyedDecodingContainer` asks.
    private mutating func next<T>(_ read: (JSONDecoding) throws -> T) throws -> T {
        let value = try read(try current())
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard try current().json.isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next { try $0.decode(type) } }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next { try $0.container(keyedBy: type) } }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try next { $0 } }
}

private struct Single: SingleValueDecodingContainer {
    let decoding: JSONDecoding
    var codingPath: [any CodingKey] { decoding.codingPath }

    func decodeNil() -> Bool { decoding.json.isNull }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoding.decode(type) }
}
