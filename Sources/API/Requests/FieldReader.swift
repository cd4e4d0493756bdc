import CeleryProtocol

/// Reads the members of a request's object into values, collecting what is wrong with them.
///
/// Fields that nobody reads are ignored, so a body cannot set what its route does not offer.
struct FieldReader {
    let object: JSONObject
    private(set) var faults: [String] = []

    init(_ object: JSONObject) { self.object = object }

    /// Whether the field is there at all, null included.
    func has(_ name: String) -> Bool { object[name] != nil }

    /// Text; null is nil where the caller takes it.
    mutating func text(_ name: String, _ assign: (String?) -> Void) {
        switch object[name] {
        case nil: return
        case .null?: assign(nil)
        case .string(let text)?: assign(text)
        default: faults.append("\(name): expected text")
        }
    }

    /// A whole number, or the text of one as forms send it.
    mutating func int(_ name: String, in range: ClosedRange<Int> = 0...Int(Int32.max), _ assign: (Int) -> Void) {
        guard let value = object[name] else { return }
        guard let number = value.wholeNumber ?? value.string.flatMap(Int.init), range.contains(number) else {
            faults.append("\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
            return
        }
        assign(number)
    }

    /// The identifier of another row, or null.
    mutating func reference(_ name: String, _ assign: (Int?) -> Void) {
        guard let value = object[name] else { return }
        if value.isNull || value.string == "" { return assign(nil) }
        int(name, in: 1...Int.max) { assign($0) }
    }

    mutating func bool(_ name: String, _ assign: (Bool) -> Void) {
        guard let value = object[name] else { return }
        guard let flag = value.boolean else {
            faults.append("\(name): expected true or false")
            return
        }
        assign(flag)
    }

    /// An object, or the text of one as forms send it.
    mutating func properties(_ name: String, _ assign: (JSONObject) -> Void) {
        guard let value = object[name], !value.isNull else { return }
        // try?: text that is no JSON is a fault like any other.
        guard let properties = value.object ?? value.string.flatMap({ (try? JSONValue(parsing: $0))?.object }) else {
            faults.append("\(name): expected an object")
            return
        }
        assign(properties)
    }

    /// One of some words.
    mutating func choice<Choice: RawRepresentable<String>>(
        _ name: String, of type: Choice.Type, _ assign: (Choice) -> Void
    ) {
        guard let value = object[name] else { return }
        guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
            faults.append("\(name): \"\(value.string ?? value.kind)\" is not a valid choice")
            return
        }
        assign(choice)
    }

    mutating func fault(_ text: String) { faults.append(text) }

    /// - Throws: 400 naming every fault at once.
    func finish() throws(APIError) {
        guard !faults.isEmpty else { return }
        throw .badRequest(faults.joined(separator: "; "), code: "invalid_fields")
    }
}
