/// Cuts a JSON array, cut anywhere into chunks, into its elements, without reading them.
///
/// Providers send lists of a hundred thousand objects: this holds one of them at a time. An object instead of the array
/// counts as the list of its values, as PHP writes arrays whose keys have a gap.
struct JSONArraySplitter {
    enum Fault: Error, Equatable {
        /// The text is no list; its beginning, at most 200 characters.
        case notList(String)
        /// It ends before the list does.
        case truncated
        /// One element is larger than this allows.
        case tooLarge
    }

    private enum Place { case before, inside, after }

    /// 256 KiB: a stream has about one.
    private static let elementBytes = 262_144

    private var place = Place.before
    private var isObject = false
    private var element: [UInt8] = []
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// In an object: whether the element is still the key.
    private var isKey = false
    private var beginning: [UInt8] = []

    /// Takes the next bytes and gives out the elements that end in them.
    mutating func split(_ bytes: UnsafeRawBufferPointer, _ emit: ([UInt8]) throws -> Void) throws {
        for byte in bytes {
            switch place {
            case .before: try begin(byte)
            case .inside: try take(byte, emit)
            case .after: return
            }
        }
    }

    /// Says that the text has ended.
    func finish() throws {
        guard place == .after else {
            throw place == .before ? Fault.notList(Self.shown(beginning)) : Fault.truncated
        }
    }

    private mutating func begin(_ byte: UInt8) throws {
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF: return
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            guard beginning.isEmpty else { fallthrough }
            isObject = byte == UInt8(ascii: "{")
            isKey = isObject
            place = .inside
        default:
            beginning.append(byte)
            if beginning.count >= 200 { throw Fault.notList(Self.shown(beginning)) }
        }
    }

    private mutating func take(_ byte: UInt8, _ emit: ([UInt8]) throws -> Void) throws {
        if isInString {
            let wasEscaped = isEscaped
            isEscaped = !wasEscaped && byte == UInt8(ascii: "\\")
            if !wasEscaped, byte == UInt8(ascii: "\"") { isInString = false }
            return try keep(byte)
        }
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            try keep(byte)
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            depth += 1
            try keep(byte)
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            guard depth == 0 else {
                depth -= 1
                return try keep(byte)
            }
            try give(emit)
            place = .after
        case UInt8(ascii: ",") where depth == 0:
            try give(emit)
            isKey = isObject
        case UInt8(ascii: ":") where depth == 0 && isKey:
            element.removeAll(keepingCapacity: true)
            isKey = false
        case 0x20, 0x09, 0x0A, 0x0D: if !element.isEmpty { try keep(byte) }
        default: try keep(byte)
        }
    }

    private mutating func keep(_ byte: UInt8) throws {
        guard element.count < Self.elementBytes else { throw Fault.tooLarge }
        element.append(byte)
    }

    private mutating func give(_ emit: ([UInt8]) throws -> Void) throws {
        guard !element.isEmpty else { return }
        let whole = element
        element.removeAll(keepingCapacity: true)
        try emit(whole)
    }

    private static func shown(_ bytes: [UInt8]) -> String {
        String(String(decoding: bytes, as: UTF8.self).trimmed.prefix(200))
    }
}
