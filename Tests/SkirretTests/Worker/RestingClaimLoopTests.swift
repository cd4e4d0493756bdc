import CeleryProtocol
import Foundation
import Testing

@testable import Skirret

/// What may begin without the claim loop; see ``ArmedClaim``.
@Suite("A claim loop that rests") struct RestingClaimLoopTests {
    /// A claim armed under the seed `s`, as its answer names it.
    private static let token = "sa-0"

    private func armed() -> ArmedClaim {
        let armed = ArmedClaim()
        _ = armed.arguments(seed: "s", free: 1)
        armed.answered(seed: "s", isArmed: true)
        return armed
    }

    @Test func `what comes while it rests begins at once, and only once`() {
        let armed = armed()
        armed.rest(with: 3)
        #expect(armed.accept(Self.token, version: 3) { true })
        #expect(!armed.accept(Self.token, version: 3) { true })
        #expect(!armed.accept(Self.token), "nor does the claim loop take it again")
        #expect(!armed.isPossible)
    }

    @Test func `what comes while it is at work is left to it`() {
        let armed = armed()
        #expect(!armed.accept(Self.token, version: 3) { true })
        armed.rest(with: 3)
        armed.wake()
        #expect(!armed.accept(Self.token, version: 3) { true })
        #expect(armed.accept(Self.token))
    }

    @Test func `what comes after the queues changed, or finds no slot, is left to it`() {
        let armed = armed()
        armed.rest(with: 3)
        #expect(!armed.accept(Self.token, version: 4) { true })
        #expect(!armed.accept(Self.token, version: 3) { false })
        #expect(armed.accept(Self.token))
    }

    @Test func `what a usual claim has found already does not begin again`() {
        let armed = armed()
        _ = armed.arguments(seed: "t", free: 1)
        armed.answered(seed: "t", isArmed: true)
        armed.rest(with: 3)
        #expect(!armed.accept(Self.token, version: 3) { true })
        #expect(armed.accept("ta-0", version: 3) { true })
    }

    @Test func `a slot is given to one only`() {
        let slots = Slots()
        slots.add([claim()], asked: 2)
        #expect(slots.starting(concurrency: 2) == 1)
        #expect(slots.next(concurrency: 2).claim != nil)
        #expect(slots.add(claim(), concurrency: 2), "one runs")
        #expect(!slots.add(claim(), concurrency: 2), "one runs, and one waits for its runner")
        #expect(slots.starting(concurrency: 2) == 0)
        #expect(slots.next(concurrency: 2).claim != nil)
        #expect(!slots.add(claim(), concurrency: 2), "both run")
        slots.leave()
        #expect(slots.add(claim(), concurrency: 2))
        #expect(slots.takeBack(all: true).count == 1, "it goes back when no thread comes for its runner")
    }

    private func claim() -> HeldClaim {
        HeldClaim(Claim(token: "t", list: "celery", message: [], claimedAt: Date()))
    }
}
