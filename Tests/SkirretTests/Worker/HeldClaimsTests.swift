import CeleryProtocol
import Testing

@testable import Skirret

@Suite("Held claims") struct HeldClaimsTests {
    private let message = TaskMessage(task: "t", id: "a", queue: "celery")

    private func held() -> HeldClaims {
        let held = HeldClaims()
        held.add("S-0")
        held.describe("S-0", message: message)
        return held
    }

    /// What a run heard before its end.
    private func heard(_ held: HeldClaims, _ act: () -> Void) -> StopReason? {
        act()
        return held.body("S-0")?.reason
    }

    @Test func `a lost lease stops the run it belonged to`() async {
        let held = held()
        #expect(heard(held) { held.loseLease(of: "S-0") } == .leaseLost)
    }

    @Test func `a message that was acknowledged early has no lease to lose`() async {
        let held = held()
        held.acknowledge("S-0")
        #expect(held.leases.isEmpty)
        #expect(heard(held) { held.loseLease(of: "S-0") } == nil)
    }

    @Test func `a task is stopped by its id, and the first reason counts`() async {
        let held = held()
        let reason = heard(held) {
            #expect(held.stop(task: "a", .terminated))
            #expect(!held.stop(task: "b", .terminated))
            held.stopAll(.workerStops)
        }
        #expect(reason == .terminated)
    }

    @Test func `what is claimed after the end of a stop's grace does not begin`() {
        let held = held()
        held.stopAll(.workerStops)
        held.add("S-1")
        #expect(held.body("S-1")?.reason == .workerStops)
    }
}
