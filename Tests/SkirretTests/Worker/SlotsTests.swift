import CeleryProtocol
import Foundation
import Testing

@testable import Skirret

@Suite("Slots") struct SlotsTests {
    /// Slots in which one of two runs, after a claim that brought less than it asked for.
    private func slotsWithOneRun() -> Slots {
        let slots = Slots()
        let wanted = slots.wanted(concurrency: 2)
        let claim = Claim(token: "t", list: "celery", message: [], claimedAt: Date())
        slots.add([HeldClaim(claim)], asked: wanted)
        #expect(slots.starting(concurrency: 2) == 1)
        #expect(slots.next(concurrency: 2).claim != nil)
        return slots
    }

    @Test func `a run's end asks for a claim, unless the claim loop is told of messages anyway`() {
        let unheard = slotsWithOneRun()
        #expect(unheard.next(concurrency: 2).isLow)

        let listening = slotsWithOneRun()
        listening.listen()
        #expect(!listening.next(concurrency: 2).isLow)
        #expect(listening.running == 0)
    }

    @Test func `a claim loop that looked again and may find no slot is asked once more`() {
        let slots = slotsWithOneRun()
        slots.listen()
        #expect(slots.wanted(concurrency: 1) == 0)
        #expect(slots.next(concurrency: 1).isLow)
    }
}
