public import CeleryProtocol
import Foundation
import SkirretRedis

extension TaskQueue {
    /// Takes what waits in a queue out of it, oldest first, and settles the tasks as revoked.
    ///
    /// What runs, is scheduled, or waits for its turn, a worker or a limit stays; so do followers of what was taken out,
    /// which will not run. Two round trips for a hundred messages.
    ///
    /// - Parameters:
    ///   - queue: The queue.
    ///   - most: Where to stop; call again while there is something left.
    /// - Returns: How many were taken out, and how many wait there now.
    /// - Throws: `RedisError` when the broker did not answer; what was taken out by then is settled.
    public func purge(_ queue: QueueName, atMost most: Int) async throws -> (purged: Int, left: Int) {
        var purged = 0
        for list in keys.lists.keys(queue) {
            while purged < most {
                let count = min(100, most - purged)
                let lines = try await redis.send("LRANGE", .init(list), .init(-count), -1).array ?? []
                let messages = lines.compactMap(\.bytes)
                guard !messages.isEmpty else { break }
                purged += try await purge(messages, from: list)
            }
        }
        let lengths = try await redis.pipeline(keys.lists.keys(queue).map { RedisCommand("LLEN", .init($0)) })
        return (purged, lengths.reduce(0) { $0 + ($1.int ?? 0) })
    }

    private func purge(_ messages: [[UInt8]], from list: String) async throws -> Int {
        let now = Date()
        let arguments = messages.flatMap { bytes -> [RedisArgument] in
            // try?: what cannot be read has nobody who waits for it.
            guard let id = (try? TaskMessage(decoding: bytes))?.headers.id else { return [.init(bytes), "", ""] }
            let result = TaskResult.revoked(id, reason: "its queue was purged", at: now)
            return [.init(bytes), hasOwnBackend ? "" : .init(keys.result(id)), .init(result.encoded())]
        }
        if hasOwnBackend {
            // Results live elsewhere: a durable fact tells whoever still comes across one of them.
            let ids = messages.compactMap { (try? TaskMessage(decoding: $0))?.headers.id }
            try await remember(revoked: ids)
        }
        return try await redis.run(
            Scripts.purge, keys: [list], arguments: [.init(resultSeconds)] + arguments
        ).int ?? 0
    }
}
