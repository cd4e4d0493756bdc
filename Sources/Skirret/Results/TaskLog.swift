public import CeleryProtocol
import Foundation
package import Logging
import SkirretRedis
import Synchronization

/// Keeps the log records of running tasks beside their results, so that one can read later what a task said.
///
/// Records are collected and written a few times a second: a chatty task costs Redis one command, not a thousand.
/// At most ``limit`` records a task are kept, the newest.
package final class TaskLog: Sendable {
    /// How many records of one task are kept.
    package static let limit = 1000
    /// A longer line is cut.
    package static let longestMessage = 8192

    private let pending = Mutex<[(TaskID, JSONObject)]>([])
    private let hasRecords = Doorbell()
    private let queue: TaskQueue

    package init(queue: TaskQueue) { self.queue = queue }

    package func append(task: TaskID, level: Logger.Level, source: String, message: String) {
        let record: JSONObject = [
            "time": .double(Date().timeIntervalSince1970), "level": .string(level.rawValue),
            "source": .string(source), "message": .string(String(message.prefix(Self.longestMessage))),
        ]
        // Bounded: a flood drops its own newest records rather than the worker's memory.
        let isFirst = pending.withLock { pending in
            if pending.count < 10_000 { pending.append((task, record)) }
            return pending.count == 1
        }
        if isFirst { hasRecords.ring() }
    }

    /// Returns once there is something to write.
    ///
    /// For one loop at a time.
    ///
    /// - Throws: `CancellationError`.
    func untilThereAreRecords() async throws { try await hasRecords.wait() }

    /// Writes what has come together.
    package func flush() async throws {
        let records = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        guard !records.isEmpty else { return }
        let lifetime = queue.resultSeconds
        var commands: [RedisCommand] = []
        for (task, lines) in Dictionary(grouping: records, by: \.0) {
            let key = RedisArgument(queue.keys.log(task))
            commands.append(RedisCommand("RPUSH", arguments: [key] + lines.map { .init($0.1.encoded()) }))
            commands.append(RedisCommand("LTRIM", key, .init(-Self.limit), -1))
            if lifetime > 0 { commands.append(RedisCommand("EXPIRE", key, .init(lifetime))) }
        }
        _ = try await queue.redis.pipeline(commands)
    }
}

extension TaskQueue {
    /// The log records of a task, oldest first: JSON `{time, level, source, message}`, `time` in Unix seconds.
    public func log(of id: TaskID) async throws -> [JSONValue] {
        let lines = try await redis.send("LRANGE", .init(keys.log(id)), 0, -1).array ?? []
        return try lines.compactMap(\.bytes).map { try JSONValue(parsing: $0) }
    }

    /// How far a running task is: JSON `{percent, message}`; nil when it did not say.
    public func progress(of id: TaskID) async throws -> JSONValue? {
        try await redis.send("GET", .init(keys.progress(id))).bytes.map { try JSONValue(parsing: $0) }
    }
}

/// A log handler that keeps a task's records with the task and passes them on to the process's log.
struct TaskLogHandler: LogHandler {
    let task: TaskID
    let log: TaskLog
    var next: any LogHandler

    var metadata: Logger.Metadata {
        get { next.metadata }
        set { next.metadata = newValue }
    }
    var logLevel: Logger.Level {
        get { next.logLevel }
        set { next.logLevel = newValue }
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { next[metadataKey: key] }
        set { next[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        log.append(task: task, level: event.level, source: event.source, message: event.message.description)
        next.log(event: event)
    }
}
