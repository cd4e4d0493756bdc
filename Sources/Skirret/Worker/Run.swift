import CeleryProtocol
import Foundation
import Logging

/// One run of one claimed message.
struct Run: Sendable {
    let claim: Claim
    let message: TaskMessage
    let began = ContinuousClock.now
    /// Fences every write; nil once the message was acknowledged early.
    var token: String?
    /// Somebody asked that the task shall not run: by its id, or by a stamp.
    var isRevoked: Bool
    /// The single-flight name this run holds.
    var single: String?
    /// Collects what the body sends.
    let running: RunningTask
    /// Whether this run has places in shared limits.
    var holdsLimits = false

    init(claim: Claim, message: TaskMessage) {
        self.claim = claim
        self.message = message
        token = claim.token
        isRevoked = claim.isRevoked
        running = RunningTask(message)
    }

    /// Why the body is not to run now, if so.
    ///
    /// By Redis's clock, so that no step of ours matters.
    var refusal: Outcome? {
        let headers = message.headers
        if isRevoked { return .revoked(.revoked) }
        // It may have waited here for a slot.
        if let expires = headers.expires, expires <= now { return .revoked(.expired) }
        if let eta = headers.eta, eta > claim.claimedAt { return .early(until: eta) }
        return nil
    }

    /// The time by Redis's clock: what was read at the claim, and what has passed since.
    var now: Date { claim.claimedAt + claim.receivedAt.duration(to: .now).seconds }

    var metadata: Logger.Metadata {
        ["task_id": "\(message.headers.id)", "task_name": "\(message.headers.task)"]
    }
}
