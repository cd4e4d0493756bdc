import Testing

@testable import PluginRuntime

@Suite("Child state")
struct ChildStateTests {
    private let first = CallID(rawValue: 1)
    private let second = CallID(rawValue: 2)

    private func ready(calls: [CallID] = []) -> ChildState {
        var state = ChildState(callLimit: 2)
        _ = state.spawned()
        for id in calls { _ = state.admit(id) }
        return state
    }

    @Test func `calls wait for the process and are sent in order`() {
        var state = ChildState(callLimit: 5)
        #expect(state.admit(second) == .hold)
        #expect(state.admit(first) == .hold)
        #expect(state.spawned() == [first, second])
        #expect(state.admit(CallID(rawValue: 3)) == .send)
    }

    @Test func `more calls than the limit are turned away`() {
        var state = ready(calls: [first, second])
        #expect(state.admit(CallID(rawValue: 3)) == .busy)
        _ = state.settle(first)
        #expect(state.admit(CallID(rawValue: 3)) == .send)
    }

    @Test func `a retired process ends with its last call and takes no other`() {
        var state = ready(calls: [first])
        #expect(state.retire() == false)
        #expect(state.admit(second) == .gone)
        #expect(state.settle(first) == true)
        #expect(state.phase == .ending(.retired))
    }

    @Test func `a process that is retired without calls ends at once`() {
        var state = ready()
        #expect(state.retire() == true)
        #expect(state.retire() == false)
    }

    @Test func `a process that was retired before it existed still serves what it holds`() {
        var state = ChildState(callLimit: 2)
        _ = state.admit(first)
        #expect(state.retire() == false)
        #expect(state.spawned() == [first])
        #expect(state.settle(first) == true)
    }

    @Test func `a call is asked to stop once, then killed`() {
        var state = ready(calls: [first])
        #expect(state.graceOver(first) == .nothing)
        #expect(state.askToStop(first, .deadline) == .sendCancel)
        #expect(state.askToStop(first, .cancelled) == .nothing)
        #expect(state.stopReason(of: first) == .deadline)
        #expect(state.graceOver(first) == .kill)
        #expect(state.graceOver(first) == .nothing)
    }

    @Test func `a call that was never sent is settled, not cancelled`() {
        var state = ChildState(callLimit: 2)
        _ = state.admit(first)
        #expect(state.askToStop(first, .cancelled) == .settle)
    }

    @Test func `a call that answered in its grace saves the process`() {
        var state = ready(calls: [first])
        _ = state.askToStop(first, .deadline)
        #expect(state.settle(first) == false)
        #expect(state.graceOver(first) == .nothing)
        #expect(state.isOpen)
    }

    @Test(arguments: [
        (ChildState.EndCause.deadline(CallID(rawValue: 1)), ChildState.Verdict.timedOut),
        (.cancelled(CallID(rawValue: 1)), .cancelled),
        (.deadline(CallID(rawValue: 2)), .killedForAnother),
        (.malformed("noise"), .malformed("noise")),
        (.hostStopping, .hostStopping),
    ])
    func `the cause decides what becomes of a call`(cause: ChildState.EndCause, verdict: ChildState.Verdict) {
        var state = ready(calls: [first])
        #expect(state.end(cause) == true)
        #expect(state.ended().map(\.1) == [verdict])
        #expect(state.callCount == 0)
    }

    @Test func `an end that nobody asked for is a crash of every call in it`() {
        var state = ready(calls: [first, second])
        #expect(state.ended().map(\.1) == [.crashed, .crashed])
        #expect(state.admit(CallID(rawValue: 3)) == .gone)
    }

    @Test func `the first cause of an end counts`() {
        var state = ready(calls: [first])
        #expect(state.end(.malformed("noise")) == true)
        #expect(state.end(.hostStopping) == false)
        #expect(state.phase == .ending(.malformed("noise")))
    }
}
