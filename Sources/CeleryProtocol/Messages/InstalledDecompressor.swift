#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A decompression function of a system library that is there or not, as Python's optional modules are.
///
/// Looked up by name when a message first needs it: few do, and nobody has to install what no producer uses. Each of
/// these functions takes a whole body and writes into a buffer of ours, so that no stream has to be kept.
struct InstalledDecompressor: Sendable {
    /// How one try with a buffer of a certain size ended.
    enum Step {
        case done(Int)
        case bufferIsFull
        case damaged(Int)
    }

    /// The compression, as Celery's `compression` option names it.
    let name: String
    /// The library's file, as the loader looks for it.
    let library: String
    private let decompress: @Sendable (UnsafeMutableRawPointer, [UInt8], UnsafeMutablePointer<UInt8>, Int) -> Step?

    /// Inflates a whole body.
    ///
    /// - Parameters:
    ///   - bytes: The body.
    ///   - limit: How many bytes may come out.
    /// - Returns: Nil when the library is not installed, or too old to have the function.
    /// - Throws: `WireError` for a damaged body, and for one that inflates to more than the limit.
    func inflate(_ bytes: [UInt8], limit: Int) throws(WireError) -> [UInt8]? {
        // Never closed: the loader counts, and the next message wants it again.
        guard let handle = dlopen(library, RTLD_NOW) else { return nil }
        var size = min(max(bytes.count &* 8, 65_536), limit)
        while true {
            var step: Step? = nil
            let output = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                guard let target = buffer.baseAddress else { return }
                step = decompress(handle, bytes, target, size)
                if case .done(let written) = step { count = written }
            }
            switch step {
            case .done: return output
            case nil: return nil
            case .damaged(let status): throw .damagedBody(name, "status \(status)")
            case .bufferIsFull where size >= limit: throw .inflatesTooFar(limit)
            case .bufferIsFull: size = min(size * 4, limit)
            }
        }
    }

    /// By the content type that kombu puts into `headers.compression`.
    static let byContentType: [String: InstalledDecompressor] = [
        "application/x-bz2": bzip2, "application/x-lzma": xz, "application/zstd": zstd,
    ]

    private static let bzip2 = InstalledDecompressor(name: "bzip2", library: "libbz2.so.1.0") {
        handle, bytes, target, size in
        typealias Function =
            @convention(c) (
                UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt32>, UnsafePointer<UInt8>, UInt32, Int32, Int32
            ) -> Int32
        guard let symbol = dlsym(handle, "BZ2_bzBuffToBuffDecompress") else { return nil }
        var written = UInt32(clamping: size)
        let status = unsafeBitCast(symbol, to: Function.self)(
            target, &written, bytes, UInt32(clamping: bytes.count), 0, 0)
        // BZ_OK, BZ_OUTBUFF_FULL.
        return status == 0 ? .done(Int(written)) : status == -8 ? .bufferIsFull : .damaged(Int(status))
    }

    private static let xz = InstalledDecompressor(name: "lzma", library: "liblzma.so.5") {
        handle, bytes, target, size in
        typealias Function =
            @convention(c) (
                UnsafeMutablePointer<UInt64>, UInt32, UnsafeRawPointer?, UnsafePointer<UInt8>,
                UnsafeMutablePointer<Int>,
                Int, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int>, Int
            ) -> Int32
        guard let symbol = dlsym(handle, "lzma_stream_buffer_decode") else { return nil }
        // Python's default preset needs 9 MiB, the largest 65 MiB; more is asked for only to exhaust us.
        var memory: UInt64 = 128 << 20
        var read = 0, written = 0
        let status = unsafeBitCast(symbol, to: Function.self)(
            &memory, 0, nil, bytes, &read, bytes.count, target, &written, size)
        // LZMA_OK; LZMA_BUF_ERROR: the output is full, for what is cut short is LZMA_DATA_ERROR here.
        return status == 0 ? .done(written) : status == 10 ? .bufferIsFull : .damaged(Int(status))
    }

    private static let zstd = InstalledDecompressor(name: "zstd", library: "libzstd.so.1") {
        handle, bytes, target, size in
        typealias Function = @convention(c) (UnsafeMutablePointer<UInt8>, Int, UnsafePointer<UInt8>, Int) -> Int
        typealias ErrorCode = @convention(c) (Int) -> UInt32
        guard let symbol = dlsym(handle, "ZSTD_decompress"), let isError = dlsym(handle, "ZSTD_getErrorCode") else {
            return nil
        }
        let written = unsafeBitCast(symbol, to: Function.self)(target, size, bytes, bytes.count)
        let code = unsafeBitCast(isError, to: ErrorCode.self)(written)
        // ZSTD_error_dstSize_tooSmall.
        return code == 0 ? .done(written) : code == 70 ? .bufferIsFull : .damaged(Int(code))
    }
}
