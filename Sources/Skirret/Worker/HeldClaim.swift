import CeleryProtocol
import Foundation
import Synchronization

/// One claim that this worker holds: what it is, how far its run is, what may stop it.
///
/// Whoever runs it has it at hand and changes it without a look into ``HeldClaims``; everybody else finds it there. It
/// knows its ``Delivery`` and its body know their ``Run``; none of these knows it.
final class HeldClaim: Sendable {
    /// When a body is told to stop, and when its process ends if it does not listen.
    struct Limits: Sendable {
        var soft: ContinuousClock.Instant?
        var hard: (at: ContinuousClock.Instant, seconds: Double)?

        var first: ContinuousClock.Instant? { [soft, hard?.at].compactMap { $0 }.min() }
    }

    /// How far a body is, in its own words.
    struct Progress: Sendable {
        let percent: Double
        let message: String
        let at = ContinuousClock.now
    }

    private struct State {
        var delivery: Delivery?
        var hasBegun = false
        var since: ContinuousClock.Instant
        var limits: Limits?
        var deadline: ContinuousClock.Instant?
        var progress: Progress?
        var isAcknowledged = false
    }

    let claim: Claim
    let body = RunningBody()
    private let state: Mutex<State>

    init(_ claim: Claim) {
        self.claim = claim
        state = Mutex(State(since: claim.receivedAt))
    }

    /// Nil while it is being read.
    var message: TaskMessage? { state.withLock { $0.delivery }?.message }
    var id: TaskID? { state.withLock { $0.delivery }?.id }

    /// When the body began; nil before.
    var began: Date? {
        let since = state.withLock { $0.hasBegun ? $0.since : nil }
        return since.map { Date() - $0.duration(to: .now).seconds }
    }

    /// When it was claimed, or, once the body runs, when that began.
    var since: ContinuousClock.Instant { state.withLock { $0.since } }
    /// The time limits that have not passed yet.
    var limits: Limits? { state.withLock { $0.limits } }
    /// When the body is told to stop first; nil means never.
    var deadline: ContinuousClock.Instant? { state.withLock { $0.deadline } }
    /// What the body said last of how far it is.
    var progress: Progress? { state.withLock { $0.progress } }
    /// Acknowledged early: there is no lease to renew any more.
    var isAcknowledged: Bool { state.withLock { $0.isAcknowledged } }

    func describe(_ delivery: Delivery) { state.withLock { $0.delivery = delivery } }

    func acknowledge() { state.withLock { $0.isAcknowledged = true } }

    func begin() {
        state.withLock { state in
            state.hasBegun = true
            state.since = .now
        }
    }

    func limit(to limits: Limits) {
        state.withLock { state in
            if state.limits == nil { state.deadline = limits.first }
            state.limits = limits.first == nil ? nil : limits
        }
    }

    func note(_ progress: Progress) { state.withLock { $0.progress = progress } }

    /// Stops a run whose lease is gone; one that was acknowledged early has none to lose.
    func loseLease() {
        if !isAcknowledged { body.stop(.leaseLost) }
    }
}
