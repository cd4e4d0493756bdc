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
        /// When the body is told to stop; nil means never.
        var deadline: ContinuousClock.Instant?
        /// What the body said last of how far it is.
        var progress: Progress?
        /// How often a worker died under it before.
        let crashes: Int
        /// Acknowledged early: there is no lease to renew any more.
        var isAcknowledged = false
        let stops: AsyncStream<StopReason>
        let stop: AsyncStream<StopReason>.Continuation
    }

    /// How far a body is, in its own words.
    struct Progress: Sendable {
        let percent: Double
        let message: String
        let at = ContinuousClock.now
    }

    private let claims = Mutex<[String: Held]>([:])

    var count: Int { claims.withLock { $0.count } }
    var all: [Held] { claims.withLock { Array($0.values) } }

    /// Token and task id of everything whose lease is to be renewed.
    var leases: [(token: String, task: TaskID?)] {
        claims.withLock { $0.filter { !$0.value.isAcknowledged }.map { ($0.key, $0.value.message?.headers.id) } }
    }

    func add(_ token: String, crashes: Int = 0) {
        let (stops, stop) = AsyncStream<StopReason>.makeStream(bufferingPolicy: .bufferingOldest(1))
        claims.withLock { $0[token] = Held(crashes: crashes, stops: stops, stop: stop) }
    }

    func describe(_ token: String, message: TaskMessage) {
        claims.withLock { $0[token]?.message = message }
    }

    func acknowledge(_ token: String) {
        claims.withLock { $0[token]?.isAcknowledged = true }
    }

    func begin(_ token: String) {
        claims.withLock { claims in
            claims[token]?.began = Date()
            claims[token]?.since = .now
        }
    }

    func limit(_ token: String, to deadline: ContinuousClock.Instant?) {
        claims.withLock { $0[token]?.deadline = deadline }
    }

    func note(_ progress: Progress, of token: String) {
        claims.withLock { $0[token]?.progress = progress }
    }

    func remove(_ token: String) {
        claims.withLock { $0.removeValue(forKey: token) }?.stop.finish()
    }

    func stops(_ token: String) -> AsyncStream<StopReason> {
        claims.withLock { $0[token]?.stops } ?? AsyncStream { $0.finish() }
    }

    /// Stops a run whose lease is gone; one that was acknowledged early has none to lose.
    func loseLease(of token: String) {
        claims.withLock { claims in
            guard let claim = claims[token], !claim.isAcknowledged else { return }
            claim.stop.yield(.leaseLost)
        }
    }

    /// Stops the runs of a task; false when none runs here.
    @discardableResult
    func stop(task id: TaskID, _ reason: StopReason) -> Bool {
        claims.withLock { claims in
            let mine = claims.values.filter { $0.message?.headers.id == id }
            for claim in mine { claim.stop.yield(reason) }
            return !mine.isEmpty
        }
    }

    func stopAll(_ reason: StopReason) {
        claims.withLock { for claim in $0.values { claim.stop.yield(reason) } }
    }
}
