import CeleryProtocol
import Foundation
import SkirretRedis

/// Writes settlements and gives claims back: the edge that acts on what ``Settling`` decided.
struct Settler: Sendable {
    let queue: TaskQueue
    let options: WorkerOptions
    /// A worker that stops does not wait for a broker that is away.
    let isStopping: @Sendable () -> Bool
    /// What the tokens of settlements stand for.
    var ownership = Ownership.claim

    /// What a token proves.
    enum Ownership {
        /// The claim of a message is still ours.
        case claim
        /// Those who wait for a dead message were not told of it yet.
        case untoldLetter
    }

    /// Writes a settlement and acknowledges the message, in one step.
    ///
    /// - Parameters:
    ///   - settlement: What is written.
    ///   - id: The task.
    ///   - token: The claim's token; nil when the message was acknowledged early.
    ///   - claim: The token under which the run was claimed, also where it does not fence any more.
    ///   - single: The single-flight name this run held.
    /// - Returns: False when the lease was lost and nothing was written.
    /// - Throws: `RedisError` when the broker stayed away.
    func write(
        _ settlement: Settlement, of id: TaskID, token: String?, claim: String, single: String?
    ) async throws(RedisError) -> Bool {
        let settlement = try await storingApart(settlement, token: token)
        let call = finishCall(settlement, of: id, token: token, claim: claim, single: single)
        let (reply, isRepeated) = try await repeated { () async throws(RedisError) in
            try await queue.redis.run(Scripts.finish, keys: call.keys, arguments: call.arguments)
        }
        // Settled before: by this very call, if an earlier answer to it was lost.
        let answer = await resolved(reply, in: queue.redis).int
        return answer == 1 || (answer == 2 && isRepeated)
    }

    /// The finish script's keys and arguments for one settlement.
    func finishCall(
        _ settlement: Settlement, of id: TaskID, token: String?, claim: String, single: String?
    ) -> (keys: [String], arguments: [RedisArgument]) {
        let keys = queue.keys
        let lifetime = queue.resultSeconds
        var arguments: [RedisArgument] = [
            .init(token ?? ""), .init(id.rawValue), .init(keys.wake), settlement.isFinal ? "1" : "0",
            .init(settlement.results.count),
        ]
        for publication in settlement.results {
            arguments += [
                .init(publication.key), .init(queue.payload(publication.result.encoded())), .init(lifetime),
            ]
        }
        arguments.append(.init(settlement.followUps.count))
        for next in settlement.followUps {
            arguments += [.init(next.list), .init(next.id.rawValue), .init(next.due.argument), .init(next.message)]
        }
        // Equal calls may come again, and the batch hears of it, once the task is over.
        let over = settlement.isFinal ? settlement : Settlement()
        arguments += [.init(over.unique.map(keys.unique) ?? ""), .init(single.map(keys.single) ?? "")]
        arguments += [
            .init(over.batch.map(keys.batch) ?? ""), .init(over.batch.map(keys.batchOpen) ?? ""),
            over.batch == nil ? "" : over.own.map { $0.state == .success } ?? true ? "succeeded" : "failed",
        ]
        var names = [
            keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.crashes, keys.scheduled,
            keys.scheduledMessages, keys.cancelled, keys.lost, keys.waiting, keys.settled(claim), keys.fair,
        ]
        if ownership == .untoldLetter {
            (names[0], names[2], names[3], names[8]) = (
                keys.untoldLetters, keys.untold, keys.untoldLetters, keys.untold
            )
        }
        return (names, arguments)
    }

    /// Writes many plain settlements in one step, each fenced by its own token.
    ///
    /// - Returns: For each whether it was written; false when its lease was lost.
    /// - Throws: `RedisError` when the broker stayed away, or took none of them.
    func write(_ batch: [PlainSettlement]) async throws(RedisError) -> [Bool] {
        let keys = queue.keys
        if queue.hasOwnBackend { try await storeApart(batch) }
        var arguments: [RedisArgument] = []
        arguments.reserveCapacity(2 + 2 * batch.count)
        arguments.append(.init(queue.resultSeconds))
        arguments.append(.init(keys.result(TaskID(rawValue: "")).utf8.count))
        for settlement in batch {
            arguments.append(.init(settlement.run.token ?? ""))
            arguments.append(queue.hasOwnBackend ? "" : .init(queue.payload(settlement.result)))
        }
        let (reply, isRepeated) = try await repeated { () async throws(RedisError) in
            try await queue.redis.run(
                Scripts.settle,
                keys: [
                    keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.crashes, keys.cancelled, keys.lost,
                ] + batch.map { keys.result($0.run.id) }, arguments: arguments)
        }
        let answers = await resolved(reply, in: queue.redis).array ?? []
        return batch.indices.map { index in
            let answer = index < answers.count ? answers[index].int : nil
            return answer == 1 || (answer == 2 && isRepeated)
        }
    }

    /// A message that its worker's death, its host's death or a stop left behind.
    enum Restoration: String, Sendable { case expired, crashed, stopping, refused }

    /// Gives claims back to their queues, or up for dead.
    ///
    /// - Parameters:
    ///   - tokens: The claims; after a crash all of one worker's in one call, as who was alone is judged by them.
    ///   - why: What left them behind.
    ///   - detail: The reason that dead letters keep.
    /// - Returns: Those that were given up.
    /// - Throws: `RedisError` when the broker stayed away.
    func restore(_ tokens: [String], why: Restoration, detail: String) async throws(RedisError) -> [DeadLetter] {
        guard !tokens.isEmpty else { return [] }
        let keys = queue.keys
        let most = why == .refused ? 0 : options.mostCrashes
        let (reply, _) = try await repeated { () async throws(RedisError) in
            try await queue.redis.run(
                Scripts.restore,
                keys: [
                    keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.dead, keys.letters, keys.crashes,
                    keys.lost, keys.waiting, keys.scheduled, keys.scheduledMessages, keys.untold, keys.untoldLetters,
                ],
                arguments: [
                    .init(why.rawValue), .init(most), .init(detail), .init(keys.wake),
                    .init(options.sweep.milliseconds),
                ] + tokens.map { .init($0) })
        }
        return (reply.array ?? []).compactMap { entry in
            guard let fields = entry.array, fields.count == 5, let token = fields[0].string,
                let id = fields[2].string, let list = fields[3].string,
                let message = fields[4].bytes
            else { return nil }
            return DeadLetter(
                id: token, task: TaskID(rawValue: id), list: list, message: message,
                failure: why.failure(because: detail))
        }
    }

    /// Asks whether this claim may run under a single-flight name; gives the id of the run that excludes it.
    func running(under name: String, token: String, id: TaskID) async throws(RedisError) -> TaskID? {
        let (reply, _) = try await repeated { () async throws(RedisError) in
            try await queue.redis.run(
                Scripts.singleFlight, keys: [queue.keys.single(name), queue.keys.leases],
                arguments: [.init(token), .init(id.rawValue), 86_400])
        }
        return reply.string.flatMap { $0.isEmpty ? nil : TaskID(rawValue: $0) }
    }

    /// Stores how far a run is, unless its claim was taken away.
    ///
    /// One round trip.
    ///
    /// - Parameters:
    ///   - value: JSON.
    ///   - key: Where it is stored.
    ///   - keep: Seconds; zero means for ever.
    ///   - isResult: Published as well, and never put over a stored SUCCESS.
    ///   - token: The claim's token; nil when the message was acknowledged early.
    /// - Throws: `RedisError` when the broker did not answer.
    func report(_ value: [UInt8], at key: String, keep: Int, isResult: Bool, token: String?) async throws(RedisError) {
        if isResult, queue.hasOwnBackend {
            guard try await isHeld(token) else { return }
            return try await store([(key, value)])
        }
        _ = try await queue.redis.run(
            Scripts.report, keys: [queue.keys.leases, key, queue.keys.unacked],
            arguments: [
                .init(token ?? ""), .init(isResult ? queue.payload(value) : value), .init(keep), isResult ? "1" : "0",
            ])
    }

    /// Repeats what is idempotent until the broker is back: the lease decides whether it still counts.
    ///
    /// Gives up after a minute, or at once when the worker stops: then the lease brings the message back.
    ///
    /// - Returns: The reply, and whether an earlier call may have got through without an answer.
    func repeated<Reply>(
        _ body: () async throws(RedisError) -> Reply
    ) async throws(RedisError) -> (Reply, isRepeated: Bool) {
        let end = ContinuousClock.now + .seconds(60)
        var pause = Duration.milliseconds(20)
        var isRepeated = false
        var attempts = 0
        while true {
            do {
                return (try await body(), isRepeated)
            } catch {
                attempts += 1
                // A worker that stops tries once more and waits no longer.
                let isPatient = !isStopping() || attempts == 1
                guard error.isPassing, isPatient, !Task.isCancelled, .now < end else { throw error }
                isRepeated = isRepeated || error.mayHaveExecuted
            }
            try? await ContinuousClock().sleep(for: pause)  // a cancellation ends the loop above
            pause = min(pause * 2, .seconds(1))
        }
    }
}

extension Settlement.FollowUp.Due {
    /// As the finish script reads it.
    var argument: String {
        switch self {
        case .now: "0"
        case .after(let delay): "+\(delay.milliseconds)"
        case .at(let date): String(Int((date.timeIntervalSince1970 * 1000).rounded(.up)))
        }
    }
}
