internal import CZlib

/// Compression of message bodies and results, by the content type that stands in `compression`.
///
/// zlib is built in; the others are read where their library is installed, see ``InstalledDecompressor``. A bound on the
/// inflated bytes is part of every call: a 260 kB body can inflate to 256 MiB.
enum BodyCompression {
    /// kombu's `gzip`, which is a zlib stream (`78 9c …`) and not a gzip file.
    static let gzip = "application/x-gzip"

    /// Inflates a body.
    static func inflate(
        _ bytes: [UInt8], type: String, limit: Int, path: String
    ) throws(WireError) -> [UInt8] {
        if type == gzip { return try inflate(bytes, limit: limit) }
        guard let installed = InstalledDecompressor.byContentType[type] else {
            throw WireError(
                code: .unsupportedCompression, path: path, found: "\"\(type)\"",
                hint: "Set task_compression (or result_compression) = \"gzip\", or none, in the Celery producer.")
        }
        if let inflated = try installed.inflate(bytes, limit: limit) { return inflated }
        throw WireError(
            code: .unsupportedCompression, path: path, found: "\"\(type)\"",
            hint: "Install \(installed.library) on this machine, or set task_compression (or result_compression) = "
                + "\"gzip\", or none, in the Celery producer.")
    }

    /// Inflates a zlib stream or a gzip file, whichever it is.
    private static func inflate(_ bytes: [UInt8], limit: Int) throws(WireError) -> [UInt8] {
        // zlib remembers the stream's address, so it lives on the heap and never moves.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        // 15 is zlib's largest window; 32 more asks it to tell zlib and gzip headers apart.
        guard inflateInit2_(stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .damagedBody("zlib", "it would not start")
        }
        defer { inflateEnd(stream) }
        var input = bytes
        var output: [UInt8] = []
        let status = input.withUnsafeMutableBufferPointer { source in
            stream.pointee.next_in = source.baseAddress
            stream.pointee.avail_in = UInt32(clamping: source.count)
            return pump(stream, step: min(max(source.count &* 4, 4096), 1 << 20), limit: limit, into: &output)
        }
        switch status {
        case Z_STREAM_END where output.count <= limit: return output
        case Z_STREAM_END, Z_OK: throw .inflatesTooFar(limit)
        default: throw .damagedBody("zlib", "status \(status) after \(output.count) bytes")
        }
    }

    /// Inflates until the end, an error, or the limit; returns zlib's last status, `Z_OK` at the limit.
    private static func pump(
        _ stream: UnsafeMutablePointer<z_stream>, step: Int, limit: Int, into output: inout [UInt8]
    ) -> Int32 {
        var chunk = [UInt8](repeating: 0, count: step)
        while output.count <= limit {
            let status = chunk.withUnsafeMutableBufferPointer { target in
                stream.pointee.next_out = target.baseAddress
                stream.pointee.avail_out = UInt32(clamping: target.count)
                return CZlib.inflate(stream, Z_NO_FLUSH)
            }
            output.append(contentsOf: chunk[..<(step - Int(stream.pointee.avail_out))])
            if status != Z_OK { return status }
        }
        return Z_OK
    }

    /// Deflates to a zlib stream, as kombu's `gzip` does.
    static func deflate(_ bytes: [UInt8]) -> [UInt8]? {
        var length = compressBound(UInt(bytes.count))
        var output = [UInt8](repeating: 0, count: Int(length))
        guard compress2(&output, &length, bytes, UInt(bytes.count), Z_DEFAULT_COMPRESSION) == Z_OK else {
            return nil
        }
        return Array(output[..<Int(length)])
    }
}

extension WireError {
    static func damagedBody(_ format: String, _ detail: String) -> WireError {
        WireError(
            code: .corruptBody, path: "body", found: "\(format): \(detail)",
            hint: "Expected a \(format) stream; the sender's compression header and body do not fit together.")
    }

    static func inflatesTooFar(_ limit: Int) -> WireError {
        WireError(
            code: .tooLarge, path: "body", found: "more than \(limit) bytes once inflated",
            hint: "Send less, or pass a reference to the data instead of the data.")
    }
}
