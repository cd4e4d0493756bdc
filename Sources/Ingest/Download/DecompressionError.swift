/// Why compressed data was refused.
public struct DecompressionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller can switch on.
    ///
    /// New codes may be added; keep a `default`.
    public enum Code: String, Sendable {
        /// The compressed data is damaged.
        case damaged = "compressed_damaged"
        /// The compressed data ends in the middle.
        case truncated = "compressed_truncated"
        /// The data grows more than the limit allows.
        case ratio = "compressed_ratio"
        /// More bytes than the limit, compressed or not.
        case tooLarge = "too_large"
        /// No file of the wanted kind in an archive.
        case noMember = "archive_without_member"
        /// A format that is recognised and not read.
        case unsupported = "compressed_unsupported"
    }

    /// What happened.
    public let code: Code
    /// The format's name: gzip, xz, zip.
    public let format: String
    /// What was found and what to do about it.
    public let message: String

    /// One sentence for logs and people.
    public var description: String { message }
}
