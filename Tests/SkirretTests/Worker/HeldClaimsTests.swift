import CeleryProtocol
import Foundation
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

@Suite("Held claims") struct HeldClaimsTests {
    private let message = TaskMessage(task: "t", id: "a", queue: "celery")

    private func held() -> HeldClaims {
        let held = HeldClaims()
        let claim = claim("S-0")
        claim.describe(Delivery(claim: claim.claim, message: message))
        held.add([claim])
        return held
    }

    private func claim(_ token: String) -> HeldClaim {
        HeldClaim(Claim(token: token, list: "celery", message: [], claimedAt: .now))
    }

    /// What a run heard before its end.
    private func heard(_ held: HeldClaims, _ act: () -> Void) -> StopReason? {
        act()
        return held.byToken["S-0"]?.body.reason
    }

    @Test func `a lost lease stops the run it belonged to`() async {
        let held = held()
        #expect(heard(held) { held.loseLease(of: "S-0") } == .leaseLost)
    }

    @Test func `a message that was acknowledged early has no lease to lose`() async {
        let held = held()
        held.byToken["S-0"]?.acknowledge()
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
        held.add([claim("S-1")])
        #expect(held.byToken["S-1"]?.body.reason == .workerStops)
    }

    @Test func `what was held is gone with the last who knew of it`() async {
        weak var gone: HeldClaim?
        do {
            let nowhere = TaskQueue(RedisURL(address: .unix(path: "/nonexistent")), logger: quiet)
            let services = BodyServices(
                worker: "w@h", logger: quiet, log: TaskLog(queue: nowhere), queue: nowhere, settler: nil)
            let claim = claim("S-0")
            let delivery = Delivery(claim: claim.claim, message: message)
            claim.describe(delivery)
            let run = Run(delivery)
            let context = TaskContext(
                id: "a", name: "t", retries: 0, deadline: nil, run: run, claim: claim, services: services)
            _ = await claim.body.run(run, RegisteredTask(name: "t") { _, _, _ in .null }, context)
            gone = claim
        }
        #expect(gone == nil)
    }
}
