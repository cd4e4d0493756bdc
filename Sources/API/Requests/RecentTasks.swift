import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis

/// The tasks that requests started lately, newest first.
struct RecentTasks: Sendable {
    static let length = 200

    let redis: RedisClient

    /// Adds one.
    ///
    /// One round trip.
    func note(_ id: TaskID, _ name: String, about subject: String) async throws(RedisError) {
        let entry: JSONValue = [
            "task_id": JSONValue(id), "name": .string(name), "about": .string(subject),
            "started_at": .double(Date().timeIntervalSince1970),
        ]
        _ = try await redis.pipeline([
            RedisCommand("LPUSH", RedisArgument(Keys.recentTasks), RedisArgument(entry.encoded())),
            RedisCommand("LTRIM", RedisArgument(Keys.recentTasks), 0, RedisArgument(Self.length - 1)),
        ])
    }

    /// Newest first.
    ///
    /// One round trip.
    func all() async throws(RedisError) -> [JSONObject] {
        let lines = try await redis.send("LRANGE", RedisArgument(Keys.recentTasks), 0, -1).array ?? []
        // try?: a line that is none of ours is no task.
        return lines.compactMap(\.bytes).compactMap { (try? JSONValue(parsing: $0))?.object }
    }
}
