public import CeleryProtocol
import FoundationEssentials
public import Logging
import NIOCore
import Synchronization

/// A small document of the web that a plugin's page shows.
///
/// Whoever wrote the page has named its address, so no private network is reached, and nothing of ours is sent along.
public struct PageDocument: Sendable {
    private let options: Download.Options
    private let logger: Logger

    /// A reader of documents of at most 8 MiB that come within half a minute.
    public init(logger: Logger) { self.init(logger: logger, isTyped: false) }

    /// The same; `isTyped` when the address may be of a private network.
    init(logger: Logger, isTyped: Bool) {
        var options = Download.Options()
        options.maximumBytes = 8 << 20
        options.connectDeadline = .seconds(10)
        options.firstByteDeadline = .seconds(20)
        options.totalDeadline = .seconds(30)
        options.trust = isTyped ? .typed : .named(typed: nil)
        self.options = options
        self.logger = logger
    }

    /// Fetches one: JSON where it is JSON, else its text; compressed or not.
    ///
    /// - Parameters:
    ///   - address: With `http` or `https`.
    ///   - query: Added to the address; text as it is, everything else as JSON.
    /// - Returns: What the document holds.
    /// - Throws: `DownloadError`, `DecompressionError` or `CancellationError`.
    public func fetch(_ address: String, query: JSONObject = [:]) async throws -> JSONValue {
        let raw = Mutex<[UInt8]>([])
        try await Download(options: options, logger: logger).run(.web(Self.asking(address, query))) { buffer in
            raw.withLock { $0.append(contentsOf: buffer.readableBytesView) }
        }
        var limits = Decompressor.Limits()
        limits.totalBytes = 8 << 20
        let decompressor = Decompressor(limits: limits)
        var bytes: [UInt8] = []
        try decompressor.decompress(raw.withLock { $0 }) { bytes.append(contentsOf: $0) }
        try decompressor.finish { bytes.append(contentsOf: $0) }
        let text = String(decoding: bytes, as: UTF8.self)
        // try?: what is no JSON is a text, which pages can show as well.
        return (try? JSONValue(parsing: text)) ?? .string(text)
    }

    /// The address with more items in its query; as it is when it cannot be read, which the download then says.
    private static func asking(_ address: String, _ query: JSONObject) -> String {
        guard !query.isEmpty, var components = URLComponents(string: address) else { return address }
        let added = query.map { name, value in
            escaped(name) + "=" + escaped(value.string ?? value.text)
        }
        components.percentEncodedQuery = ([components.percentEncodedQuery].compactMap { $0 } + added)
            .filter { !$0.isEmpty }.joined(separator: "&")
        return components.string ?? address
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        return String(
            decoding: text.utf8.flatMap { byte -> [UInt8] in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    [byte]
                default: "-._~".utf8.contains(byte) ? [byte] : [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
            }, as: UTF8.self)
    }
}
