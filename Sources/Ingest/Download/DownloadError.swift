/// Why a source could not be fetched.
///
/// What a person should read about it depends on what was fetched: see `PlaylistMessages` and `GuideMessages`.
public struct DownloadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller can switch on.
    ///
    /// New codes may be added; keep a `default`.
    public enum Code: Sendable, Equatable {
        /// The server answered with another status than 200.
        case status(Int)
        /// Connecting, the answer's beginning, its next bytes or the whole took too long.
        case timedOut
        /// No connection, or it was lost.
        case connection
        /// The address, or one that it redirects to, must not be fetched.
        case refusedAddress
        /// More than five redirects, or one without an address.
        case redirects
        /// The file is larger than the limit.
        case tooLarge
        /// The answer uses an encoding that was not asked for, or breaks HTTP's rules.
        case network
        /// A local file cannot be read.
        case unreadableFile
    }

    /// What happened.
    public let code: Code
    /// What was found, without secrets.
    public let detail: String
    /// The beginning of what the server said, for `.status`; at most 1,000 characters.
    public let serverMessage: String
    /// How long the server asks to wait, with a status that passes; nil when it does not say.
    public let retryAfter: Duration?

    init(_ code: Code, _ detail: String, serverMessage: String = "", retryAfter: Duration? = nil) {
        self.code = code
        self.detail = detail
        self.serverMessage = serverMessage
        self.retryAfter = retryAfter
    }

    /// Whether the same may go well in a while: a server that is away or busy, but not one that refuses.
    public var isTransient: Bool {
        switch code {
        case .timedOut, .connection, .network: true
        case .status(let status): status == 408 || status == 429 || (500...599).contains(status)
        case .refusedAddress, .redirects, .tooLarge, .unreadableFile: false
        }
    }

    /// One sentence for logs and people.
    public var description: String { detail }
}
