import Testing

@testable import PluginRuntime

@Suite("Crash history")
struct CrashHistoryTests {
    private let start = ContinuousClock.now
    private var history = CrashHistory(limit: 5, window: .seconds(60), suspension: .seconds(60))

    @Test func `the first crash costs nothing, the next ones a growing pause`() {
        var history = history
        var pauses: [Duration] = []
        for _ in 1...4 {
            #expect(history.record("ended", at: start) == false)
            guard case .start(let pause) = history.admission(at: start) else {
                Issue.record("suspended too early")
                return
            }
            pauses.append(pause)
        }
        #expect(pauses == [.zero, .milliseconds(100), .milliseconds(200), .milliseconds(400)])
    }

    @Test func `five crashes in a minute suspend for a minute`() {
        var history = history
        let suspended = (0..<5).map { history.record("ended", at: start + .seconds($0)) }
        #expect(suspended == [false, false, false, false, true])
        let until = start + .seconds(4 + 60)
        #expect(history.admission(at: until - .seconds(1)) == .suspended(until: until))
        #expect(history.admission(at: until) == .start(after: .zero))
    }

    @Test func `old crashes are forgotten`() {
        var history = history
        let suspended = (0..<20).map { history.record("ended", at: start + .seconds($0 * 16)) }
        #expect(!suspended.contains(true))
    }
}
