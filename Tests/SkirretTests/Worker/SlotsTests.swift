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

    @Test func `claims that were taken are kept by nobody, however long others wait behind them`() {
        let slots = Slots()
        func claims() -> [HeldClaim] {
            (0..<3).map { HeldClaim(Claim(token: "\($0)", list: "celery", message: [], claimedAt: Date())) }
        }
        slots.add(claims(), asked: 3)
        weak var taken: HeldClaim?
        for _ in 0..<2 { taken = slots.next(concurrency: 2).claim }
        slots.add(claims(), asked: 3)
        #expect(taken == nil)
        #expect((0..<4).map { _ in slots.next(concurrency: 2).claim?.claim.token } == ["2", "0", "1", "2"])
    }
}
