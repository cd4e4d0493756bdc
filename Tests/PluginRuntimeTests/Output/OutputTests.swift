import Testing

@testable import PluginRuntime

@Suite("Captured output")
struct OutputTests {
    private func lines(_ pieces: [[UInt8]]) -> [String] {
        var splitter = LineSplitter()
        var found: [String] = []
        for piece in pieces {
            piece.withUnsafeBytes { splitter.feed($0) { found.append(outputText($0, cut: $1)) } }
        }
        splitter.finish { found.append(outputText($0, cut: $1)) }
        return found
    }

    @Test(arguments: [1, 2, 3, 100])
    func `lines come out whole however the bytes are cut`(size: Int) {
        let bytes = Array("one\r\n\nzwölf\nend".utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map {
            Array(bytes[$0..<min($0 + size, bytes.count)])
        }
        #expect(lines(pieces) == ["one", "", "zwölf", "end"])
    }

    @Test func `a line without an end costs one line's memory and tells what was cut`() {
        let flood = [UInt8](repeating: 0x78, count: 100_000)
        let found = lines([flood, flood, Array("\nnext\n".utf8)])
        #expect(found.count == 2)
        #expect(found.first?.utf8.count ?? 0 < LineSplitter.limit + 40)
        #expect(found.first?.hasSuffix("(191808 more bytes)") == true)
        #expect(found.last == "next")
    }

    @Test func `bytes that are not text become text`() {
        #expect(lines([[0xFF, 0x61, 0x0A]]) == ["\u{FFFD}a"])
    }

    @Test func `the last fifty lines are kept in order`() {
        var recent = RecentLines()
        for number in 1...120 { recent.append(Array("\(number)".utf8)) }
        #expect(recent.text == (71...120).map(String.init))
    }

    @Test func `a gate lets a burst and then the rate pass, and counts the rest`() {
        let start = ContinuousClock.now
        var gate = CountingGate(RateGate(perSecond: 10, burst: 3))
        let verdicts = (0..<5).map { _ in gate.admit(at: start) }
        #expect(verdicts == [.pass(missing: 0), .pass(missing: 0), .pass(missing: 0), .drop, .drop])
        #expect(gate.admit(at: start + .milliseconds(100)) == .pass(missing: 2))
        #expect(gate.admit(at: start + .milliseconds(100)) == .drop)
        #expect(gate.takeMissing() == 1)
    }

    @Test func `a debt is paid by waiting`() {
        let start = ContinuousClock.now
        var gate = RateGate(perSecond: 100, burst: 50)
        gate.spend(50, at: start)
        #expect(gate.delay(at: start) == .zero)
        gate.spend(100, at: start)
        #expect(gate.delay(at: start) == .seconds(1))
        #expect(gate.delay(at: start + .seconds(2)) == .zero)
    }

    @Test func `a mailbox keeps order, drops what is too much, and always ends`() async {
        let mailbox = EventMailbox<Int, String>()
        for number in 1...3 { mailbox.post(number, bytes: 2 << 20) }
        mailbox.end("done")
        mailbox.end("again")
        var found: [String] = []
        loop: while true {
            switch await mailbox.next() {
            case .event(let number): found.append("\(number)")
            case .missing(let count): found.append("-\(count)")
            case .end(let outcome):
                found.append(outcome)
                break loop
            }
        }
        #expect(found == ["1", "2", "-1", "done"])
    }
}
