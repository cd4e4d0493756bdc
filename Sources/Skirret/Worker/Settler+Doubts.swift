import CeleryProtocol
import Logging
import SkirretRedis

/// Stored results whose states Redis cannot read: bzip2, xz and zstd, which only Python workers write.
///
/// The scripts decide what stays by the state of what is stored, and ask here when they cannot; see `results.lua`.
extension Settler {
    /// A script's answer without its doubts, which are settled first.
    ///
    /// - Parameters:
    ///   - reply: What finish, settle or store answered.
    ///   - redis: Where results are.
    /// - Returns: The answer proper.
    func resolved(_ reply: RedisValue, in redis: RedisClient) async -> RedisValue {
        guard let parts = reply.array, parts.count == 2, let doubts = parts[1].array else { return reply }
        for case let doubt? in doubts.map(\.array) where doubt.count == 4 {
            guard let key = doubt[0].string, let before = doubt[1].bytes, let other = doubt[2].bytes else { continue }
            await resolve(key, before: before, other: other, isWritten: doubt[3].int == 1, in: redis)
        }
        return parts[0]
    }

    private func resolve(
        _ key: String, before: [UInt8], other: [UInt8], isWritten: Bool, in redis: RedisClient
    ) async {
        let isSuccess: Bool
        do { isSuccess = try TaskResult(decoding: before).state == .success } catch {
            // Nobody here can read it: as the script left it.
            queue.logger.warning(
                "a stored result cannot be read", metadata: ["key": "\(key)", "error": "\(error)"])
            return
        }
        guard isSuccess == isWritten else { return }
        let (present, wanted) = isWritten ? (other, before) : (before, other)
        do {
            _ = try await repeated { () async throws(RedisError) in
                try await redis.run(
                    Scripts.replace, keys: [key],
                    arguments: [.init(present), .init(wanted), .init(queue.resultSeconds)])
            }
        } catch {
            queue.logger.warning(
                "a result may not be the one that should stay", metadata: ["key": "\(key)", "error": "\(error)"])
        }
    }
}
