public import CeleryProtocol
import Foundation
public import Skirret
import SkirretRedis

/// What is in a broker at one moment, for the message of a failing test.
public struct QueueSnapshot: Sendable, CustomStringConvertible {
    /// One message that waits.
    public struct Message: Sendable, CustomStringConvertible {
        /// The task's name; empty when the message cannot be read.
        public let name: String
        /// The task's id.
        public let id: String
        /// Positional arguments as JSON.
        public let args: String

        /// `samples.add(2,3) 0b1c…`.
        public var description: String {
            name.isEmpty ? "(unreadable)" : "\(name)(\(args.dropFirst().dropLast())) \(id)"
        }
    }

    /// The messages of each queue that has any, next in line first; at most 50 each.
    public let queues: [(name: String, length: Int, messages: [Message])]
    /// Messages whose time has not come, the one due first first; at most 50.
    public let scheduled: [Message]
    /// Messages that workers hold.
    public let running: Int
    /// Dead letters, newest first; at most 50.
    public let dead: [DeadLetter]

    /// Everything, one thing a line.
    public var description: String {
        var lines: [String] = []
        for queue in queues {
            lines.append("queue \(queue.name): \(queue.length) waiting")
            lines += queue.messages.map { "  \($0)" }
        }
        if queues.isEmpty { lines.append("no queue has a message") }
        lines.append("scheduled: \(scheduled.count)")
        lines += scheduled.map { "  \($0)" }
        lines.append("running: \(running)")
        lines.append("dead letters: \(dead.count)")
        lines += dead.map { "  \($0.name) from \($0.queue): \($0.reason)" }
        return lines.joined(separator: "\n")
    }

    /// Whether a task of this name waits in a queue, or in this one.
    public func isQueued(_ task: String, in queue: QueueName? = nil) -> Bool {
        queues.contains { entry in
            (queue == nil || queue?.rawValue == entry.name) && entry.messages.contains { $0.name == task }
        }
    }
}

extension TaskQueue {
    /// What waits, is scheduled, runs and is dead right now.
    ///
    /// Some ten round trips; for tests, not for a dashboard.
    public func snapshot() async throws -> QueueSnapshot {
        let overview = try await overview()
        var queues: [(name: String, length: Int, messages: [QueueSnapshot.Message])] = []
        // The default queue is shown also when only Python ever sent to it.
        let names = Set(overview.queues.map(\.name)).union([defaultQueue.rawValue]).sorted()
        for name in names {
            var messages: [QueueSnapshot.Message] = []
            var length = 0
            for key in keys.lists.keys(QueueName(rawValue: name)) {
                length += try await redis.send("LLEN", .init(key)).int ?? 0
                let raw = try await redis.send("LRANGE", .init(key), -50, -1).array ?? []
                messages += raw.reversed().compactMap(\.bytes).map(QueueSnapshot.Message.init(reading:))
            }
            if length > 0 { queues.append((name, length, messages)) }
        }
        let due = try await redis.send("ZRANGE", .init(keys.scheduled), 0, 49).array?.compactMap(\.string) ?? []
        var scheduled: [QueueSnapshot.Message] = []
        for id in due {
            let held = try await redis.send("HGET", .init(keys.scheduledMessages), .init(id)).bytes ?? []
            let line = held.firstIndex(of: UInt8(ascii: "\n")).map { held.index(after: $0) } ?? held.startIndex
            scheduled.append(.init(reading: Array(held[line...])))
        }
        return QueueSnapshot(
            queues: queues, scheduled: scheduled, running: overview.running, dead: try await deadLetters(limit: 50))
    }
}

extension QueueSnapshot.Message {
    fileprivate init(reading bytes: [UInt8]) {
        // What cannot be read is shown as that: a snapshot is for looking, not for judging.
        let message = try? TaskMessage(decoding: bytes)
        name = message?.headers.task ?? ""
        id = message?.headers.id.rawValue ?? ""
        args = message.map { JSONValue.array($0.body.args).text } ?? "[]"
    }
}
