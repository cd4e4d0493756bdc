/// Why a guide could not be read to its end.
public struct GuideParseError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller can switch on.
    ///
    /// New codes may be added; keep a `default`.
    public enum Code: String, Sendable {
        /// Elements nested deeper than the limit.
        case tooDeep = "xml_too_deep"
        /// One tag, comment or document type that does not end within the limit.
        case tokenTooLarge = "xml_token_too_large"
        /// One record with more elements or text than the limit.
        case recordTooLarge = "xml_record_too_large"
        /// XML so broken that the parser could not go on.
        case malformed = "xml_malformed"
        /// The document ended before its last tag.
        case truncated = "xml_truncated"
        /// The document is not XMLTV.
        case notGuide = "xml_not_xmltv"
        /// libxml2 could not be set up; memory is short.
        case noParser = "xml_no_parser"
    }

    /// What happened.
    public let code: Code
    /// Line in the decompressed text, from 1; 0 when unknown.
    public let line: Int
    /// What was found, at most 80 characters.
    public let found: String

    /// One sentence for logs and people.
    public var description: String {
        "The guide cannot be read at line \(line): \(sentence)\(found.isEmpty ? "" : " (\(found))"). "
            + "Ask its provider, or try the address in a browser."
    }

    private var sentence: String {
        switch code {
        case .tooDeep: "its elements are nested too deeply"
        case .tokenTooLarge: "a tag, comment or document type does not end"
        case .recordTooLarge: "one channel or programme is too large"
        case .malformed: "its XML is broken"
        case .truncated: "it ends in the middle, before </tv>"
        case .notGuide: "it is not an XMLTV document"
        case .noParser: "the XML parser could not be started"
        }
    }
}
