import CeleryProtocol
import Foundation
import SkirretRedis

/// Writes settlements and gives claims back: the edge that acts on what ``Settling`` decided.
struct Settler: Sendable {
    let queue: TaskQueue
    let options: WorkerOptions

    /// Writes a settlement and acknowledges the message, in one step.
    ///
    /// - Parameters:
    ///   - token: The claim's token; nil when the message was acknowledged early.
    ///   - single: The single-flight name this run held.
    /// - Returns: False when the lease was lost and nothing was written.
    func write(_ settlement: Settlement, of id: TaskID, token: String?, single: String?) async throws(RedisError) -> Bool {
        let keys = queue.keys
        let lifetime = Int(queue.resultLifetime.seconds)
        var arguments: [RedisArgument] = [
            .init(token ?? ""), .init(id.rawValue), .init(keys.wake), settlement.isFinal ? "1" : "0",
            .init(settlement.results.count),
        ]
        for publication in settlement.results {
            arguments += [
                .init(publication.key), .init(publication.result.encoded()), .init(lifetime),
            ]
        }
        arguments.append(.init(settlement.followUps.count))
        for next in settlement.followUps {
            arguments += [.init(next.list), .init(next.id.rawValue), .init(next.due.argument), .init(next.message)]
        }
        arguments += [.init(settlement.finishedChord ?? ""), .init(single.map(keys.single) ?? "")]
        let reply = try await repeated { () async throws(RedisError) in
            try await queue.redis.run(
                Scripts.finish,
                keys: [
                    keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.crashes, keys.scheduled,
                    keys.scheduledMessages, keys.cancelled,
                ], arguments: arguments)
        }
        return reply.int == 1
    }

    /// A message that its worker's death, its host's death or a stop left behind.
    enum Restoration: String, Sendable { case expired, crashed, stopping, refused }

    /// One message that was given up.
    struct DeadLetter: Sendable {
        let task: TaskID
        let list: String
        let message: [UInt8]
    }

    /// Gives claims back to their queues, or up for dead.
    func restore(_ tokens: [String], why: Restoration, detail: String) async throws(RedisError) -> [DeadLetter] {
        guard !tokens.isEmpty else { return [] }
        let keys = queue.keys
        let most = why == .refused ? 0 : options.mostCrashes
        let reply = try await repeated { () async throws(RedisError) in
            try await queue.redis.run(
                Scripts.restore,
                keys: [
                    keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.dead, keys.letters, keys.crashes,
                ],
                arguments: [.init(why.rawValue), .init(most), .init(detail), .init(keys.wake)] + tokens.map { .init($0) })
        }
        return (reply.array ?? []).compactMap { entry in
            guard let fields = entry.array, fields.count == 5, let id = fields[2].string, let list = fields[3].string,
                let message = fields[4].bytes
            else { return nil }
            return DeadLetter(task: TaskID(rawValue: id), list: list, message: message)
        }
    }

    /// Asks whether this claim may run under a single-flight name; gives the id of the run that excludes it.
    func running(under name: String, token: String, id: TaskID) async throws(RedisError) -> TaskID? {
        let reply = try await queue.redis.run(
            Scripts.singleFlight, keys: [queue.keys.single(name), queue.keys.leases],
            arguments: [.init(token), .init(id.rawValue), 86_400])
        return reply.string.flatMap { $0.isEmpty ? nil : TaskID(rawValue: $0) }
    }

    /// Records a chord part; gives all parts when this was the last and the body is ours to publish.
    func recordPart(_ result: TaskResult, group: String, index: Int?, token: String) async throws(RedisError) -> [[UInt8]]? {
        let base = queue.keys.group(group)
        let part: JSONValue = [1, .string(result.taskID.rawValue), .string(result.state.rawValue), result.result]
        let reply = try await queue.redis.run(
            Scripts.chordPart, keys: [".j", ".t", ".s", ".d", "", ".c"].map { base + $0 },
            arguments: [
                .init(index.map(String.init) ?? "+inf"), .init(part.encoded()), .init(result.taskID.rawValue),
                .init(max(1, Int(queue.resultLifetime.seconds))), .init(token), 6,
            ])
        return reply.array?.compactMap(\.bytes)
    }

    /// Repeats what is idempotent until the broker is back: the lease decides whether it still counts.
    private func repeated<Reply>(_ body: () async throws(RedisError) -> Reply) async throws(RedisError) -> Reply {
        var attempts = 0
        while true {
            do {
                return try await body()
            } catch where error.isPassing && attempts < 30 && !Task.isCancelled {
                attempts += 1
            }
        }
    }
}

extension Settlement.FollowUp.Due {
    /// As the finish script reads it.
    var argument: String {
        switch self {
        case .now: "0"
        case .after(let delay): "+\(delay.milliseconds)"
        case .at(let date): String(Int((date.timeIntervalSince1970 * 1000).rounded(.up)))
        }
    }
}

extension RedisError {
    /// The broker is away, slow, starting or full for a while; asking again later may help.
    var isPassing: Bool {
        switch code {
        case .unreachable, .timedOut, .closed, .loading, .readOnly: true
        default: false
        }
    }
}
