/// Why a text is not JSON, or not JSON that we accept.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What a caller can switch on.
    ///
    /// New codes may be added; keep a `default`.
    public struct Code: Sendable, Hashable {
        let name: String

        /// The text ends inside a value.
        public static let unexpectedEnd = Code(name: "the text ends too early")
        /// A byte stands where none like it may stand.
        public static let unexpectedByte = Code(name: "unexpected byte")
        /// A string holds bytes that are not UTF-8.
        public static let invalidUTF8 = Code(name: "bytes that are not UTF-8")
        /// Arrays and objects are nested more deeply than the limit.
        public static let tooDeep = Code(name: "nested too deeply")
        /// The text has more bytes than the limit.
        public static let tooLong = Code(name: "the text is too long")
    }

    /// What happened.
    public let code: Code
    /// Where it happened, in bytes from the start.
    public let offset: Int
    /// What stood there, at most 40 characters.
    public let found: String

    /// The text for logs and error messages.
    public var description: String {
        "not JSON at byte \(offset): \(code.name)" + (found.isEmpty ? "" : ", found \(found)")
    }
}

/// Bounds for JSON that comes from outside.
public struct JSONLimits: Sendable, Hashable {
    /// Levels of arrays and objects inside each other.
    ///
    /// Bounds the stack of everything that walks the value.
    public var depth: Int
    /// Bytes of the whole text.
    public var bytes: Int

    /// Limits of one's own; 128 levels and 64 MiB when not said.
    public init(depth: Int = 128, bytes: Int = 64 << 20) {
        self.depth = depth
        self.bytes = bytes
    }

    /// 128 levels, 64 MiB.
    ///
    /// Python's own parser gives up near 1,000 levels; a chord inside a chord costs about six, so 128
    /// is far beyond any canvas met in the field, and shallow enough for a 512 KiB stack.
    public static let standard = JSONLimits()
}
