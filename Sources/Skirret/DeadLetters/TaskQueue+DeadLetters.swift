import CeleryProtocol
import SkirretRedis

extension TaskQueue {
    /// The dead letters, newest first.
    ///
    /// Two round trips for a thousand letters.
    ///
    /// - Parameters:
    ///   - limit: How many at the most.
    ///   - filter: Which ones.
    /// - Returns: Those that match.
    /// - Throws: `RedisError` when the broker did not answer within two seconds.
    public func deadLetters(limit: Int, where filter: DeadLetterFilter = .init()) async throws -> [DeadLetter] {
        var found: [DeadLetter] = []
        var offset = 0
        while found.count < limit {
            let page = try await deadLetters(from: offset, count: min(1000, max(limit, 100)))
            found += page.letters.filter(filter.matches)
            if page.isLast { break }
            offset += page.count
        }
        return Array(found.prefix(limit))
    }

    /// One dead letter; nil when there is none of this id.
    ///
    /// - Throws: `RedisError` when the broker did not answer within two seconds.
    public func deadLetter(_ id: String) async throws -> DeadLetter? {
        let found = try await redis.pipeline([
            RedisCommand("ZSCORE", .init(keys.dead), .init(id)), RedisCommand("HGET", .init(keys.letters), .init(id)),
        ])
        guard let at = found[0].string.flatMap(Double.init), let stored = found[1].bytes else { return nil }
        return DeadLetter(id: id, milliseconds: at, stored: stored)
    }

    /// Sends dead letters again, each once, whoever else tries the same.
    ///
    /// They are next in line, as they have waited long enough, and their crashes are forgotten. What has another
    /// worker's death behind it may well end here again: mend the cause first.
    ///
    /// - Parameters:
    ///   - letters: Which ones.
    ///   - edit: What is to be different.
    ///   - spacing: How long after the one before it each is sent; the waiting is Redis's, and survives this process.
    /// - Returns: How many were sent; others were gone already.
    /// - Throws: `WireError` when a letter that is to be edited cannot be read, `RedisError` when the broker did not
    ///   answer within two seconds.
    @discardableResult
    public func replay(
        _ letters: [DeadLetter], changing edit: DeadLetterEdit = .init(), spacing: Duration = .zero
    ) async throws -> Int {
        var sent = 0, wait = Duration.zero
        // In slices, so that Redis is never held for long.
        for slice in stride(from: 0, to: letters.count, by: 100).map({ letters[$0..<min($0 + 100, letters.count)] }) {
            let arguments = try slice.flatMap { letter -> [RedisArgument] in
                let message = edit.isEmpty ? letter.message : try edit.applied(to: letter.message)
                let list = edit.queue.map { keys.queue($0) } ?? letter.queue
                defer { wait += spacing }
                return [.init(letter.id), .init(list), .init(wait.milliseconds), .init(message)]
            }
            let reply = try await redis.run(
                Scripts.replay,
                keys: [
                    keys.dead, keys.letters, keys.untold, keys.untoldLetters, keys.scheduled, keys.scheduledMessages,
                ],
                arguments: [.init(keys.wake)] + arguments)
            sent += reply.int ?? 0
        }
        return sent
    }

    /// Removes dead letters for good.
    ///
    /// - Returns: How many there were.
    /// - Throws: `RedisError` when the broker did not answer within two seconds.
    @discardableResult
    public func discard(deadLetters ids: [String]) async throws -> Int {
        guard !ids.isEmpty else { return 0 }
        let removed = try await redis.transaction([
            RedisCommand("ZREM", arguments: [.init(keys.dead)] + ids.map { .init($0) }),
            RedisCommand("HDEL", arguments: [.init(keys.letters)] + ids.map { .init($0) }),
        ])
        return removed.first?.int ?? 0
    }

    private func deadLetters(
        from offset: Int, count: Int
    ) async throws -> (letters: [DeadLetter], count: Int, isLast: Bool) {
        let reply = try await redis.send(
            "ZREVRANGE", .init(keys.dead), .init(offset), .init(offset + count - 1), "WITHSCORES")
        let parts = reply.array ?? []
        let ids = stride(from: 0, to: parts.count - 1, by: 2).compactMap { index in
            parts[index].string.map { ($0, Double(parts[index + 1].string ?? "") ?? 0) }
        }
        guard !ids.isEmpty else { return ([], 0, true) }
        let bodies = try await redis.send(
            RedisCommand("HMGET", arguments: [.init(keys.letters)] + ids.map { .init($0.0) }))
        let letters = zip(ids, bodies.array ?? []).compactMap { id, body in
            body.bytes.flatMap { DeadLetter(id: id.0, milliseconds: id.1, stored: $0) }
        }
        return (letters, ids.count, ids.count < count)
    }
}
