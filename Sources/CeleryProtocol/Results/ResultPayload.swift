/// What Celery's `result_compression` makes of everything that a backend stores: results, saved groups, parts of chords.
///
///     00 "celery-compressed" 00 <content type> 00 <compressed JSON>
///
/// The payload says itself whether it is compressed, so readers need no setting. Results are published in the same bytes.
public enum ResultPayload {
    private static let mark = [0] + Array("celery-compressed".utf8) + [0]

    /// The JSON, compressed as Celery's `gzip` does it: a zlib stream.
    public static func compressed(_ json: [UInt8]) -> [UInt8] {
        guard let stream = BodyCompression.deflate(json) else { return json }
        return mark + Array(BodyCompression.gzip.utf8) + [0] + stream
    }

    /// The JSON of a payload, compressed or not.
    ///
    /// - Parameters:
    ///   - bytes: What is stored, or was published.
    ///   - limits: How far it may inflate.
    /// - Returns: The JSON.
    /// - Throws: `WireError` for what is cut off, damaged, too long, or compressed in a way that nobody here can read.
    public static func inflated(_ bytes: [UInt8], limits: WireLimits = .standard) throws(WireError) -> [UInt8] {
        guard bytes.starts(with: mark) else { return bytes }
        let rest = bytes[mark.count...]
        guard let end = rest.firstIndex(of: 0) else {
            throw WireError(
                code: .corruptBody, path: "", found: "a compression mark without a content type",
                hint: "The stored result is cut off.")
        }
        let type = String(decoding: rest[..<end], as: UTF8.self)
        return try BodyCompression.inflate(
            Array(rest[(end + 1)...]), type: type, limit: limits.json.bytes, path: "compression")
    }
}
