public import CeleryProtocol
import Foundation
import SkirretRedis

extension TaskQueue {
    /// Makes it a durable fact that tasks shall not run.
    ///
    /// Remembered for a day by all workers of ours, across restarts; Celery's workers hear of it too and remember it
    /// for three hours. Not more than 50,000 tasks are remembered.
    ///
    /// - Parameters:
    ///   - ids: The tasks.
    ///   - terminate: Stops bodies that run already, too.
    /// - Throws: `RedisError` when the broker did not take it within two seconds.
    public func revoke(_ ids: [TaskID], terminate: Bool = false) async throws {
        guard !ids.isEmpty else { return }
        try await remember(revoked: ids, terminate: terminate)
        let list = JSONValue.array(ids.map { JSONValue($0) })
        try await broadcast("revoke", ["task_id": list, "terminate": .bool(terminate), "signal": "SIGTERM"])
    }

    /// A day: a task that was revoked while no worker lived is still revoked the next morning.
    private static let revocationLifetime = 86_400_000
    /// As many as a worker of Celery's remembers.
    private static let mostRevoked = 50_000
    /// How many go into one call of a script, so that Redis is never held for long.
    private static let slice = 500

    /// Remembers revocations, and settles what nobody has begun.
    ///
    /// - Parameters:
    ///   - ids: The tasks.
    ///   - terminate: Stops bodies that run already, at their workers' next heartbeat at the latest.
    ///   - isHearsay: Another worker remembers them: nothing is stored, and none is remembered for longer.
    /// - Throws: `RedisError` when the broker did not take all of them; those before the fault are remembered.
    func remember(revoked ids: [TaskID], terminate: Bool = false, isHearsay: Bool = false) async throws(RedisError) {
        let now = Date()
        let ids = Array(ids.suffix(Self.mostRevoked))
        for start in stride(from: 0, to: ids.count, by: Self.slice) {
            let tasks = ids[start..<min(start + Self.slice, ids.count)].flatMap { id -> [RedisArgument] in
                let result = isHearsay ? [] : payload(TaskResult.revoked(id, at: now).encoded())
                return [.init(id.rawValue), hasOwnBackend ? "" : .init(keys.result(id)), .init(result)]
            }
            let reply = try await redis.run(
                Scripts.revoke, keys: [keys.revoked, keys.cancelled, keys.scheduled, keys.waiting],
                arguments: [
                    terminate ? "1" : "0", .init(Self.revocationLifetime), .init(Self.mostRevoked),
                    .init(resultSeconds), .init(keys.wake), .init(keys.owners),
                ] + tasks)
            try await note(revoked: reply.array?.last?.array?.compactMap(\.string) ?? [], at: now)
        }
    }

    /// Tells those who wait for tasks that nobody has begun, where results live elsewhere than messages.
    ///
    /// A backend that is away does not keep the tasks from being revoked: whoever claims them tells it then.
    private func note(revoked ids: [String], at now: Date) async throws(RedisError) {
        guard hasOwnBackend, !ids.isEmpty else { return }
        let results = ids.map { TaskResult.revoked(TaskID(rawValue: $0), at: now) }
        try await note(results.map { (keys.result($0.taskID), $0.encoded()) })
    }

    /// Stores what is known of tasks that nobody has begun, in a backend of its own.
    ///
    /// - Throws: `RedisError` when the backend did not take it.
    func note(_ results: [(key: String, json: [UInt8])]) async throws(RedisError) {
        _ = try await backend.run(
            Scripts.note, keys: results.map(\.key),
            arguments: [.init(resultSeconds)] + results.map { .init(payload($0.json)) })
    }

    /// The ids of revoked tasks, the newest ones where there are more, oldest first.
    func revokedIDs(most: Int) async throws(RedisError) -> [TaskID] {
        let ids = try await redis.send("ZREVRANGE", .init(keys.revoked), 0, .init(most - 1)).array ?? []
        return ids.reversed().compactMap { $0.string.map(TaskID.init(rawValue:)) }
    }

    // MARK: stamps

    func remember(revokedStamps stamps: Stamps) async throws(RedisError) {
        guard !stamps.members.isEmpty else { return }
        _ = try await redis.run(
            Scripts.revokeStamps, keys: [keys.revokedStamps],
            arguments: [.init(Self.revocationLifetime), .init(Self.mostRevoked)]
                + stamps.members.map { .init($0.text) })
    }

    /// Whether a message carries a stamp that was revoked.
    ///
    /// One round trip for messages that have stamps, none for others.
    func isRevokedByStamp(_ headers: TaskHeaders, at now: Date) async throws(RedisError) -> Bool {
        let stamps = Stamps(of: headers).members
        guard !stamps.isEmpty else { return false }
        let scores = try await redis.send(
            RedisCommand("ZMSCORE", arguments: [.init(keys.revokedStamps)] + stamps.map { .init($0.text) }))
        let oldest = now.timeIntervalSince1970 * 1000 - Double(Self.revocationLifetime)
        return (scores.array ?? []).contains { ($0.string.flatMap(Double.init) ?? 0) >= oldest }
    }
}
