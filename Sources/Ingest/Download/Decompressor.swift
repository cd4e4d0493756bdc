/// Turns gzip, xz and ZIP into plain bytes, recognised by their content; plain bytes pass as they are.
///
/// Of a ZIP archive the first file with a wanted name is read, as it comes; see ``ZipCodec``.
///
/// What is inside may be compressed once more (a `.xml.gz` that a web server compresses again for
/// the way). Concatenated members are one file. Output comes in pieces of 64 KiB at most.
/// Not for use from two threads at a time.
public final class Decompressor {
    /// What one file may become.
    public struct Limits: Sendable, Equatable {
        /// Bytes after decompression.
        ///
        /// 8 GiB: a hundred times a large guide.
        public var totalBytes = 8 << 30
        /// Output bytes per input byte, asked once there are 16 MiB.
        ///
        /// XML reaches 30; a bomb 1000.
        public var ratio = 200
        /// How the name of the file in a ZIP archive ends, in lower case.
        public var archiveSuffixes = [".m3u", ".m3u8", ".xml", ".xmltv"]

        /// The defaults.
        public init() {}
    }

    /// Faults that did not stop anything, such as bytes after the end of the compressed data.
    public private(set) var problems = ParseProblems()
    /// Bytes put in so far.
    public private(set) var inputBytes = 0
    /// Bytes given out so far.
    public private(set) var outputBytes = 0

    private static let formatBytes = 6
    private static let ratioFrom = 16 << 20
    private static let maximumLayers = 2

    private let limits: Limits
    private let layer: Int
    private var head: [UInt8] = []
    private var codec: (any DecompressionCodec)?
    private var inner: Decompressor?
    private var isDecided = false

    /// A decompressor at the beginning of a file.
    public convenience init(limits: Limits = Limits()) { self.init(limits: limits, layer: 0) }

    private init(limits: Limits, layer: Int) {
        self.limits = limits
        self.layer = layer
    }

    /// Takes the next bytes of the file.
    ///
    /// - Throws: `DecompressionError`, or what `emit` throws.
    public func decompress(
        _ chunk: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        inputBytes += chunk.count
        guard !isDecided else { return try pass(chunk, emit) }
        head.append(contentsOf: chunk)
        guard head.count >= Self.formatBytes else { return }
        try decide(emit)
    }

    /// Takes the next bytes of the file.
    public func decompress(_ chunk: [UInt8], _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        try chunk.withUnsafeBytes { try decompress($0, emit) }
    }

    /// Says that the file has ended.
    ///
    /// - Throws: `DecompressionError` with `.truncated` when compressed data ends in the middle.
    public func finish(_ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        if !isDecided { try decide(emit) }
        try codec?.finish { try self.giveOut($0, emit) }
        try inner?.finish(emit)
        if let inner {
            outputBytes = inner.outputBytes
            problems.merge(inner.problems)
        }
    }

    private func decide(_ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        isDecided = true
        codec = try codec(for: head)
        if codec != nil {
            guard layer < Self.maximumLayers else {
                throw DecompressionError(
                    code: .unsupported, format: "nested",
                    message: "The file is compressed more than twice. Compress it once.")
            }
            inner = Decompressor(limits: limits, layer: layer + 1)
        }
        let held = head
        head = []
        try held.withUnsafeBytes { try pass($0, emit) }
    }

    private func codec(for head: [UInt8]) throws -> (any DecompressionCodec)? {
        if head.starts(with: [0x1F, 0x8B]) { return try GzipCodec() }
        if head.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) { return try XZCodec() }
        if head.starts(with: ZipHeader.signature) { return try ZipCodec(suffixes: limits.archiveSuffixes) }
        return nil
    }

    private func pass(_ chunk: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let codec else { return try giveOut(chunk, emit) }
        try codec.decompress(chunk) { try self.giveOut($0, emit) }
        if codec.trailingBytes > 0, problems.counts[.trailingData] == nil {
            problems.note(.trailingData, line: 0, "after the \(codec.format) data")
        }
    }

    private func giveOut(_ bytes: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        outputBytes += bytes.count
        guard outputBytes <= limits.totalBytes else {
            throw DecompressionError(
                code: .tooLarge, format: codec?.format ?? "plain",
                message: "The file is larger than \(limits.totalBytes >> 20) MiB. Use a smaller one.")
        }
        guard codec != nil, outputBytes > Self.ratioFrom, outputBytes / limits.ratio > inputBytes else {
            return try inner?.decompress(bytes, emit) ?? emit(bytes)
        }
        throw DecompressionError(
            code: .ratio, format: codec?.format ?? "",
            message: "The file grows more than \(limits.ratio) times when it is decompressed, "
                + "as archives made to do harm do.")
    }
}

/// One format's decoder: bytes in, bytes out.
protocol DecompressionCodec: AnyObject {
    /// The format's name for messages.
    var format: String { get }
    /// Bytes after the end of the compressed data, which were ignored.
    var trailingBytes: Int { get }
    func decompress(_ chunk: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws
    func finish(_ emit: (UnsafeRawBufferPointer) throws -> Void) throws
}

extension DecompressionCodec {
    var truncated: DecompressionError {
        DecompressionError(
            code: .truncated, format: format,
            message: "The \(format) data ends in the middle. The download was cut short, or the file is damaged.")
    }

    func damaged(_ detail: String) -> DecompressionError {
        DecompressionError(
            code: .damaged, format: format, message: "The \(format) data is damaged (\(detail)). Fetch the file again.")
    }
}
