import CeleryProtocol
import Foundation

/// The parts of a chord that is complete.
struct ChordParts: Sendable, Equatable {
    /// JSON `[1, task id, state, result]` each, in order.
    var parts: [[UInt8]]
    /// Where the results belong, of headers with groups in them.
    var saved: [UInt8]?
}

/// Parts of chords: what a complete one leads to, and what a failure means for those that wait for it.
extension Settling {
    /// Adds the bodies of the chords that a settlement completes; a chord that fails may be a part of another.
    func complete(_ settlement: inout Settlement, with completed: [String: ChordParts]) {
        var seen: Set<String> = []
        var next = 0
        while next < settlement.parts.count {
            let part = settlement.parts[next]
            next += 1
            guard let parts = completed[part.group], seen.insert(part.group).inserted else { continue }
            end(part.body, of: part.group, parts, in: &settlement)
        }
    }

    private func end(_ body: Signature, of group: String, _ parts: ChordParts, in settlement: inout Settlement) {
        // Ours or Celery's own: what does not parse has no state, and so is no failure.
        let values = parts.parts.map { (try? JSONValue(parsing: ResultPayload.inflated($0))) ?? .null }
        let count = parts.parts.count
        if let failed = values.first(where: { ["FAILURE", "REVOKED"].contains($0[2]?.string) }) {
            let cause = TaskFailure(result: failed[3] ?? .null)
            let error = TaskFailure.chordError(
                "Dependency \(failed[1]?.string ?? "?") raised \(cause.pythonDescription)")
            settlement.bodies.append(.init(group: group, count: count, isError: true))
            return chordError(body, error, cause: cause, in: &settlement)
        }
        do {
            let results = try Self.results(values, parts.saved)
            let start = try CanvasStart(body, args: [results], options: inherited, replyTo: TaskQueue.replyTo)
            settlement.bodies.append(.init(group: group, count: count, isError: false))
            send(start, in: &settlement)
        } catch {
            // The parts did their work; it is the body that fails.
            settlement.bodies.append(.init(group: group, count: count, isError: true))
            let failure = TaskFailure.chordError("Callback error: \(error)")
            chordError(body, failure, cause: failure, in: &settlement)
        }
    }

    /// The results in the order of the header; lists in lists where groups stand in it.
    private static func results(_ parts: [JSONValue], _ saved: [UInt8]?) throws(WireError) -> JSONValue {
        guard let saved else { return .array(parts.map { $0[3] ?? .null }) }
        var values: [TaskID: JSONValue] = [:]
        for part in parts { values[TaskID(rawValue: part[1]?.string ?? "")] = part[3] }
        return try ResultNode(saved: saved).value { values[$0] ?? .null }
    }

    /// Tells everybody who waits for a body that it will never run.
    private func chordError(
        _ body: Signature, _ error: TaskFailure, cause: TaskFailure, in settlement: inout Settlement
    ) {
        // The members of a group learn the cause, as from Celery.
        let failure = body.subtaskType == "group" ? cause : error
        if body.subtaskType == "group" {
            for member in body.finalTasks {
                let errbacks = Self.unique(member.signatures("link_error") + body.signatures("link_error"))
                if let id = member.taskID { send(self.errbacks(errbacks, of: id), in: &settlement) }
            }
        } else if let id = body.taskID ?? body.finalTasks.last?.taskID {
            send(errbacks(body.signatures("link_error"), of: id), in: &settlement)
        }
        fail([body], because: failure, in: &settlement)
        fail(body.signatures("chain"), because: error, in: &settlement)
    }

    private static func unique(_ signatures: [Signature]) -> [Signature] {
        signatures.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Stores the failure of tasks that will never run, and lets it count where they are parts of chords.
    func fail(
        _ signatures: [Signature], because failure: TaskFailure, state: TaskState = .failure,
        in settlement: inout Settlement
    ) {
        for signature in signatures {
            var ids: Set<TaskID> = []
            for task in signature.finalTasks {
                guard let id = task.taskID, ids.insert(id).inserted else { continue }
                store(failure, state, for: id, task, in: &settlement)
                guard let chord = task.options["chord"], let group = task.options["group_id"]?.string,
                    let body = try? Signature(json: chord)  // no signature: nobody waits
                else { continue }
                settlement.parts.append(
                    .init(
                        group: group, index: task.options["group_index"]?.int, task: id, state: state,
                        value: failure.json, body: body))
            }
            // A group or chord as a step: Celery stores its failure under its own id too.
            if let id = signature.taskID, ids.insert(id).inserted {
                store(failure, state, for: id, signature, in: &settlement)
            }
        }
    }

    private func store(
        _ failure: TaskFailure, _ state: TaskState, for id: TaskID, _ task: Signature, in settlement: inout Settlement
    ) {
        guard task.options["ignore_result"]?.bool != true else { return }
        var result = TaskResult.failure(id, failure, at: now, groupID: task.options["group_id"]?.string)
        result.state = state
        settlement.results.append(.init(key: keys.result(id), result: result))
    }
}

extension Signature {
    /// The tasks whose results stand for this canvas, and those on the way to them that somebody may wait for.
    fileprivate var finalTasks: [Signature] {
        func parts(_ key: String) -> [Signature] {
            // Why `try?`: what is no signature was never given an id that somebody could wait for.
            (kwargs[key]?.array ?? []).compactMap { try? Signature(json: $0) }
        }
        switch subtaskType {
        case "chain", "group": return parts("tasks").flatMap(\.finalTasks)
        case "chord": return kwargs["body"].flatMap { try? Signature(json: $0) }?.finalTasks ?? []
        default: return [self]
        }
    }
}
