/// What went wrong between us and Redis, where, and what to do about it.
///
/// `description` stands alone in a log: it names the address or the command, never a password and never a value.
public struct RedisError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What a caller can switch on.
    ///
    /// New codes may be added; keep a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: Hashable {
            case unreachable, timedOut, closed, cancelled
            case invalidURL, unsupported, authentication
            case protocolViolation, outOfMemory, readOnly, loading
            case reply(String)
        }

        private let kind: Kind

        /// No connection within the deadline.
        ///
        /// The command was never sent.
        public static let unreachable = Code(kind: .unreachable)
        /// Sent, and not answered in time.
        ///
        /// Redis may have executed it, or may yet.
        public static let timedOut = Code(kind: .timedOut)
        /// The connection ended, or the client was closed, before the answer.
        ///
        /// Redis may have executed the command.
        public static let closed = Code(kind: .closed)
        /// The caller's task was cancelled while it waited.
        ///
        /// Redis may have executed the command.
        public static let cancelled = Code(kind: .cancelled)
        /// The URL does not name a Redis.
        public static let invalidURL = Code(kind: .invalidURL)
        /// The URL asks for something that is not built in: TLS, Sentinel.
        public static let unsupported = Code(kind: .unsupported)
        /// Redis refused the log-in, or this user may not do that (`NOAUTH`, `WRONGPASS`, `NOPERM`).
        public static let authentication = Code(kind: .authentication)
        /// What came back is not RESP2, or an answer that the command cannot have.
        public static let protocolViolation = Code(kind: .protocolViolation)
        /// Redis is at its `maxmemory` and evicts nothing (`OOM`).
        ///
        /// Nothing was written.
        public static let outOfMemory = Code(kind: .outOfMemory)
        /// A replica answered a write (`READONLY`).
        ///
        /// Nothing was written; the connection is made anew.
        public static let readOnly = Code(kind: .readOnly)
        /// Redis is reading its data set, or has lost its master (`LOADING`, `MASTERDOWN`).
        ///
        /// Nothing was done.
        public static let loading = Code(kind: .loading)

        /// Any other error reply, by its first word: `.reply("WRONGTYPE")`.
        public static func reply(_ kind: String) -> Code { Code(kind: .reply(kind)) }

        /// The first word of an error reply that has no code of its own; nil for the others.
        public var replyKind: String? {
            guard case .reply(let word) = kind else { return nil }
            return word
        }

        /// The code's name as it is spelt here.
        public var description: String { "\(kind)" }
    }

    /// What a caller can switch on.
    public let code: Code
    /// What happened, and where.
    public let message: String
    /// What the reader can do about it.
    public let hint: String

    /// An error with its three parts; for doubles in tests and for what stands on this library.
    public init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// Both sentences.
    public var description: String { "\(message). \(hint)" }

    /// Whether Redis may have done what was asked although no answer came.
    ///
    /// Repeat such a command only if doing it twice is the same as doing it once.
    public var mayHaveExecuted: Bool {
        switch code {
        case .timedOut, .closed, .cancelled, .protocolViolation: true
        default: false
        }
    }
}

extension RedisError {
    /// An error reply, from its text: the first word is the kind.
    init(reply text: String, to command: String) {
        let kind = String(text.prefix { $0 != " " })
        let message = "\(command): \(Self.withoutArguments(text))"
        switch kind {
        case "NOAUTH", "WRONGPASS":
            self.init(.authentication, message, hint: "Correct the user name and password in the Redis URL.")
        case "NOPERM":
            self.init(.authentication, message, hint: "Give this Redis user the right it lacks (ACL SETUSER).")
        case "OOM":
            self.init(
                .outOfMemory, message, hint: "Raise maxmemory or remove data; with noeviction Redis refuses writes.")
        case "READONLY":
            self.init(.readOnly, message, hint: "The address names a replica now; the next command connects anew.")
        case "LOADING":
            self.init(.loading, message, hint: "Redis is reading its data set; ask again in a moment.")
        case "MASTERDOWN":
            self.init(.loading, message, hint: "This replica has lost its master; check replication, then ask again.")
        case "MISCONF":
            self.init(.reply(kind), message, hint: "Redis cannot write to its disk; look there first.")
        default:
            self.init(.reply(kind), message, hint: "Redis refused this command; its own words are the reason.")
        }
    }

    /// Redis repeats an unknown command's arguments, and those may be secrets.
    private static func withoutArguments(_ text: String) -> String {
        let marker = ", with args"
        guard let first = marker.first else { return text }
        var rest = text[...]
        while let comma = rest.firstIndex(of: first) {
            if rest[comma...].hasPrefix(marker) { return String(text[..<comma]) }
            rest = rest[rest.index(after: comma)...]
        }
        return String(text.prefix(300))
    }

    static func closed(_ why: String) -> RedisError {
        RedisError(.closed, why, hint: "Repeat it if doing it twice is the same as doing it once.")
    }

    static let cancelled = RedisError(
        .cancelled, "the waiting task was cancelled", hint: "Nothing to do; Redis may still have executed it.")
}
