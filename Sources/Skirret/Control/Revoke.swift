public import CeleryProtocol
import Foundation
import SkirretRedis

extension TaskQueue {
    /// Makes it a durable fact that tasks shall not run.
    ///
    /// Remembered for three hours, as by Celery's workers, but by all of them and across restarts.
    ///
    /// - Parameters:
    ///   - ids: The tasks.
    ///   - terminate: Stops bodies that run already, too.
    /// - Throws: `RedisError` when the broker did not take it within two seconds.
    public func revoke(_ ids: [TaskID], terminate: Bool = false) async throws {
        guard !ids.isEmpty else { return }
        let now = Date()
        _ = try await redis.run(
            Scripts.revoke, keys: [keys.revoked, keys.cancelled, keys.scheduled, keys.scheduledMessages],
            arguments: [terminate ? "1" : "0", 10_800_000, .init(resultSeconds)]
                + ids.flatMap { id in
                    [
                        .init(id.rawValue), .init(keys.result(id)),
                        .init(TaskResult.revoked(id, at: now).encoded()),
                    ]
                })
    }
}
