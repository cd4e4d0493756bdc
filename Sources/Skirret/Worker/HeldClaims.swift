import CeleryProtocol
import Foundation
import Synchronization

/// What this worker holds right now: the heartbeat renews it, remote control shows it, a stop reaches it.
final class HeldClaims: Sendable {
    struct Held: Sendable {
        var message: TaskMessage?
        /// When the body began; nil before.
        var began: Date?
        /// When it was claimed, or, once the body runs, when that began.
        var since = ContinuousClock.now
        /// The time limits that have not passed yet.
        var limits: Limits?
        /// When the body is told to stop first; nil means never.
        var deadline: ContinuousClock.Instant?
        /// What the body said last of how far it is.
        var progress: Progress?
        /// How often a worker died under it before.
        let crashes: Int
        /// Acknowledged early: there is no lease to renew any more.
        var isAcknowledged = false
        let body = RunningBody()
    }

    /// When a body is told to stop, and when its process ends if it does not listen.
    struct Limits: Sendable {
        var soft: ContinuousClock.Instant?
        var hard: (at: ContinuousClock.Instant, seconds: Double)?
    }

    /// How far a body is, in its own words.
    struct Progress: Sendable {
        let percent: Double
        let message: String
        let at = ContinuousClock.now
    }

    private struct State {
        var claims: [String: Held] = [:]
        /// The end of a stop's grace: what is claimed from now on does not begin.
        var stopped: StopReason?
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.claims.count } }
    var all: [Held] { state.withLock { Array($0.claims.values) } }

    /// Token and task id of everything whose lease is to be renewed.
    var leases: [(token: String, task: TaskID?)] {
        state.withLock { $0.claims.filter { !$0.value.isAcknowledged }.map { ($0.key, $0.value.message?.headers.id) } }
    }

    /// Those that run under a time limit.
    var limited: [(token: String, claim: Held)] {
        state.withLock { $0.claims.filter { $0.value.limits != nil }.map { ($0.key, $0.value) } }
    }

    var tokens: [String: Held] { state.withLock { $0.claims } }

    /// Whether some bodies have ended whose messages are not settled yet.
    var isSettling: Bool { all.contains { !$0.body.isSeized } }

    func add(_ token: String, crashes: Int = 0) {
        let claim = Held(crashes: crashes)
        let stopped = state.withLock { state in
            state.claims[token] = claim
            return state.stopped
        }
        if let stopped { claim.body.stop(stopped) }
    }

    func describe(_ token: String, message: TaskMessage) {
        state.withLock { $0.claims[token]?.message = message }
    }

    func acknowledge(_ token: String) {
        state.withLock { $0.claims[token]?.isAcknowledged = true }
    }

    func begin(_ token: String) {
        state.withLock { state in
            state.claims[token]?.began = Date()
            state.claims[token]?.since = .now
        }
    }

    func limit(_ token: String, to limits: Limits) {
        state.withLock { state in
            let first = [limits.soft, limits.hard?.at].compactMap { $0 }.min()
            if state.claims[token]?.limits == nil { state.claims[token]?.deadline = first }
            state.claims[token]?.limits = first == nil ? nil : limits
        }
    }

    func note(_ progress: Progress, of token: String) {
        state.withLock { $0.claims[token]?.progress = progress }
    }

    func remove(_ token: String) {
        state.withLock { _ = $0.claims.removeValue(forKey: token) }
    }

    /// What runs under a claim; nil when this worker does not hold it.
    func body(_ token: String) -> RunningBody? { state.withLock { $0.claims[token]?.body } }

    /// Stops a run whose lease is gone; one that was acknowledged early has none to lose.
    func loseLease(of token: String) {
        let claim = state.withLock { $0.claims[token] }
        if let claim, !claim.isAcknowledged { claim.body.stop(.leaseLost) }
    }

    /// Stops the runs of a task; false when none runs here.
    @discardableResult
    func stop(task id: TaskID, _ reason: StopReason) -> Bool {
        let mine = all.filter { $0.message?.headers.id == id }
        for claim in mine { claim.body.stop(reason) }
        return !mine.isEmpty
    }

    /// Stops everything that runs and whatever is claimed from now on.
    func stopAll(_ reason: StopReason) {
        let claims = state.withLock { state in
            state.stopped = reason
            return state.claims.values
        }
        for claim in claims { claim.body.stop(reason) }
    }

    /// Ends the wait for every seized body.
    ///
    /// - Returns: How many slots that freed.
    func giveUpAll() -> Int { all.count { $0.body.giveUp() } }
}
