import CeleryProtocol
import SkirretRedis

/// Settlements whose results live in another Redis than the messages.
///
/// Nothing is one step with both. The order makes up for it: look whether the claim is still ours, store what the
/// backend keeps, acknowledge and send in the broker's one step, clear away. A worker that dies between two of them
/// leaves its claim, whose next run does the same again, and every write of it is the same again: a stored SUCCESS
/// stays, a part counts once, a complete chord is this task's to end.
///
/// What is weaker than with one Redis: a worker that freezes between the look and the write can store a result after
/// it lost its claim (never over a SUCCESS).
extension Settler {
    /// How long a complete chord is this task's alone.
    ///
    /// 60 s: as long as a settlement tries to reach the broker.
    private static let chordClaimSeconds = 60

    /// ``settle(_:_:token:single:)`` for results that have a place of their own.
    func settleApart(
        _ settling: Settling, _ outcome: Outcome, token: String?, single: String?
    ) async throws -> Settlement? {
        guard try await isHeld(token) else { return nil }
        var completed: [String: ChordParts] = [:]
        var settlement = try await routed(settling.settlement(for: outcome), outcome)
        // Results first: whoever joins a chord may read those of its parts.
        try await store(settlement.results.map { ($0.key, $0.result.encoded()) })
        let stored = Set(settlement.results.map(\.key))
        // A chord that fails may be a part of another one.
        while !settlement.parts.isEmpty {
            let found = try await join(settlement.parts, claimedBy: settling.id)
            guard !found.allSatisfy({ completed[$0.key] != nil }) else { break }
            completed.merge(found) { $1 }
            settlement = try await routed(settling.settlement(for: outcome, completed: completed), outcome)
        }
        settlement.results.removeAll { stored.contains($0.key) }
        try await announce(settlement)
        guard
            try await write(settlement, of: settling.id, token: token, claim: settling.claim.token, single: single)
        else { return nil }
        try await clearAway(settlement.bodies, claimedBy: settling.id)
        return settlement
    }

    /// A settlement without its results, which are stored now if they have a place of their own.
    func storingApart(_ settlement: Settlement, token: String?) async throws(RedisError) -> Settlement {
        guard queue.hasOwnBackend, !settlement.results.isEmpty, try await isHeld(token) else { return settlement }
        try await store(settlement.results.map { ($0.key, $0.result.encoded()) })
        var rest = settlement
        rest.results = []
        return rest
    }

    /// Stores the results of plain settlements whose claims are still ours.
    func storeApart(_ batch: [PlainSettlement]) async throws(RedisError) {
        let tokens = batch.compactMap(\.run.token)
        var lost: Set<String> = []
        if !tokens.isEmpty {
            // Celery's sweep takes the one and leaves the other.
            for set in [queue.keys.leases, queue.keys.unackedIndex] {
                let (scores, _) = try await repeated { () async throws(RedisError) in
                    try await queue.redis.send(
                        RedisCommand("ZMSCORE", arguments: [.init(set)] + tokens.map { RedisArgument($0) }))
                }
                for (token, score) in zip(tokens, scores.array ?? []) where score.string == nil { lost.insert(token) }
            }
        }
        try await store(
            batch.filter { !$0.result.isEmpty && !lost.contains($0.run.token ?? "") }
                .map { (queue.keys.result($0.run.id), $0.result) })
    }

    /// Writes results and publishes them; repeated until the backend is back, as the broker's writes are.
    func store(_ results: [(key: String, json: [UInt8])]) async throws(RedisError) {
        guard !results.isEmpty else { return }
        let (reply, _) = try await repeated { () async throws(RedisError) in
            try await queue.backend.run(
                Scripts.store, keys: results.map(\.key),
                arguments: [.init(queue.resultSeconds)] + results.map { .init(queue.payload($0.json)) })
        }
        _ = await resolved(reply, in: queue.backend)
    }

    /// Whether the claim was not taken away, or nobody told of the dead letter; true for what was acknowledged early.
    func isHeld(_ token: String?) async throws(RedisError) -> Bool {
        guard let token else { return true }
        let sets =
            switch ownership {
            // Celery's sweep takes the one and leaves the other.
            case .claim: [queue.keys.leases, queue.keys.unackedIndex]
            case .untoldLetter: [queue.keys.untold]
            }
        let (scores, _) = try await repeated { () async throws(RedisError) in
            try await queue.redis.pipeline(sets.map { RedisCommand("ZSCORE", .init($0), .init(token)) })
        }
        return scores.allSatisfy { $0.string != nil }
    }

    /// Counts parts of chords, and gives the parts of those that are complete and ours to end.
    func join(
        _ parts: [Settlement.Part], claimedBy id: TaskID
    ) async throws(RedisError) -> [String: ChordParts] {
        var arguments: [RedisArgument] = [
            .init(id.rawValue), .init(Self.chordClaimSeconds), .init(queue.chordSeconds),
        ]
        for part in parts { arguments += self.arguments(of: part) }
        let (reply, _) = try await repeated { () async throws(RedisError) in
            try await queue.backend.run(Scripts.join, keys: [], arguments: arguments)
        }
        var complete: [String: ChordParts] = [:]
        for case let chord? in (reply.array ?? []).map(\.array) where chord.count == 3 {
            let group = String((chord[0].string ?? "").dropFirst(queue.keys.group("").count))
            complete[group] = ChordParts(parts: (chord[1].array ?? []).compactMap(\.bytes), saved: chord[2].bytes)
        }
        return complete
    }

    /// Tells the backend of the chords and groups that a settlement starts, before their messages are anywhere.
    private func announce(_ settlement: Settlement) async throws {
        var start = CanvasStart()
        start.chords = settlement.chords
        start.groups = settlement.groups
        // Not one call with the next run of the same task: that one has groups of its own.
        let call = DeliveryTag.random().rawValue
        _ = try await repeated { [start] () async throws(RedisError) in try await queue.announce(start, call) }
    }

    private func clearAway(_ bodies: [Settlement.Body], claimedBy id: TaskID) async throws(RedisError) {
        guard !bodies.isEmpty else { return }
        let chords: [RedisArgument] = bodies.flatMap { body -> [RedisArgument] in
            [.init(queue.keys.group(body.group)), body.isError ? "error" : "body"]
        }
        _ = try await repeated { () async throws(RedisError) in
            try await queue.backend.run(Scripts.joined, keys: [], arguments: [.init(id.rawValue)] + chords)
        }
    }
}
