/// What a parser met and did not like, counted by kind, with the first few places.
///
/// A feed is other people's text: parsers drop what is broken, go on, and say here what they dropped.
/// Size is bounded however bad the feed is.
public struct ParseProblems: Sendable, Equatable {
    /// One sort of fault; its text is stable and fit for logs and JSON.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A line, tag or text longer than the limit.
        case tooLong = "too_long"
        /// More attributes on one element or entry than the limit.
        case tooManyAttributes = "too_many_attributes"
        /// More entries than the limit; the rest was dropped.
        case tooManyRecords = "too_many_records"
        /// `#EXTINF` that no URL followed.
        case entryWithoutURL = "entry_without_url"
        /// URL that no `#EXTINF` preceded.
        case urlWithoutEntry = "url_without_entry"
        /// Text where a URL belongs, or a scheme that is not allowed.
        case refusedURL = "refused_url"
        /// Bytes that are not the declared encoding, NULs, control characters.
        case invalidText = "invalid_text"
        /// A quote that is opened and never closed.
        case unclosedQuote = "unclosed_quote"
        /// An XML error that the parser could get over.
        case malformedXML = "malformed_xml"
        /// The document defines an entity; definitions are never used.
        case entityDefinition = "entity_definition"
        /// A reference to an entity that is not one of HTML's.
        case unknownEntity = "unknown_entity"
        /// A record without an id, channel, start or stop.
        case missingField = "missing_field"
        /// A time that cannot be read, or lies outside the years 1970 to 2199.
        case invalidTime = "invalid_time"
        /// A programme that ends before it starts.
        case endsBeforeStart = "ends_before_start"
        /// Bytes after the end of compressed data.
        case trailingData = "trailing_data"
    }

    /// One fault with its place.
    public struct Sample: Sendable, Equatable {
        /// What was wrong.
        public let kind: Kind
        /// Line in the decompressed text, from 1; 0 when unknown.
        public let line: Int
        /// What was found there, at most 80 characters.
        public let detail: String
    }

    /// How often each kind was met.
    public private(set) var counts: [Kind: Int] = [:]
    /// The first faults, at most 20.
    public private(set) var samples: [Sample] = []

    /// No problems yet.
    public init() {}

    /// How many faults there were in all.
    public var total: Int { counts.values.reduce(0, +) }

    mutating func note(_ kind: Kind, line: Int, _ detail: @autoclosure () -> String = "") {
        counts[kind, default: 0] += 1
        guard samples.count < 20 else { return }
        samples.append(Sample(kind: kind, line: line, detail: String(detail().prefix(80))))
    }

    mutating func merge(_ other: ParseProblems) {
        counts.merge(other.counts, uniquingKeysWith: +)
        samples.append(contentsOf: other.samples.prefix(max(0, 20 - samples.count)))
    }
}
