package import CeleryProtocol
package import Foundation
import Logging
package import SkirretRedis

/// A message that a ledger outside Redis vouches for: written there first, and kept until the task is over.
package struct AcceptedMessage: Sendable {
    /// The task's id.
    package let id: TaskID
    /// Where it goes.
    package let queue: QueueName
    /// 0 is served first, 9 last.
    package let priority: Int?
    /// Not before this; nil means now.
    package let due: Date?
    /// The envelope as it goes on the wire.
    package let message: [UInt8]

    /// A message with what it takes to put it where it belongs.
    package init(id: TaskID, queue: QueueName, priority: Int?, due: Date?, message: [UInt8]) {
        self.id = id
        self.queue = queue
        self.priority = priority
        self.due = due
        self.message = message
    }
}

/// Takes down what beat is about to enqueue, before Redis hears of it.
package protocol FiringLedger: Sendable {
    /// Writes one firing down; its id is the same for every beat that fires this schedule for this due time.
    ///
    /// - Returns: False when the task is over already: then it is not to run again.
    func accept(_ message: TaskMessage, queue: QueueName, schedule: String) async throws -> Bool
}

extension TaskQueue {
    /// A call as the message that a ledger keeps; no round trip.
    ///
    /// Its times are reckoned from this machine's clock: the ledger has to take it when Redis is away too.
    package func acceptable(
        _ task: String, args: [JSONValue], kwargs: JSONObject, options: CallOptions
    ) -> AcceptedMessage {
        let target = queue(for: task, options)
        var message = message(
            task, id: options.id ?? .random(), args: args, kwargs: kwargs, queue: target, options)
        let now = Date()
        let delay = options.setTimes(of: &message, now: now)
        return AcceptedMessage(
            id: message.headers.id, queue: target, priority: options.priority,
            due: delay > .zero ? now + delay.seconds : nil, message: message.encoded())
    }

    /// Puts messages where they belong, each once for good, however often this is called with the same ids.
    ///
    /// One round trip for a hundred messages, and one for each queue that is new.
    ///
    /// - Returns: Which ones were put there now.
    /// - Throws: `RedisError` when the broker did not take them; any number of them may be there.
    @discardableResult
    package func push(accepted messages: [AcceptedMessage]) async throws(RedisError) -> Set<TaskID> {
        for queue in Set(messages.map(\.queue)) { try await announce(queue) }
        var fresh: Set<TaskID> = []
        for start in stride(from: 0, to: messages.count, by: 100) {
            let slice = messages[start..<min(start + 100, messages.count)]
            let arguments = slice.flatMap { message -> [RedisArgument] in
                let due = message.due.map { Int(($0.timeIntervalSince1970 * 1000).rounded(.up)) } ?? 0
                return [
                    .init(keys.queue(message.queue, priority: message.priority)), .init(message.id.rawValue),
                    .init(due), .init(message.message),
                ]
            }
            let reply = try await redis.run(
                Scripts.accept, keys: [keys.ledger, keys.scheduled, keys.scheduledMessages, keys.fair],
                arguments: [.init(keys.wake)] + arguments)
            for (message, answer) in zip(slice, reply.array ?? []) {
                if let text = answer.string, Int(text) == nil {
                    logger.warning(
                        "a message has no place in Redis; it stays in the ledger",
                        metadata: ["task_id": "\(message.id)", "queue": "\(message.queue)", "error": "\(text)"])
                } else if answer.int == 1 {
                    fresh.insert(message.id)
                }
            }
        }
        return fresh
    }

    /// Those of these tasks that a ledger put into Redis, and that are still there as far as Redis remembers.
    ///
    /// One round trip for a thousand ids.
    package func pushed(among ids: [TaskID]) async throws(RedisError) -> Set<TaskID> {
        var found: Set<TaskID> = []
        for start in stride(from: 0, to: ids.count, by: 1000) {
            let slice = ids[start..<min(start + 1000, ids.count)]
            let reply = try await redis.send(
                RedisCommand("SMISMEMBER", arguments: [.init(keys.ledger)] + slice.map { .init($0.rawValue) }))
            for (id, isMember) in zip(slice, reply.array ?? []) where isMember.int == 1 { found.insert(id) }
        }
        return found
    }

    /// Puts tasks on the set of those that a ledger put into Redis: they are there, by other means.
    package func remember(accepted ids: [TaskID]) async throws(RedisError) {
        for start in stride(from: 0, to: ids.count, by: 1000) {
            let slice = ids[start..<min(start + 1000, ids.count)]
            _ = try await redis.send(
                RedisCommand("SADD", arguments: [.init(keys.ledger)] + slice.map { .init($0.rawValue) }))
        }
    }

    /// Takes tasks that are over off the set of those that a ledger put into Redis.
    package func forget(accepted ids: [TaskID]) async throws(RedisError) {
        for start in stride(from: 0, to: ids.count, by: 1000) {
            let slice = ids[start..<min(start + 1000, ids.count)]
            _ = try await redis.send(
                RedisCommand("SREM", arguments: [.init(keys.ledger)] + slice.map { .init($0.rawValue) }))
        }
    }

    /// The results of these tasks as they are stored now; nil where there is none, or one that cannot be read.
    ///
    /// One round trip.
    package func peek(_ ids: [TaskID]) async throws(RedisError) -> [TaskResult?] {
        guard !ids.isEmpty else { return [] }
        let reply = try await backend.send(
            RedisCommand("MGET", arguments: ids.map { .init(keys.result($0)) }))
        // try?: one that cannot be read is as good as none to those who ask for many.
        return (reply.array ?? []).map { $0.bytes.flatMap { try? TaskResult(decoding: $0) } }
    }
}

extension TaskQueue {
    /// How far these tasks are, as they said; nil for those that did not.
    ///
    /// One round trip.
    package func progress(of ids: [TaskID]) async throws(RedisError) -> [JSONValue?] {
        guard !ids.isEmpty else { return [] }
        let reply = try await redis.send(RedisCommand("MGET", arguments: ids.map { .init(keys.progress($0)) }))
        // try?: what is no JSON is none of ours.
        return (reply.array ?? []).map { $0.bytes.flatMap { try? JSONValue(parsing: $0) } }
    }
}

extension TaskID {
    /// The id of a schedule's run for one due time, the same whichever beat fires it.
    ///
    /// A version 8 UUID: 122 bits of two FNV-1a hashes.
    init(of schedule: String, due: Date) {
        func hash(_ seed: UInt64) -> UInt64 {
            var hash = seed
            for byte in "\(schedule)@\(due.milliseconds)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
            return hash ^ (hash >> 29)
        }
        let high = hash(0xCBF2_9CE4_8422_2325) & 0xFFFF_FFFF_FFFF_0FFF | 0x8000
        let low = hash(0x8422_2325_CBF2_9CE4) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = [high, low].map { word in
            String(repeating: "0", count: 16 - String(word, radix: 16).count) + String(word, radix: 16)
        }.joined()
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        self.init(rawValue: text)
    }
}
