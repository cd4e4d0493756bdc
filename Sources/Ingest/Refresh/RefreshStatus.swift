/// A source's `status` column.
public enum RefreshStatus: String, Sendable {
    case idle, fetching, parsing, success, error
}

/// Why a refresh did not end in success.
public struct RefreshError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller can switch on.
    ///
    /// New codes may be added; keep a `default`.
    public enum Code: String, Sendable {
        /// There is no such account or source.
        case notFound = "source_not_found"
        /// It is switched off, or of a kind that is never refreshed.
        case notRefreshable = "source_not_refreshable"
        /// A filter's pattern cannot be read.
        case invalidFilter = "invalid_filter"
        /// It could not be fetched.
        case download = "download_failed"
        /// What was fetched is not what it should be, or not whole.
        case content = "content_refused"
        /// The store failed.
        case store = "store_failed"
    }

    /// What happened.
    public let code: Code
    /// The text that also stands in the source's `last_message`.
    public let message: String
    /// Whether the same may go well in a while: the other side did not answer, or was busy.
    public let isTransient: Bool
    /// Whether the source says so: false when the store could not take even that, as on a full disk.
    public internal(set) var isReported = true

    init(code: Code, message: String, isTransient: Bool = false) {
        self.code = code
        self.message = message
        self.isTransient = isTransient
    }

    /// One sentence for logs and people.
    public var description: String { message }
}
