public import CeleryProtocol
import Foundation
import Logging
public import Skirret
import SkirretRedis

/// A drain that did not come to an end.
public struct DrainTimeout: Error, Sendable, CustomStringConvertible {
    /// How long it was waited for.
    public let limit: Duration
    /// What was there at the end.
    public let snapshot: QueueSnapshot

    /// What happened, and what is there.
    public var description: String {
        "the queue was not quiet within \(limit). A task that enqueues itself never is; else give it longer.\n\(snapshot)"
    }
}

extension TaskQueue {
    /// Runs everything that waits, and everything that this enqueues in turn, until nothing is left.
    ///
    ///     try await signUp.delay("ann@example.org", on: queue)
    ///     try await queue.drain([signUp.registered, sendMail.registered])
    ///     try await queue.expectNothingQueued()
    ///
    /// A real worker on a real Redis does it, with real retries, chains and chords. Messages of a later time are left
    /// alone unless they are due soon.
    ///
    /// - Parameters:
    ///   - tasks: What may run; a message of any other task is settled as a worker settles it.
    ///   - queues: Which queues are drained; the default queue unless said otherwise.
    ///   - dueWithin: How far ahead of now scheduled messages are waited for, retries among them.
    ///   - limit: How long all of it may take.
    /// - Throws: ``DrainTimeout``, whose description shows what is left, or `RedisError`.
    public func drain(
        _ tasks: [RegisteredTask], queues: [QueueName]? = nil, dueWithin: Duration = .seconds(1),
        limit: Duration = .seconds(10)
    ) async throws {
        let names = queues ?? [defaultQueue]
        let id = UUID().uuidString.prefix(8).lowercased()
        var options = WorkerOptions(name: "drain-\(id)@localhost", queues: names, concurrency: 8)
        options.grace = .zero
        let worker = Worker(
            self, registry: TaskRegistry(tasks), options: options,
            logger: Logger(label: "drain") { _ in SwiftLogNoOpLogHandler() })
        async let working: Void = worker.run()
        let outcome = await Result<Void, any Error>.of { try await untilQuiet(names, dueWithin, limit) }
        worker.stop()
        try await working
        try outcome.get()
    }

    /// A worker tells nobody when it finds nothing, so Redis is asked.
    private func untilQuiet(_ names: [QueueName], _ horizon: Duration, _ limit: Duration) async throws {
        let end = ContinuousClock.now + limit
        while try await !isQuiet(names, horizon) {
            guard .now < end else { throw DrainTimeout(limit: limit, snapshot: try await snapshot()) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// All counts are of one moment: a message on its way from one place to the next is in one of them.
    private func isQuiet(_ names: [QueueName], _ horizon: Duration) async throws -> Bool {
        let now = try await redis.send("TIME").array?.first?.string.flatMap { Int($0) } ?? 0
        let due = now * 1000 + 1000 + horizon.milliseconds
        let lists = names.flatMap { keys.lists.keys($0) }
        let counts = try await redis.transaction(
            lists.map { RedisCommand("LLEN", .init($0)) } + [
                RedisCommand("ZCARD", .init(keys.leases)),
                RedisCommand("ZCOUNT", .init(keys.scheduled), "-inf", .init(due)),
            ])
        return counts.allSatisfy { $0.int == 0 }
    }
}

extension Result where Failure == any Error {
    fileprivate static func of(_ body: () async throws -> Success) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
