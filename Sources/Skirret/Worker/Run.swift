import CeleryProtocol
import Foundation
import Logging

/// A claimed message that was read: what all that know of its run share.
final class Delivery: Sendable {
    let claim: Claim
    let message: TaskMessage
    /// The message's own, at hand for everybody who asks again and again.
    let id: TaskID
    let name: String
    let began = ContinuousClock.now
    /// Collects what the body sends.
    let running: RunningTask

    init(claim: Claim, message: TaskMessage) {
        self.claim = claim
        self.message = message
        id = message.headers.id
        name = message.headers.task
        running = RunningTask(id: id, root: message.headers.rootID ?? id)
    }
}

/// One run of one claimed message.
struct Run: Sendable {
    let delivery: Delivery
    /// Fences every write; nil once the message was acknowledged early.
    var token: String?
    /// Somebody asked that the task shall not run: by its id, or by a stamp.
    var isRevoked: Bool
    /// The single-flight name this run holds.
    var single: String?
    /// Whether this run has places in shared limits.
    var holdsLimits = false

    var claim: Claim { delivery.claim }
    var message: TaskMessage { delivery.message }
    var id: TaskID { delivery.id }
    var began: ContinuousClock.Instant { delivery.began }
    var running: RunningTask { delivery.running }

    init(claim: Claim, message: TaskMessage) { self.init(Delivery(claim: claim, message: message)) }

    init(_ delivery: Delivery) {
        self.delivery = delivery
        token = delivery.claim.token
        isRevoked = delivery.claim.isRevoked
    }

    /// Why the body is not to run now, if so.
    ///
    /// By Redis's clock, so that no step of ours matters.
    var refusal: Outcome? {
        if isRevoked { return .revoked(.revoked) }
        // It may have waited here for a slot.
        if let expires = delivery.message.headers.expires, expires <= now { return .revoked(.expired) }
        if let eta = delivery.message.headers.eta, eta > delivery.claim.claimedAt { return .early(until: eta) }
        return nil
    }

    /// The time by Redis's clock: what was read at the claim, and what has passed since.
    var now: Date { delivery.claim.claimedAt + delivery.claim.receivedAt.duration(to: .now).seconds }

    var metadata: Logger.Metadata { ["task_id": "\(delivery.id)", "task_name": "\(delivery.name)"] }
}
