/// A JSON object that remembers the order of its keys.
///
/// Equality ignores the order, as JSON does. Keys are compared byte for byte: Swift's own `==` takes
/// "\u{E9}" and "e\u{301}" for the same text, Python does not, and one of them would be lost. Lookup is linear up to `indexedFrom` members and hashed
/// beyond, so that small objects stay cheap and an object with 100,000 keys from outside stays harmless.
public struct JSONObject: Sendable {
    /// One member: a key and its value.
    public typealias Member = (key: String, value: JSONValue)

    /// Below this many members comparing strings beats hashing them.
    private static let indexedFrom = 24

    private var members: [Member] = []
    /// Position of each key; nil while the object is small.
    private var positions: [ExactText: Int]?

    /// An empty object.
    public init() {}

    /// An object from members in order; of equal keys the last value wins, at the first one's place.
    public init(_ members: some Sequence<Member>) {
        for (key, value) in members { self[key] = value }
    }

    /// The number of members.
    public var count: Int { members.count }

    /// Whether there is no member.
    public var isEmpty: Bool { members.isEmpty }

    /// The keys in order.
    public var keys: [String] { members.map(\.key) }

    /// The values in the order of their keys.
    public var values: [JSONValue] { members.map(\.value) }

    /// The value of a key.
    ///
    /// Setting nil removes the key; to store JSON's null set `.null`.
    public subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): remove(at: position)
            case (nil, let value?): append(key, value)
            case (nil, nil): break
            }
        }
    }

    /// The value of a key, or a default when the key is absent.
    public subscript(key: String, default fallback: @autoclosure () -> JSONValue) -> JSONValue {
        get { self[key] ?? fallback() }
        set { self[key] = newValue }
    }

    /// Removes a key and returns the value it had.
    @discardableResult
    public mutating func removeValue(forKey key: String) -> JSONValue? {
        guard let position = position(of: key) else { return nil }
        defer { remove(at: position) }
        return members[position].value
    }

    /// Takes over every member of another object; its values win.
    public mutating func merge(_ other: JSONObject) {
        for (key, value) in other.members { self[key] = value }
    }

    /// This object with every member of another taken over; the other's values win.
    public func merging(_ other: JSONObject) -> JSONObject {
        var merged = self
        merged.merge(other)
        return merged
    }

    /// The members that a test keeps, in order.
    public func filter(_ isIncluded: (Member) throws -> Bool) rethrows -> JSONObject {
        JSONObject(try members.filter(isIncluded))
    }

    /// Collects the members that a parser reads.
    ///
    /// To know a key for new without comparing it to all others it remembers of which kinds it has seen keys.
    struct Builder {
        private(set) var built = JSONObject()
        /// One bit for each of 64 kinds of keys, by length and first and last byte.
        private var seen: UInt64 = 0

        mutating func add(_ key: String, _ value: JSONValue) {
            let bytes = key.utf8
            let kind = UInt64(bytes.count) &* 7 &+ UInt64(bytes.first ?? 0) &* 3 &+ UInt64(bytes.last ?? 0)
            let bit: UInt64 = 1 << (kind & 63)
            if seen & bit == 0 { built.append(key, value) } else { built[key] = value }
            seen |= bit
        }
    }

    private func position(of key: String) -> Int? {
        if let positions { return positions[ExactText(text: key)] }
        let count = key.utf8.count
        // Most keys differ in length already, which costs nothing to see.
        for index in members.indices where members[index].key.utf8.count == count {
            if ExactText.areEqual(members[index].key, key) { return index }
        }
        return nil
    }

    private mutating func append(_ key: String, _ value: JSONValue) {
        // Celery's objects have five, seven or twenty members; growing from one would move them over and over.
        if members.isEmpty { members.reserveCapacity(8) }
        members.append((key, value))
        if positions != nil {
            positions?[ExactText(text: key)] = members.count - 1
        } else if members.count >= Self.indexedFrom {
            index()
        }
    }

    private mutating func remove(at position: Int) {
        members.remove(at: position)
        if positions != nil { index() }
    }

    private mutating func index() {
        positions = Dictionary(minimumCapacity: members.count)
        for (position, member) in members.enumerated() { positions?[ExactText(text: member.key)] = position }
    }
}

/// A text that equals another only when their bytes do.
private struct ExactText: Hashable {
    let text: String

    static func == (left: ExactText, right: ExactText) -> Bool { areEqual(left.text, right.text) }

    static func areEqual(_ left: String, _ right: String) -> Bool {
        let isEqual = left.utf8.withContiguousStorageIfAvailable { left in
            right.utf8.withContiguousStorageIfAvailable { right in
                guard left.count == right.count else { return false }
                for index in left.indices where left[index] != right[index] { return false }
                return true
            }
        }
        // Texts that lie elsewhere than in Swift's own memory, which is none on Linux.
        return isEqual.flatMap { $0 } ?? left.utf8.elementsEqual(right.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// The value that the literal spells.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }
}

extension JSONObject: RandomAccessCollection {
    /// The position of the first member: 0.
    public var startIndex: Int { 0 }
    /// The position behind the last member.
    public var endIndex: Int { members.count }
    /// The member at a position.
    public subscript(position: Int) -> Member { members[position] }
}

extension JSONObject: Hashable {
    /// Whether both have the same members, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    /// Feeds the members to the hasher, whatever their order.
    public func hash(into hasher: inout Hasher) {
        // Order must not count, so the members' own hashes are added up.
        var sum = 0
        for (key, value) in members {
            var one = Hasher()
            one.combine(key)
            one.combine(value)
            sum &+= one.finalize()
        }
        hasher.combine(sum)
    }
}

extension JSONObject: CustomStringConvertible {
    /// The text for logs and error messages.
    public var description: String { JSONValue.object(self).text }
}
