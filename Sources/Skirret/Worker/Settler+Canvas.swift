import CeleryProtocol
import Logging
import SkirretRedis

/// Settlements that are parts of chords, or that start some.
extension Settler {
    /// Decides and writes what an outcome means, in one step with the acknowledgement.
    ///
    /// Whether a part is its chord's last shows only when it is written: the script then changes nothing and says so,
    /// and the settlement is decided anew, with the body in it.
    ///
    /// - Parameters:
    ///   - settling: What decides.
    ///   - outcome: How the run ended.
    ///   - token: The claim's token, or a dead letter's id; nil when the message was acknowledged early.
    ///   - single: The single-flight name this run held.
    /// - Returns: What was written; nil when the lease was lost and nothing was.
    /// - Throws: `RedisError` when the broker stayed away; ``UnroutableMessage`` or `TaskFailure` when something that
    ///   follows the task cannot be sent.
    func settle(
        _ settling: Settling, _ outcome: Outcome, token: String?, single: String?
    ) async throws -> Settlement? {
        if queue.hasOwnBackend { return try await settleApart(settling, outcome, token: token, single: single) }
        var completed: [String: ChordParts] = [:]
        // Each round learns of one chord; a settlement of many is one of a failing chain with as many chords in it.
        while true {
            let settlement = try await routed(settling.settlement(for: outcome, completed: completed), outcome)
            guard settlement.touchesChords else {
                let isWritten = try await write(
                    settlement, of: settling.id, token: token, claim: settling.claim.token, single: single)
                return isWritten ? settlement : nil
            }
            let call = finishCall(
                settlement, of: settling.id, token: token, claim: settling.claim.token, single: single)
            let arguments = call.arguments + canvas(settlement)
            let (reply, isRepeated) = try await repeated { () async throws(RedisError) in
                try await queue.redis.run(Scripts.finishCanvas, keys: call.keys, arguments: arguments)
            }
            if reply.array?.first?.int != nil {
                _ = await resolved(reply, in: queue.redis)
                return settlement
            }
            guard let answer = reply.array, let base = answer.first?.string else {
                return reply.int == 1 || (reply.int == 2 && isRepeated) ? settlement : nil
            }
            let group = String(base.dropFirst(queue.keys.group("").count))
            completed[group] = answer[1].array.map { parts in
                ChordParts(parts: parts.compactMap(\.bytes), saved: answer.count > 2 ? answer[2].bytes : nil)
            }
        }
    }

    /// The canvas script's arguments, which stand behind finish's own.
    private func canvas(_ settlement: Settlement) -> [RedisArgument] {
        let keys = queue.keys
        var arguments: [RedisArgument] = [.init(queue.chordSeconds)]
        arguments.append(.init(settlement.parts.count))
        for part in settlement.parts { arguments += self.arguments(of: part) }
        arguments.append(.init(settlement.bodies.count))
        for body in settlement.bodies {
            arguments += [.init(keys.group(body.group)), .init(body.count), body.isError ? "error" : "body"]
        }
        arguments.append(.init(settlement.chords.count))
        for chord in settlement.chords { arguments += [.init(keys.group(chord.group)), .init(chord.size)] }
        arguments.append(.init(settlement.groups.count))
        for group in settlement.groups { arguments += [.init(keys.group(group.id)), .init(group.saved.encoded())] }
        return arguments + [.init(arguments.count)]
    }

    /// One part as the scripts take it: base key, position, task id, what stands in `.j`.
    func arguments(of part: Settlement.Part) -> [RedisArgument] {
        let json: JSONValue = [1, JSONValue(part.task), JSONValue(part.state), part.value]
        return [
            .init(queue.keys.group(part.group)), .init(part.index.map(String.init) ?? "+inf"),
            .init(part.task.rawValue), .init(json.encoded()),
        ]
    }

    /// Finds the queues of follow-ups whose signatures name an exchange.
    ///
    /// One that no queue gets is the task's failure; what follows a failure must not keep it from being told.
    func routed(_ settlement: Settlement, _ outcome: Outcome) async throws -> Settlement {
        guard settlement.followUps.contains(where: { $0.exchanged != nil }) else { return settlement }
        var routed = settlement
        routed.followUps = []
        for next in settlement.followUps {
            guard var message = next.exchanged else {
                routed.followUps.append(next)
                continue
            }
            let names: [QueueName]
            do { names = try await queue.queues(of: message) } catch let error as UnroutableMessage {
                guard case .failed = outcome else { throw error }
                queue.logger.error("what follows a failure is lost", metadata: ["error": "\(error)"])
                continue
            }
            for name in names {
                let list = queue.keys.queue(name, priority: message.properties.priority)
                routed.followUps.append(.init(list: list, id: next.id, due: next.due, message: message.encoded()))
                message.properties.deliveryTag = .random()
            }
        }
        return routed
    }
}
