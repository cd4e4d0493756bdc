import NIOCore
import Testing

@testable import Relay

@Suite("Outbox") struct OutboxTests {
    private let frame = ByteBuffer(repeating: 0x61, count: 40)

    @Test func `nothing is kept while the socket takes more`() {
        var outbox = Outbox(limit: 100, patience: .seconds(10))
        #expect(outbox.offer(frame, socketTakesMore: true, now: .start) == .write)
        #expect(outbox.isEmpty)
    }

    @Test func `frames leave in order, also those that came when the socket was ready again`() {
        var outbox = Outbox(limit: 100, patience: .seconds(10))
        #expect(outbox.offer(ByteBuffer(string: "1"), socketTakesMore: false, now: .start) == .kept)
        #expect(outbox.offer(ByteBuffer(string: "2"), socketTakesMore: true, now: .start) == .kept)
        #expect(outbox.next() == ByteBuffer(string: "1"))
        #expect(outbox.next() == ByteBuffer(string: "2"))
        #expect(outbox.next() == nil)
        #expect(outbox.bytes == 0)
    }

    @Test func `it holds its limit and not a byte more`() {
        var outbox = Outbox(limit: 80, patience: .seconds(10))
        #expect(outbox.offer(frame, socketTakesMore: false, now: .start) == .kept)
        #expect(outbox.offer(frame, socketTakesMore: false, now: .start) == .kept)
        #expect(outbox.offer(ByteBuffer(string: "x"), socketTakesMore: false, now: .start) == .overflow)
        #expect(outbox.bytes == 80)
    }

    @Test func `its patience ends however few bytes wait`() {
        var outbox = Outbox(limit: 1_000, patience: .seconds(10))
        #expect(outbox.offer(frame, socketTakesMore: false, now: .start) == .kept)
        #expect(outbox.offer(frame, socketTakesMore: false, now: .after(10)) == .kept)
        #expect(outbox.offer(frame, socketTakesMore: false, now: .after(10.1)) == .overflow)
    }
}
