import NIOCore
import Testing

@testable import Relay

@Suite("Server frames") struct ServerFrameTests {
    @Test(arguments: [
        (0, [0x81, 0]), (125, [0x81, 125]), (126, [0x81, 126, 0, 126]), (65_535, [0x81, 126, 255, 255]),
    ])
    func `lengths take the fewest bytes`(count: Int, head: [UInt8]) {
        let frame = ServerFrame.text([UInt8](repeating: 0x61, count: count))
        #expect(Array(frame.readableBytesView.prefix(head.count)) == head)
        #expect(frame.readableBytes == head.count + count)
    }

    @Test func `a length beyond 16 bits takes 64`() {
        let frame = ServerFrame.text([UInt8](repeating: 0x61, count: 65_536))
        #expect(Array(frame.readableBytesView.prefix(10)) == [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0])
    }

    @Test func `an event keeps its bytes inside Dispatcharr's envelope`() {
        let data = #"{"type":"m3u_refresh","progress":1.0}"#
        let frame = ServerFrame.update(RelayMessage(topics: ["updates"], data: Array(data.utf8)))
        #expect(String(buffer: frame).hasSuffix(#"{"type":"update","data":\#(data)}"#))
    }

    @Test func `a closing frame carries code and reason`() {
        #expect(Array(ServerFrame.close(.unauthenticated).readableBytesView.prefix(4)) == [0x88, 19, 0x11, 0x31])
    }
}
