#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Builds a ``JSONValue`` out of an `Encodable` one.
///
/// Containers write into a slot that they share with their parent, which collects it when all is done:
/// `Encoder` lets a child container live on after the call that made it.
struct JSONEncoding: Encoder {
    /// Where one value comes to stand.
    final class Slot {
        var json: JSONValue?
        var members: [(key: String, slot: Slot)]?
        var elements: [Slot]?

        var collected: JSONValue {
            if let members {
                var object = JSONObject()
                for (key, slot) in members { object[key] = slot.collected }
                return .object(object)
            }
            if let elements { return .array(elements.map(\.collected)) }
            return json ?? [:]
        }
    }

    let slot: Slot
    let foreign: ForeignValues
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func json(
        of value: some Encodable, foreign: ForeignValues, path: [any CodingKey]
    ) throws -> JSONValue {
        if let json = foreign.json(of: value) { return json }
        let encoding = JSONEncoding(slot: Slot(), foreign: foreign, codingPath: path)
        try value.encode(to: encoding)
        return encoding.slot.collected
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if slot.members == nil { slot.members = [] }
        return KeyedEncodingContainer(Keyed<Key>(encoding: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if slot.elements == nil { slot.elements = [] }
        return Unkeyed(encoding: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoding: self) }

    fileprivate func child(_ key: any CodingKey) -> JSONEncoding {
        JSONEncoding(slot: Slot(), foreign: foreign, codingPath: codingPath + [key])
    }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let encoding: JSONEncoding
        var codingPath: [any CodingKey] { encoding.codingPath }

        private func add(_ key: any CodingKey) -> JSONEncoding {
            let child = encoding.child(key)
            encoding.slot.members?.append((key.stringValue, child.slot))
            return child
        }

        mutating func encodeNil(forKey key: Key) throws { add(key).slot.json = .null }

        mutating func encode(_ value: some Encodable, forKey key: Key) throws {
            let child = add(key)
            child.slot.json = try JSONEncoding.json(
                of: value, foreign: encoding.foreign, path: child.codingPath)
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> { add(key).container(keyedBy: type) }

        mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            add(key).unkeyedContainer()
        }

        mutating func superEncoder() -> any Encoder { add(TextKey("super")) }
        mutating func superEncoder(forKey key: Key) -> any Encoder { add(key) }
    }

    private struct Unkeyed: UnkeyedEncodingContainer {
        let encoding: JSONEncoding
        var codingPath: [any CodingKey] { encoding.codingPath }
        var count: Int { encoding.slot.elements?.count ?? 0 }

        private func add() -> JSONEncoding {
            let child = encoding.child(TextKey(count))
            encoding.slot.elements?.append(child.slot)
            return child
        }

        mutating func encodeNil() throws { add().slot.json = .null }

        mutating func encode(_ value: some Encodable) throws {
            let child = add()
            child.slot.json = try JSONEncoding.json(
                of: value, foreign: encoding.foreign, path: child.codingPath)
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) -> KeyedEncodingContainer<Nested> { add().container(keyedBy: type) }

        mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { add().unkeyedContainer() }
        mutating func superEncoder() -> any Encoder { add() }
    }

    private struct Single: SingleValueEncodingContainer {
        let encoding: JSONEncoding
        var codingPath: [any CodingKey] { encoding.codingPath }

        mutating func encodeNil() throws { encoding.slot.json = .null }

        mutating func encode(_ value: some Encodable) throws {
            encoding.slot.json = try JSONEncoding.json(of: value, foreign: encoding.foreign, path: codingPath)
        }
    }
}

extension ForeignValues {
    /// The JSON of a value that does not encode itself as JSON wants it; nil for all others.
    fileprivate func json(of value: some Encodable) -> JSONValue? {
        switch value {
        case let value as JSONValue: value
        case let value as JSONObject: .object(value)
        case let value as String: .string(value)
        case let value as Bool: .bool(value)
        case let value as Double: .double(value)
        // A Float's own digits: 0.1 must not become 0.10000000149011612.
        case let value as Float:
            value.isFinite ? .number(JSONNumber(checked: value.description)) : .double(Double(value))
        case let value as any BinaryInteger: .number(JSONNumber(checked: String(value)))
        case let value as Date: wrapped("datetime", .string(WireDate.text(value)))
        case let value as Data: wrapped("base64", .string(value.base64EncodedString()))
        case let value as Decimal: wrapped("decimal", .string("\(value)"))
        case let value as UUID: uuid(value)
        default: nil
        }
    }

    private func uuid(_ value: UUID) -> JSONValue {
        let text = value.uuidString.lowercased()
        return self == .text ? .string(text) : wrapped("uuid", ["hex": .string(text.filter { $0 != "-" })])
    }

    private func wrapped(_ type: String, _ value: JSONValue) -> JSONValue {
        self == .text ? value : ["__type__": .string(type), "__value__": value]
    }
}
