import NIOCore

/// Cuts a stream of bytes into frames.
///
///     | length (4, big-endian) | UTF-8 JSON object (length bytes) | …
///
/// Holds at most one frame and the piece behind it; a length over the limit is refused before a byte of it is kept.
struct FrameBuffer {
    private var bytes = ByteBuffer()
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    mutating func append(_ piece: inout ByteBuffer) {
        bytes.writeBuffer(&piece)
    }

    /// The next whole frame's JSON, or nil until more bytes came.
    mutating func next() throws(FrameFault) -> [UInt8]? {
        guard let length = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self) else { return nil }
        guard length <= limit else {
            throw FrameFault(reason: "a frame of \(length) bytes; at most \(limit) are read")
        }
        let whole = 4 + Int(length)
        guard bytes.readableBytes >= whole else {
            bytes.reserveCapacity(minimumWritableBytes: whole - bytes.readableBytes)
            return nil
        }
        bytes.moveReaderIndex(forwardBy: 4)
        let frame = bytes.readBytes(length: Int(length))
        bytes.discardReadBytes()
        // One large frame must not keep its room for the life of the process.
        if bytes.readableBytes == 0, bytes.capacity > 1 << 20 { bytes = ByteBuffer() }
        return frame
    }

    /// The JSON's bytes with their length in front.
    static func frame(_ json: [UInt8]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(4 + json.count)
        buffer.writeInteger(UInt32(json.count))
        buffer.writeBytes(json)
        return buffer
    }
}
