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
            case invalidURL, unsupported, tls, authentication, notPermitted, noMaster
            case protocolViolation, outOfMemory, notPersisting, readOnly, loading, busy, tooManyClients, wrongType
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
        /// A Redis Cluster (`MOVED`, `ASK`, `CROSSSLOT`, `CLUSTERDOWN`): Celery's keys cannot be spread over slots.
        public static let unsupported = Code(kind: .unsupported)
        /// TLS was not agreed on: an untrusted certificate, another host's, a server without TLS, our own files.
        public static let tls = Code(kind: .tls)
        /// Redis refused the log-in (`NOAUTH`, `WRONGPASS`).
        public static let authentication = Code(kind: .authentication)
        /// This ACL user may not run the command, or not on this key or channel (`NOPERM`).
        ///
        /// Nothing was done, or in a script nothing after that point.
        public static let notPermitted = Code(kind: .notPermitted)
        /// The sentinels know no such master, or the server they name is a replica at the moment.
        public static let noMaster = Code(kind: .noMaster)
        /// What came back is not RESP2, or an answer that the command cannot have.
        public static let protocolViolation = Code(kind: .protocolViolation)
        /// Redis is at its `maxmemory` and evicts nothing (`OOM`).
        ///
        /// Nothing was written.
        public static let outOfMemory = Code(kind: .outOfMemory)
        /// Redis cannot write to its disk, or has too few replicas, and refuses writes (`MISCONF`, `NOREPLICAS`).
        ///
        /// Nothing was written.
        public static let notPersisting = Code(kind: .notPersisting)
        /// A replica answered a write (`READONLY`, `UNBLOCKED`).
        ///
        /// Nothing was written; the connection is made anew.
        public static let readOnly = Code(kind: .readOnly)
        /// Redis is reading its data set, or has lost its master (`LOADING`, `MASTERDOWN`).
        ///
        /// Nothing was done.
        public static let loading = Code(kind: .loading)
        /// Somebody's script holds Redis (`BUSY`).
        ///
        /// Nothing was done.
        public static let busy = Code(kind: .busy)
        /// Redis has as many clients as its `maxclients` allows.
        ///
        /// Nothing was done.
        public static let tooManyClients = Code(kind: .tooManyClients)
        /// A key holds a value of another type (`WRONGTYPE`): somebody else's, under our name.
        public static let wrongType = Code(kind: .wrongType)

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

    /// Redis is away, slow, starting, read-only, full or overcrowded for a while: asking again later may help.
    public var isPassing: Bool {
        switch code {
        case .unreachable, .timedOut, .closed, .noMaster: true
        case .loading, .readOnly, .outOfMemory, .notPersisting, .busy, .tooManyClients: true
        default: false
        }
    }

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
    package init(reply text: String, to command: String) {
        let kind = String(text.prefix { $0 != " " })
        let (code, hint) = Self.meaning(of: kind, text)
        self.init(code, "\(command): \(Self.withoutArguments(text))", hint: hint)
    }

    private static func meaning(of kind: String, _ text: String) -> (Code, hint: String) {
        switch kind {
        case "NOAUTH", "WRONGPASS": (.authentication, "Correct the user name and password in the Redis URL.")
        case "NOPERM":
            (
                .notPermitted,
                "Give this Redis user the right it lacks (ACL SETUSER, ACL LOG shows it); config/redis.acl has all of them."
            )
        case "OOM": (.outOfMemory, "Raise maxmemory or remove data; with noeviction Redis refuses writes.")
        case "MISCONF": (.notPersisting, "Redis cannot write to its disk; look there first.")
        case "NOREPLICAS": (.notPersisting, "Fewer replicas are in step than min-replicas-to-write asks for.")
        case "READONLY", "UNBLOCKED": (.readOnly, "The address names a replica now; the connection is made anew.")
        case "LOADING": (.loading, "Redis is reading its data set; ask again in a moment.")
        case "MASTERDOWN": (.loading, "This replica has lost its master; check replication, then ask again.")
        case "BUSY": (.busy, "A script runs too long; SCRIPT KILL ends it unless it has written.")
        case "WRONGTYPE":
            (
                .wrongType,
                "Somebody else keeps a value under a key of ours; give this fleet a database or a key prefix of its own."
            )
        case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN", "TRYAGAIN":
            (
                .unsupported,
                "This is a Redis Cluster, which cannot carry Celery's keys: use one server, with Sentinel for its failover."
            )
        case _ where text.contains("user executing the script can't"):
            (
                .notPermitted,
                "A script of ours needs a right that this Redis user lacks (ACL LOG shows it); config/redis.acl has all of them."
            )
        case _ where text.contains("max number of clients"):
            (.tooManyClients, "Raise maxclients, or find out by CLIENT LIST who holds so many connections.")
        default: (.reply(kind), "Redis refused this command; its own words are the reason.")
        }
    }

    /// Whether an error reply says that nothing was done and that another connection, a little later, may do better.
    static func isRefusalForNow(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return false }
        switch first {
        case UInt8(ascii: "R"): return text.hasPrefix("READONLY ")
        case UInt8(ascii: "L"): return text.hasPrefix("LOADING ")
        case UInt8(ascii: "M"): return text.hasPrefix("MASTERDOWN ")
        case UInt8(ascii: "B"): return text.hasPrefix("BUSY ")
        case UInt8(ascii: "U"): return text.hasPrefix("UNBLOCKED ")
        default: return false
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
