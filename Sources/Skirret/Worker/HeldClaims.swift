import CeleryProtocol
import Synchronization

/// What this worker holds right now: the heartbeat renews it, remote control shows it, a stop reaches it.
final class HeldClaims: Sendable {
    private struct State {
        var claims: [String: HeldClaim] = [:]
        /// The end of a stop's grace: what is claimed from now on does not begin.
        var stopped: StopReason?
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.claims.count } }
    var all: [HeldClaim] { state.withLock { Array($0.claims.values) } }
    /// By token.
    var byToken: [String: HeldClaim] { state.withLock { $0.claims } }

    /// Token and task id of everything whose lease is to be renewed.
    var leases: [(token: String, task: TaskID?)] {
        byToken.filter { !$0.value.isAcknowledged }.map { ($0.key, $0.value.id) }
    }

    /// Those that run under a time limit.
    var limited: [HeldClaim] { all.filter { $0.limits != nil } }

    /// Whether some bodies have ended whose messages are not settled yet.
    var isSettling: Bool { all.contains { !$0.body.isSeized } }

    func holds(_ token: String) -> Bool { state.withLock { $0.claims[token] != nil } }

    func add(_ claims: [HeldClaim]) {
        let stopped = state.withLock { state in
            for claim in claims { state.claims[claim.claim.token] = claim }
            return state.stopped
        }
        if let stopped { for claim in claims { claim.body.stop(stopped) } }
    }

    func remove(_ tokens: some Sequence<String>) {
        state.withLock { state in
            for token in tokens { state.claims[token] = nil }
        }
    }

    /// Stops a run whose lease is gone.
    func loseLease(of token: String) { state.withLock { $0.claims[token] }?.loseLease() }

    /// Stops the runs of a task; false when none runs here.
    @discardableResult
    func stop(task id: TaskID, _ reason: StopReason) -> Bool {
        let mine = all.filter { $0.id == id }
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
