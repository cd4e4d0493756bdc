internal import CZlib

/// Packs what travels.
enum Gzip {
    /// How much work it is worth.
    enum Effort: Int32 {
        /// For what is packed for one caller: a third of the work for a tenth more bytes.
        case fast = 3
        /// For what is packed once and travels often.
        case thorough = 9
    }

    /// A gzip file (RFC 1952) of these bytes; nil when it would not be smaller, or zlib has no memory.
    static func pack(_ bytes: [UInt8], _ effort: Effort = .thorough) -> [UInt8]? {
        // zlib remembers the stream's address, so it lives on the heap and never moves.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        // 15 is zlib's largest window; 16 more asks for gzip's header and trailer.
        let size = Int32(MemoryLayout<z_stream>.size)
        guard
            deflateInit2_(stream, effort.rawValue, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
                == Z_OK
        else {
            return nil
        }
        defer { deflateEnd(stream) }
        var input = bytes
        // No room for more than there was: what does not shrink is not packed.
        var output = [UInt8](repeating: 0, count: bytes.count)
        let status = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.pointee.next_in = source.baseAddress
                stream.pointee.avail_in = UInt32(clamping: source.count)
                stream.pointee.next_out = target.baseAddress
                stream.pointee.avail_out = UInt32(clamping: target.count)
                return deflate(stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { return nil }
        return Array(output[..<(bytes.count - Int(stream.pointee.avail_out))])
    }
}
