import Testing

@testable import SkirretRedis

@Suite("ConnectionState") struct ConnectionStateTests {
    @Test func `nothing connects before somebody wants it`() {
        var state = ConnectionState()
        #expect(state.phase == .idle)
        #expect(state.demand() == .connect)
        #expect(state.demand() == .nothing)
    }

    @Test func `failed attempts rest longer each time, until Redis greets`() {
        var state = ConnectionState()
        _ = state.demand()
        #expect(state.disconnected() == .rest(attempt: 1))
        #expect(state.demand() == .nothing)
        #expect(state.rested(isWanted: true) == .connect)
        #expect(state.disconnected() == .rest(attempt: 2))
        #expect(state.rested(isWanted: true) == .connect)
        state.connected()
        state.greeted()
        #expect(state.phase == .ready)
        #expect(state.disconnected() == .rest(attempt: 1))
    }

    @Test func `after a rest nobody waits for, the link is idle and remembers its attempts`() {
        var state = ConnectionState()
        _ = state.demand()
        _ = state.disconnected()
        #expect(state.rested(isWanted: false) == .nothing)
        #expect(state.phase == .idle)
        #expect(state.demand() == .connect)
        #expect(state.attempt == 2)
    }

    @Test func `late news of a closed link changes nothing`() {
        var state = ConnectionState()
        _ = state.demand()
        state.close()
        #expect(state.disconnected() == .nothing)
        #expect(state.rested(isWanted: true) == .nothing)
        #expect(state.demand() == .nothing)
        #expect(state.phase == .closed)
    }

    @Test func `connections that are retired at once rest longer each time, one that served for a while does not`() {
        var state = ConnectionState()
        func serve() {
            _ = state.phase == .idle ? state.demand() : state.rested(isWanted: true)
            state.connected()
            state.greeted()
        }
        serve()
        state.retire(wasUseful: true)
        #expect(state.phase == .retiring)
        #expect(state.disconnected() == .rest(attempt: 1))
        serve()
        state.retire(wasUseful: false)
        #expect(state.disconnected() == .rest(attempt: 2))
        serve()
        state.retire(wasUseful: false)
        #expect(state.disconnected() == .rest(attempt: 3))
        serve()
        state.retire(wasUseful: true)
        #expect(state.disconnected() == .rest(attempt: 1))
    }

    @Test func `pauses double up to their bound and are cut by up to half`() {
        let backoff = Backoff(bounds: .milliseconds(20)...(.seconds(1)))
        #expect(backoff.pause(after: 1, jitter: 1) == .milliseconds(20))
        #expect(backoff.pause(after: 2, jitter: 1) == .milliseconds(40))
        #expect(backoff.pause(after: 2, jitter: 0.5) == .milliseconds(20))
        #expect(backoff.pause(after: 7, jitter: 1) == .seconds(1))
        #expect(backoff.pause(after: 1_000_000, jitter: 1) == .seconds(1))
    }
}
