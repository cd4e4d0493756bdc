import CLzma

/// xz through liblzma; several streams after one another are one file.
final class XZCodec: DecompressionCodec {
    let format = "xz"
    let trailingBytes = 0

    /// The largest dictionary that the stock `xz -9` uses is 64 MiB.
    private static let memoryLimit: UInt64 = 80 << 20

    /// `LZMA_CONCATENATED`, a macro that is not imported.
    private static let concatenated: UInt32 = 0x08

    // At a fixed address: liblzma keeps pointers into it.
    private let stream: UnsafeMutablePointer<lzma_stream>
    private var output = [UInt8](repeating: 0, count: 65_536)

    init() throws {
        stream = .allocate(capacity: 1)
        stream.initialize(to: lzma_stream())
        let code = lzma_stream_decoder(stream, Self.memoryLimit, Self.concatenated)
        guard code == LZMA_OK else {
            stream.deallocate()
            throw DecompressionError(
                code: .damaged, format: "xz", message: "liblzma could not be started (\(code.rawValue)).")
        }
    }

    deinit {
        lzma_end(stream)
        stream.deallocate()
    }

    func decompress(_ chunk: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        _ = try run(chunk, LZMA_RUN, emit)
    }

    func finish(_ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard try run(UnsafeRawBufferPointer(start: nil, count: 0), LZMA_FINISH, emit) == LZMA_STREAM_END else {
            throw truncated
        }
    }

    private func run(
        _ chunk: UnsafeRawBufferPointer, _ action: lzma_action, _ emit: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> lzma_ret {
        stream.pointee.next_in = chunk.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = chunk.count
        while true {
            let code = output.withUnsafeMutableBufferPointer { buffer in
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = buffer.count
                return lzma_code(stream, action)
            }
            let produced = output.count - stream.pointee.avail_out
            if produced > 0 {
                try output.withUnsafeBytes { try emit(UnsafeRawBufferPointer(rebasing: $0[..<produced])) }
            }
            switch code {
            case LZMA_OK where stream.pointee.avail_in > 0 || produced == output.count: continue
            case LZMA_OK, LZMA_BUF_ERROR, LZMA_STREAM_END: return code
            case LZMA_MEMLIMIT_ERROR: throw damaged("it wants more than \(Self.memoryLimit >> 20) MiB of memory")
            default: throw damaged("error \(code.rawValue)")
            }
        }
    }
}
