import CeleryProtocol
import Foundation
import SkirretRedis

/// Decides what a run's outcome means for everybody else: results, callbacks, the next step of a chain, retries.
///
/// Celery's rules; no I/O.
struct Settling {
    let keys: Keys
    let message: TaskMessage
    let claim: Claim
    /// Where messages go whose signature names no queue.
    let defaultQueue: QueueName
    let ignoresResult: Bool
    let now: Date

    private var id: TaskID { message.headers.id }
    private var root: TaskID { message.headers.rootID ?? id }

    func settlement(for outcome: Outcome) throws -> Settlement {
        switch outcome {
        case .succeeded(let value): return try success(value)
        case .failed(let failure): return self.failure(failure)
        case .retry(let delay, let reason): return retry(after: delay, reason)
        case .revoked(let why):
            return settlement(storing: .revoked(id, reason: why.rawValue, at: now))
        case .early(let due):
            let parked = Settlement.FollowUp(list: claim.list, id: id, due: .at(due), message: claim.message)
            return Settlement(followUps: [parked], isFinal: false)
        case .crashed, .handedBack, .leaseLost:
            return Settlement(isFinal: false)
        }
    }

    // MARK: success

    private func success(_ value: JSONValue) throws -> Settlement {
        var followUps: [Settlement.FollowUp] = []
        for callback in message.body.callbacks {
            followUps.append(try followUp(callback.applied(to: value), chain: []))
        }
        var chain = message.body.chain
        // Stored reversed: the next step is the last element.
        if let step = chain.popLast() {
            followUps.append(try followUp(step.applied(to: value), chain: chain))
        }
        let children = followUps.map { TaskResult.resultTuple($0.id) }
        var settlement = settlement(storing: .success(id, value, children: children, at: now))
        settlement.followUps = followUps
        return settlement
    }

    // MARK: failure

    private func failure(_ failure: TaskFailure) -> Settlement {
        var settlement = settlement(storing: .failure(id, failure, at: now))
        // The remaining steps will never run: whoever waits for the chain's end learns it from them.
        for step in message.body.chain {
            guard let step = step.taskID else { continue }
            settlement.results.append(.init(key: keys.result(step), result: .failure(step, failure, at: now)))
        }
        settlement.followUps = errors(message.body.errbacks, of: id)
        return settlement
    }

    // MARK: retry

    private func retry(after delay: Duration, _ reason: TaskFailure) -> Settlement {
        var next = message
        next.headers.retries += 1
        next.headers.eta = now.addingTimeInterval(delay.seconds)
        // The retry is "sent by" the task itself, as in Celery.
        next.headers.parentID = id
        next.headers.redelivered = false
        next.properties.deliveryTag = .random()
        let due: Settlement.FollowUp.Due = delay > .zero ? .after(delay) : .now
        var settlement = settlement(storing: .retry(id, reason))
        settlement.followUps = [.init(list: claim.list, id: id, due: due, message: next.encoded())]
        settlement.isFinal = false
        return settlement
    }

    // MARK: chords

    /// What is to be done once this part was the last of its chord.
    func chordBody(_ body: Signature, parts: [[UInt8]], group: String) throws -> Settlement {
        let values = try parts.map { try JSONValue(parsing: $0) }
        let failed = values.first { $0[2]?.string == "FAILURE" || $0[2]?.string == "REVOKED" }
        guard let failed else {
            let results = values.map { $0[3] ?? .null }
            do {
                let next = try followUp(body.applied(to: .array(results)), chain: body.signatures("chain"))
                return Settlement(followUps: [next], finishedChord: keys.group(group))
            } catch {
                // The parts did their work; it is the body that fails.
                return chordError(body, error)
            }
        }
        let cause = TaskFailure(result: failed[3] ?? .null)
        return chordError(
            body, .chordError("Dependency \(failed[1]?.string ?? "?") raised \(cause.pythonDescription)"))
    }

    private func chordError(_ body: Signature, _ failure: TaskFailure) -> Settlement {
        guard let bodyID = body.taskID else { return Settlement() }
        var settlement = Settlement(
            results: [.init(key: keys.result(bodyID), result: .failure(bodyID, failure, at: now))])
        settlement.followUps = errors(body.signatures("link_error"), of: bodyID)
        return settlement
    }

    // MARK: parts

    /// The errbacks of a failure.
    ///
    /// One that cannot be started must not keep the failure itself from being told.
    private func errors(_ errbacks: [Signature], of id: TaskID) -> [Settlement.FollowUp] {
        errbacks.compactMap { try? followUp($0.applied(to: .string(id.rawValue)), chain: []) }
    }

    private func settlement(storing result: TaskResult) -> Settlement {
        var result = result
        result.parentID = message.headers.parentID
        result.groupID = message.headers.group
        return Settlement(own: result, results: ignoresResult ? [] : [.init(key: keys.result(id), result: result)])
    }

    /// One signature as a message of its own, sent by this task.
    private func followUp(_ signature: Signature, chain: [Signature]) throws(TaskFailure) -> Settlement.FollowUp {
        if let type = signature.subtaskType, ["chain", "group", "chord"].contains(type) {
            throw TaskFailure(
                excType: "NotImplementedError",
                excMessage: [
                    .string("a \(type) as a callback or as a step of a chain cannot be started by this worker yet")
                ],
                excModule: "builtins", traceback: nil)
        }
        let queue = signature.queue(else: defaultQueue)
        var next = signature.message(queue: queue, now: now)
        next.headers.rootID = root
        next.headers.parentID = id
        next.headers.origin = TaskQueue.origin
        if !chain.isEmpty { next.body.chain = chain }
        let list = keys.queue(queue, priority: next.properties.priority)
        let due: Settlement.FollowUp.Due = next.headers.eta.map { .at($0) } ?? .now
        return .init(list: list, id: next.headers.id, due: due, message: next.encoded())
    }
}
