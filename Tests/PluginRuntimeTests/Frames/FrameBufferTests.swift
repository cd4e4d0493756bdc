import NIOCore
import Testing

@testable import PluginRuntime

@Suite("Frame buffer")
struct FrameBufferTests {
    private let texts = [#"{"type":"ready","pid":7}"#, "{}", #"{"a":"ä"}"#]

    private func stream() -> ByteBuffer {
        texts.reduce(into: ByteBuffer()) { buffer, text in
            buffer.writeImmutableBuffer(FrameBuffer.frame(Array(text.utf8)))
        }
    }

    @Test(arguments: [1, 2, 3, 5, 1000])
    func `frames come out whole however the bytes are cut`(size: Int) throws {
        var buffer = FrameBuffer(limit: 100)
        var stream = stream()
        var found: [String] = []
        while stream.readableBytes > 0 {
            guard var piece = stream.readSlice(length: min(size, stream.readableBytes)) else { break }
            buffer.append(&piece)
            while let frame = try buffer.next() { found.append(String(decoding: frame, as: UTF8.self)) }
        }
        #expect(found == texts)
    }

    @Test func `an announced length over the limit is refused before its bytes arrive`() {
        var buffer = FrameBuffer(limit: 100)
        var length = ByteBuffer(integer: UInt32.max)
        buffer.append(&length)
        #expect(throws: FrameFault(reason: "a frame of 4294967295 bytes; at most 100 are read")) { try buffer.next() }
    }
}
