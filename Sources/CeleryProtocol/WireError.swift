/// Why a message of Celery's cannot be read: what happened, where, and what to do.
public struct WireError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What a caller can switch on.
    ///
    /// New codes may be added; keep a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The text for logs and error messages.
        public let description: String

        /// The text is not JSON.
        public static let notJSON = Code(description: "not_json")
        /// A required field is absent.
        public static let missing = Code(description: "missing")
        /// A field holds another kind of JSON value than it must.
        public static let wrongKind = Code(description: "wrong_kind")
        /// A field is of the right kind, but its value means nothing.
        public static let invalidValue = Code(description: "invalid_value")
        /// The body is serialised as something other than JSON.
        public static let unsupportedContentType = Code(description: "unsupported_content_type")
        /// The body is compressed in a way that is not built in.
        public static let unsupportedCompression = Code(description: "unsupported_compression")
        /// The body's base64 or compression is damaged.
        public static let corruptBody = Code(description: "corrupt_body")
        /// The message is larger, or inflates to more, than the limit.
        public static let tooLarge = Code(description: "too_large")
    }

    /// What happened.
    public let code: Code
    /// Where in the message, as a JSON path: `headers.task`, `body[1].retries`; empty for the whole.
    public let path: String
    /// What was found there, at most 80 characters.
    public let found: String
    /// What the reader can do about it.
    public let hint: String
    /// The task's id when it could be read all the same: its caller may be waiting for a result.
    public internal(set) var taskID: TaskID?

    /// An error with its place and remedy; `found` is cut to 80 characters.
    public init(code: Code, path: String, found: String, hint: String, taskID: TaskID? = nil) {
        self.code = code
        self.path = path
        self.found = found.count > 80 ? String(found.prefix(77)) + "..." : found
        self.hint = hint
        self.taskID = taskID
    }

    /// The text for logs and error messages.
    public var description: String { "\(path.isEmpty ? "message" : path): found \(found). \(hint)" }
}

extension WireError {
    /// A field that is absent or of the wrong kind.
    static func expected(_ expected: String, at path: String, found value: JSONValue?) -> WireError {
        WireError(
            code: value == nil ? .missing : .wrongKind, path: path, found: value?.summary ?? "nothing",
            hint: "Expected \(expected).")
    }

    /// Text that is not JSON.
    static func notJSON(_ error: JSONError, at path: String) -> WireError {
        let code: Code = error.code == .tooLong ? .tooLarge : .notJSON
        return WireError(
            code: code, path: path, found: error.description, hint: "Expected JSON as Celery writes it.")
    }

    func about(_ taskID: TaskID?) -> WireError {
        var error = self
        error.taskID = error.taskID ?? taskID
        return error
    }
}

extension JSONValue {
    /// Scalars as they are, containers by kind only: payloads do not belong in messages.
    var summary: String {
        switch self {
        case .array, .object: kind
        case .string(let text): JSONValue.string(String(text.prefix(80))).text
        case .null, .bool, .number: text
        }
    }
}
