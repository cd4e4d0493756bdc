import NIOCore
import Testing

@testable import Relay

@Suite("Outbox") struct OutboxTests {
    private let frame = EventFrame(topics: [], bytes: ByteBuffer(repeating: 0x61, count: 40))

    private func frame(_ text: String, _ state: String? = nil) -> EventFrame {
        EventFrame(topics: [], supersedes: state, bytes: ByteBuffer(string: text))
    }

    @Test func `nothing is kept while the socket takes more`() {
        var outbox = Outbox(limit: 100, patience: .seconds(10))
        #expect(outbox.offer(frame, socketTakesMore: true, now: .start) == .write)
        #expect(outbox.isEmpty)
    }

    @Test func `frames leave in order, also those that came when the socket was ready again`() {
        var outbox = Outbox(limit: 100, patience: .seconds(10))
        #expect(outbox.offer(frame("1"), socketTakesMore: false, now: .start) == .kept)
        #expect(outbox.offer(frame("2"), socketTakesMore: true, now: .start) == .kept)
        #expect(outbox.next()?.bytes == ByteBuffer(string: "1"))
        #expect(outbox.next()?.bytes == ByteBuffer(string: "2"))
        #expect(outbox.next()?.bytes == nil)
        #expect(outbox.bytes == 0)
    }

    @Test func `it holds its limit and not a byte more`() {
        var outbox = Outbox(limit: 80, patience: .seconds(10))
        #expect(outbox.offer(frame, socketTakesMore: false, now: .start) == .kept)
        #expect(outbox.offer(frame, socketTakesMore: false, now: .start) == .kept)
        #expect(outbox.offer(frame("x"), socketTakesMore: false, now: .start) == .overflow)
        #expect(outbox.bytes == 80)
    }

    @Test func `its patience ends however few bytes wait`() {
        var outbox = Outbox(limit: 1_000, patience: .seconds(10))
        #expect(outbox.offer(frame, socketTakesMore: false, now: .start) == .kept)
        #expect(outbox.offer(frame, socketTakesMore: false, now: .after(10)) == .kept)
        #expect(outbox.offer(frame, socketTakesMore: false, now: .after(10.1)) == .overflow)
    }

    @Test func `of a state that changes while it waits only the last is sent, in its own place`() {
        var outbox = Outbox(limit: 10, patience: .seconds(10))
        for text in ["a1", "b1", "a2", "x", "a3"] {
            let state = text == "x" ? nil : String(text.prefix(1))
            #expect(outbox.offer(frame(text, state), socketTakesMore: false, now: .start) == .kept)
        }
        #expect(outbox.bytes == 5)
        var left: [String] = []
        while let next = outbox.next() { left.append(String(buffer: next.bytes)) }
        #expect(left == ["b1", "x", "a3"])
    }

    @Test func `news that replace each other do not keep a client alive that never reads`() {
        var outbox = Outbox(limit: 1_000, patience: .seconds(10))
        for second in stride(from: 0.0, through: 10, by: 1) {
            #expect(outbox.offer(frame("a", "a"), socketTakesMore: false, now: .after(second)) == .kept)
        }
        #expect(outbox.offer(frame("a", "a"), socketTakesMore: false, now: .after(10.1)) == .overflow)
    }
}
