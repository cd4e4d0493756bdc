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
    private func heard(_ held: HeldClaims, _ act: () -> Void) async -> StopReason? {
        let stops = held.stops("S-0")
        act()
        held.remove("S-0")
        for await reason in stops { return reason }
        return nil
    }

    @Test func `a lost lease stops the run it belonged to`() async {
        let held = held()
        #expect(await heard(held) { held.loseLease(of: "S-0") } == .leaseLost)
    }

    @Test func `a message that was acknowledged early has no lease to lose`() async {
        let held = held()
        held.acknowledge("S-0")
        #expect(held.leases.isEmpty)
        #expect(await heard(held) { held.loseLease(of: "S-0") } == nil)
    }

    @Test func `a task is stopped by its id, and the first reason counts`() async {
        let held = held()
        let reason = await heard(held) {
            #expect(held.stop(task: "a", .terminated))
            #expect(!held.stop(task: "b", .terminated))
            held.stopAll(.workerStops)
        }
        #expect(reason == .terminated)
    }
}
