public import CeleryProtocol
public import Logging
import NIOCore
import Synchronization

/// A small JSON document of the web, such as a manifest.
public struct JSONDocument: Sendable {
    private let options: Download.Options
    private let limits: Decompressor.Limits
    private let logger: Logger

    /// A reader of documents of at most 8 MiB on the wire and 32 MiB unpacked.
    ///
    /// - Parameters:
    ///   - trust: whose addresses they are.
    ///   - deadline: for all of one, a minute unless said.
    ///   - logger: where troubles on the way are told.
    public init(trust: Download.Trust = .typed, deadline: Duration = .seconds(60), logger: Logger) {
        var options = Download.Options()
        options.trust = trust
        options.maximumBytes = 8 << 20
        options.totalDeadline = deadline
        options.firstByteDeadline = min(deadline, options.firstByteDeadline)
        options.connectDeadline = min(deadline, options.connectDeadline)
        self.options = options
        var limits = Decompressor.Limits()
        limits.totalBytes = 32 << 20
        self.limits = limits
        self.logger = logger
    }

    /// Fetches and parses one, compressed or not.
    ///
    /// - Throws: `DownloadError`, `DecompressionError`, what is wrong with the JSON, or `CancellationError`.
    public func fetch(_ address: String) async throws -> JSONValue {
        let raw = Mutex<[UInt8]>([])
        try await Download(options: options, logger: logger).run(.web(address)) { buffer in
            raw.withLock { $0.append(contentsOf: buffer.readableBytesView) }
        }
        let decompressor = Decompressor(limits: limits)
        var bytes: [UInt8] = []
        try decompressor.decompress(raw.withLock { $0 }) { bytes.append(contentsOf: $0) }
        try decompressor.finish { bytes.append(contentsOf: $0) }
        return try JSONValue(parsing: String(decoding: bytes, as: UTF8.self))
    }
}
