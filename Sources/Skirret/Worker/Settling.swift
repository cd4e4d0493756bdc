import CeleryProtocol
import Foundation
import SkirretRedis

/// Decides what a run's outcome means for everybody else: results, callbacks, the next step of a chain, chords, retries.
///
/// Celery's rules; no I/O.
struct Settling {
    let keys: Keys
    let message: TaskMessage
    let claim: Claim
    /// Where tasks go whose signature names no queue.
    let route: @Sendable (_ task: String) -> QueueName
    let ignoresResult: Bool
    let now: Date
    /// What the body itself has sent.
    var children: [ResultNode] = []
    /// What every result says beside its value; Celery's `result_extended`.
    var extended: JSONObject = [:]

    var id: TaskID { message.headers.id }
    var root: TaskID { message.headers.rootID ?? id }

    /// What is written at the end of a run.
    ///
    /// - Parameters:
    ///   - outcome: How the run ended.
    ///   - completed: The parts of chords that this settlement completes, by group id. Which ones shows only when it is
    ///     written; it is decided anew then.
    /// - Returns: What is written, and sent.
    /// - Throws: `TaskFailure` when something that follows the task cannot be started: then that is its outcome.
    func settlement(for outcome: Outcome, completed: [String: ChordParts] = [:]) throws -> Settlement {
        var settlement = try decided(outcome)
        if settlement.isFinal, let own = settlement.own, let part = part(own) {
            settlement.parts.insert(part, at: 0)
        }
        if settlement.isFinal, !settlement.isReplaced {
            settlement.unique = message.headers.unique?.name
            settlement.batch = message.headers.batch
        }
        complete(&settlement, with: completed)
        return settlement
    }

    private func decided(_ outcome: Outcome) throws -> Settlement {
        switch outcome {
        case .succeeded(let value): return try success(value)
        case .failed(let failure): return self.failure(failure)
        case .retry(let delay, let reason): return retry(after: delay, reason)
        case .revoked(let why): return revoked(why)
        case .replaced(let signature): return try replaced(by: signature)
        case .rejected(let reason, requeues: false): return failure(.rejected(reason))
        case .rejected(_, requeues: true): return requeued()
        case .early(let due):
            let parked = Settlement.FollowUp(list: claim.list, id: id, due: .at(due), message: claim.message)
            return Settlement(followUps: [parked], isFinal: false)
        case .ignored: return Settlement()
        case .crashed, .handedBack, .leaseLost: return Settlement(isFinal: false)
        }
    }

    // MARK: endings

    private func success(_ value: JSONValue) throws -> Settlement {
        let start = try callbacks(message.body.callbacks, value: value)
        var settlement = storing(
            .success(id, value, children: (children + start.children).map(\.json), at: now))
        send(start, in: &settlement)
        return settlement
    }

    private func failure(_ failure: TaskFailure) -> Settlement {
        var settlement = storing(.failure(id, failure, children: children.map(\.json), at: now))
        // The remaining steps will never run: whoever waits for the chain's end learns it from them.
        fail(message.body.chain, because: failure, in: &settlement)
        send(errbacks(message.body.errbacks, of: id), in: &settlement)
        return settlement
    }

    private func revoked(_ why: Revocation) -> Settlement {
        var settlement = storing(.revoked(id, reason: why.rawValue, at: now))
        // Celery leaves these waiting for ever.
        fail(message.body.chain, because: .revoked(why.rawValue), state: .revoked, in: &settlement)
        return settlement
    }

    private func retry(after delay: Duration, _ reason: TaskFailure) -> Settlement {
        var next = message
        next.headers.retries += 1
        next.headers.eta = now.addingTimeInterval(delay.seconds)
        // The retry is "sent by" the task itself, as in Celery, which repeats the origin among the properties.
        next.headers.parentID = id
        next.properties.fields["origin"] = next.headers.fields["origin"] ?? .null
        next.headers.redelivered = false
        next.properties.redelivered = false
        next.properties.deliveryTag = .random()
        let due: Settlement.FollowUp.Due = delay > .zero ? .after(delay) : .now
        var result = TaskResult.retry(id, reason)
        result.children = children.map(\.json) + result.children
        var settlement = storing(result)
        settlement.followUps = [.init(list: claim.list, id: id, due: due, message: next.encoded())]
        settlement.isFinal = false
        return settlement
    }

    /// Back into its queue, behind all others.
    private func requeued() -> Settlement {
        var next = message
        next.headers.redelivered = true
        next.properties.redelivered = true
        let back = Settlement.FollowUp(list: claim.list, id: id, due: .now, message: next.encoded())
        return Settlement(followUps: [back], isFinal: false)
    }

    /// The replacement takes the task's id and everything that follows it; the task itself has no result.
    private func replaced(by signature: Signature) throws -> Settlement {
        var settlement = Settlement(isReplaced: true)
        var signature = signature
        signature.options["headers"] = .object(
            message.headers.fields.filter { ["skirret_unique", "skirret_batch"].contains($0.key) }
                .merging(signature.options["headers"]?.object ?? [:]))
        send(try replacement(signature), in: &settlement)
        return settlement
    }

    // MARK: results

    private func storing(_ result: TaskResult) -> Settlement {
        var result = result
        result.parentID = message.headers.parentID
        result.groupID = message.headers.group
        result.fields.merge(extended)
        return Settlement(own: result, results: ignoresResult ? [] : [.init(key: keys.result(id), result: result)])
    }

    /// What this task is to the chord in whose header it stands.
    private func part(_ result: TaskResult) -> Settlement.Part? {
        guard let body = message.body.chord, let group = message.headers.group else { return nil }
        return .init(
            group: group, index: message.headers.groupIndex, task: id, state: result.state, value: result.result,
            body: body)
    }
}
