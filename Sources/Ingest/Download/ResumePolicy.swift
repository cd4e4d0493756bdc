/// Decides whether a transfer that broke is taken up where it broke.
///
///     cut, strong version known ──▶ pause ──▶ Range + If-Range ──▶ 206: goes on    200, same version: skips
///     cut, no strong version    ──▶ the error stands: nobody could say whether the rest belongs to the beginning
///     503 or 429 + Retry-After  ──▶ pause as long as the server wants, a minute at most, before the first byte
struct ResumePolicy {
    /// Attempts in a row that may bring nothing.
    private static let fruitless = 3
    /// Breaks in one file; a server that cuts more often will not get through a large guide.
    private static let most = 100
    /// The longest pause that a server may ask for.
    static let longestPause = Duration.seconds(60)

    private var resumed = 0
    private var withoutBytes = 0
    private var waits = 0
    private var lastOffset = 0

    /// How long to pause before the next attempt; nil when the error stands.
    mutating func pause(after error: DownloadError, at offset: Int, version: FileVersion?) -> Duration? {
        if let wait = error.retryAfter, offset == 0 {
            waits += 1
            return waits <= 2 && wait <= Self.longestPause ? wait : nil
        }
        guard error.code == .connection, version?.strong != nil else { return nil }
        withoutBytes = offset > lastOffset ? 0 : withoutBytes + 1
        lastOffset = offset
        resumed += 1
        guard withoutBytes < Self.fruitless, resumed <= Self.most else { return nil }
        return .milliseconds(250 << withoutBytes)
    }
}

/// The `Content-Range` of a partial answer: `bytes 100-199/200`.
struct ContentRange: Equatable {
    let first: Int
    /// Bytes of the whole file; nil when the server writes `*`.
    let total: Int?

    init?(_ header: String) {
        let parts = header.trimmed.split(whereSeparator: { $0 == " " || $0 == "-" || $0 == "/" })
        guard parts.count == 4, parts[0].lowercased() == "bytes", let first = Int(parts[1]), first >= 0 else {
            return nil
        }
        self.first = first
        total = Int(parts[3])
    }
}
