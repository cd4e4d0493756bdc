import CZlib

/// gzip through zlib; several members after one another are one file.
final class GzipCodec: DecompressionCodec {
    let format = "gzip"
    private(set) var trailingBytes = 0

    // At a fixed address: zlib keeps a pointer to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var output = [UInt8](repeating: 0, count: 65_536)
    private var state = State.inside

    private enum State {
        case inside
        /// After a member; the bytes held are the beginning of what follows.
        case between([UInt8])
        case over
    }

    init() throws {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15: the largest window; 16: expect gzip's header and check its sum.
        let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            stream.deallocate()
            throw DecompressionError(code: .damaged, format: "gzip", message: "zlib could not be started (\(code)).")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func decompress(_ chunk: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch state {
        case .inside: try inflate(chunk, emit)
        case .between(let held): try nextMember(held, chunk, emit)
        case .over: trailingBytes += chunk.count
        }
    }

    func finish(_ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch state {
        case .inside: throw truncated
        case .between(let held): trailingBytes += held.count
        case .over: break
        }
    }

    private func inflate(_ chunk: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        var rest = chunk
        while true {
            let (code, produced) = stream.inflate(&rest, into: &output)
            if produced > 0 {
                try output.withUnsafeBytes { try emit(UnsafeRawBufferPointer(rebasing: $0[..<produced])) }
            }
            switch code {
            case Z_STREAM_END:
                state = .between([])
                return try nextMember([], rest, emit)
            case Z_OK where !rest.isEmpty || produced == output.count: continue
            case Z_OK, Z_BUF_ERROR: return
            default: throw damaged(stream.pointee.msg.map { String(cString: $0) } ?? "error \(code)")
            }
        }
    }

    private func nextMember(
        _ held: [UInt8], _ chunk: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let bytes = held + chunk
        guard bytes.count >= 2 else { return state = .between(bytes) }
        guard bytes.starts(with: [0x1F, 0x8B]) else {
            trailingBytes += bytes.count
            return state = .over
        }
        inflateReset(stream)
        state = .inside
        try bytes.withUnsafeBytes { try inflate($0, emit) }
    }
}

extension UnsafeMutablePointer<z_stream> {
    /// One call of zlib: takes from the front of the input, fills the output from its beginning.
    func inflate(
        _ rest: inout UnsafeRawBufferPointer, into output: inout [UInt8]
    ) -> (code: Int32, produced: Int) {
        // zlib does not write to its input; only its C type says so.
        let start = rest.baseAddress.map { UnsafeMutableRawPointer(mutating: $0).assumingMemoryBound(to: Bytef.self) }
        pointee.next_in = start
        pointee.avail_in = UInt32(rest.count)
        let code = output.withUnsafeMutableBufferPointer { buffer in
            pointee.next_out = buffer.baseAddress
            pointee.avail_out = UInt32(buffer.count)
            return CZlib.inflate(self, Z_NO_FLUSH)
        }
        rest = UnsafeRawBufferPointer(rebasing: rest.suffix(Int(pointee.avail_in)))
        return (code, output.count - Int(pointee.avail_out))
    }
}
