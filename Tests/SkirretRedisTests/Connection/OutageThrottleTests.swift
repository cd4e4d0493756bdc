import NIOCore
import Testing

@testable import SkirretRedis

@Suite("OutageThrottle") struct OutageThrottleTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func at(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }

    @Test func `the first outage is told at once, and once for all who notice it`() {
        var throttle = OutageThrottle()
        #expect(throttle.hear(.back, now: start) == .nothing)
        #expect(throttle.hear(.away, now: start) == .tell)
        #expect(throttle.hear(.away, now: start) == .nothing)
        #expect(throttle.hear(.away, now: at(6)) == .nothing)
        #expect(throttle.hear(.away, now: at(61)) == .tell)
    }

    @Test func `the end of a short outage is told when its turn has come`() {
        var throttle = OutageThrottle()
        _ = throttle.hear(.away, now: start)
        #expect(throttle.hear(.back, now: at(1)) == .tellAt(at(5)))
        #expect(throttle.hear(.back, now: at(1)) == .nothing)
        #expect(throttle.due(now: at(5)) == .back)
        #expect(throttle.due(now: at(5)) == nil)
    }

    @Test func `what is no news any more when its turn has come is not told`() {
        var throttle = OutageThrottle()
        _ = throttle.hear(.away, now: start)
        _ = throttle.hear(.back, now: at(1))
        #expect(throttle.hear(.away, now: at(2)) == .nothing)
        #expect(throttle.due(now: at(5)) == nil)
    }

    @Test func `a long outage's end is told at once`() {
        var throttle = OutageThrottle()
        _ = throttle.hear(.away, now: start)
        #expect(throttle.hear(.back, now: at(30)) == .tell)
    }
}
