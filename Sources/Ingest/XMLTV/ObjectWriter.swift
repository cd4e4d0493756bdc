import CeleryProtocol

/// Puts a JSON object together, member by member; lists and objects that turn out empty are left out.
///
/// The keys are our own names and need no escapes.
struct ObjectWriter {
    /// Kept from one object to the next, so that it grows once.
    private var json: [UInt8] = []

    /// Starts anew.
    mutating func begin() {
        json.removeAll(keepingCapacity: true)
        json.append(UInt8(ascii: "{"))
    }

    /// What was put together since, nil when nothing was.
    mutating func end() -> [UInt8]? {
        guard json.count > 1 else { return nil }
        json.append(UInt8(ascii: "}"))
        // A copy of its own, because the buffer is used again.
        return json.withUnsafeBufferPointer { Array($0) }
    }

    // MARK: Members

    mutating func add(_ key: String, _ utf8: UnsafeBufferPointer<UInt8>?) {
        guard let utf8 else { return }
        begin(key)
        JSONValue.write(utf8, to: &json)
    }

    mutating func add(_ key: String, _ text: StaticString) {
        add(key, UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func add(_ key: String, _ number: Int?) {
        guard let number else { return }
        begin(key)
        json.append(contentsOf: String(number).utf8)
    }

    /// A flag, which is said only where it is true.
    mutating func add(_ key: String, _ flag: Bool) {
        guard flag else { return }
        begin(key)
        json.append(contentsOf: "true".utf8)
    }

    mutating func object(_ key: String, _ members: (inout Self) -> Void) {
        within("{", "}", members) { $0.begin(key) }
    }

    mutating func list(_ key: String, _ elements: (inout Self) -> Void) {
        within("[", "]", elements) { $0.begin(key) }
    }

    // MARK: Elements of a list

    mutating func element(_ utf8: UnsafeBufferPointer<UInt8>?) {
        guard let utf8 else { return }
        separate()
        JSONValue.write(utf8, to: &json)
    }

    mutating func element(_ members: (inout Self) -> Void) {
        within("{", "}", members) { $0.separate() }
    }

    // MARK: Punctuation

    private mutating func within(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ contents: (inout Self) -> Void,
        after begin: (inout Self) -> Void
    ) {
        let start = json.count
        begin(&self)
        json.append(UInt8(ascii: open))
        let empty = json.count
        contents(&self)
        guard json.count > empty else { return json.removeSubrange(start...) }
        json.append(UInt8(ascii: close))
    }

    private mutating func begin(_ key: String) {
        separate()
        json.append(UInt8(ascii: "\""))
        json.append(contentsOf: key.utf8)
        json.append(contentsOf: #"":"#.utf8)
    }

    /// No value ends with an opening bracket, so the last byte tells whether something came before.
    private mutating func separate() {
        guard json.last != UInt8(ascii: "{"), json.last != UInt8(ascii: "[") else { return }
        json.append(UInt8(ascii: ","))
    }
}
