import NIOCore
import Testing

@testable import Relay

@Suite("Relay history") struct RelayHistoryTests {
    private static func place(_ number: Int, epoch: String = "e1") -> RelayPosition {
        RelayPosition(epoch: epoch, offset: RelayOffset("\(number)-0") ?? .zero)
    }

    private static func frame(_ number: Int, epoch: String = "e1", topic: String = "updates") -> EventFrame {
        EventFrame(topics: [topic], position: place(number, epoch: epoch), bytes: ByteBuffer(string: "\(number)"))
    }

    private static func texts(_ recovery: RelayHistory.Recovery) -> [String] {
        recovery.frames.map { String(buffer: $0.bytes) }
    }

    private func history(_ numbers: ClosedRange<Int>, limits: RelayLimits = .init()) -> RelayHistory {
        var history = RelayHistory(limits: limits)
        for number in numbers { history.add(Self.frame(number)) }
        return history
    }

    @Test func `whoever comes back gets what came after its place, and of its topics only`() {
        var history = history(1...5)
        history.add(Self.frame(6, topic: "other"))
        let recovery = history.recovery(from: Self.place(3)) { $0.topics == ["updates"] }
        #expect(recovery.isComplete && Self.texts(recovery) == ["4", "5"] && recovery.end == Self.place(6))
    }

    @Test func `a place that is no longer covered is not recovered from`() {
        var limits = RelayLimits()
        limits.historyEvents = 3
        let history = history(1...9, limits: limits)
        #expect(!history.recovery(from: Self.place(5)) { _ in true }.isComplete)
        let edge = history.recovery(from: Self.place(6)) { _ in true }
        #expect(edge.isComplete && Self.texts(edge) == ["7", "8", "9"])
    }

    @Test func `bytes are bounded as well`() {
        var limits = RelayLimits()
        limits.historyBytes = 2
        #expect(Self.texts(history(1...9, limits: limits).recovery(from: Self.place(7)) { _ in true }) == ["8", "9"])
        #expect(!history(1...9, limits: limits).recovery(from: Self.place(6)) { _ in true }.isComplete)
    }

    @Test func `an emptied history knows nothing of the old one's places`() {
        var history = history(1...5)
        history.add(Self.frame(9, epoch: "e2"))
        #expect(!history.recovery(from: Self.place(5)) { _ in true }.isComplete)
        #expect(history.recovery(from: Self.place(9, epoch: "e2")) { _ in true }.isComplete)
    }

    @Test func `a place that another relay is already at is good, and the next events are those after it`() {
        let recovery = history(1...5).recovery(from: Self.place(8)) { _ in true }
        #expect(recovery.isComplete && recovery.frames.isEmpty && recovery.end == Self.place(8))
    }

    @Test func `without a place only the end is told`() {
        let recovery = history(1...5).recovery(from: nil) { _ in true }
        #expect(recovery.isComplete && recovery.frames.isEmpty && recovery.end == Self.place(5))
        #expect(RelayHistory(limits: .init()).recovery(from: nil) { _ in true }.end == nil)
    }

    @Test(arguments: ["", "1", "1-", "-1", "a-b", "1-2-3"])
    func `what is no offset is none`(text: String) {
        #expect(RelayOffset(text) == nil)
    }

    @Test func `offsets are numbers, not text`() throws {
        let offsets = try ["9-9", "10-1", "10-10", "10-9"].map { try #require(RelayOffset($0)) }
        #expect(offsets.sorted().map(\.description) == ["9-9", "10-1", "10-9", "10-10"])
    }
}
