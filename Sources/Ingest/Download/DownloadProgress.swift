/// How far a download is.
public struct DownloadProgress: Sendable, Equatable {
    /// Bytes received so far.
    public let bytes: Int
    /// All bytes; nil when the server does not say.
    public let total: Int?
    /// Seconds since the beginning.
    public let elapsed: Double

    /// Percent from 0 to 100, one decimal; 0 when the total is unknown.
    public var percent: Double {
        guard let total, total > 0 else { return 0 }
        return min(100, (Double(bytes) / Double(total) * 1000).rounded() / 10)
    }
    /// Kilobytes (1024) per second since the beginning.
    public var kilobytesPerSecond: Double { elapsed > 0 ? Double(bytes) / 1024 / elapsed : 0 }
    /// Seconds until the end at this speed; 0 when unknown.
    public var remaining: Double {
        guard let total, bytes > 0, total > bytes else { return 0 }
        return elapsed * Double(total - bytes) / Double(bytes)
    }
}
