import CeleryProtocol
import Foundation
import SkirretRedis

/// How a worker's process ended, as whoever watched it knows.
package enum WorkerEnd: Sendable {
    /// It died: every task it held counts one more death, and is dead after too many.
    case crashed(reason: String)
    /// It ended in order, or somebody ended it: what it held goes back at no cost.
    case left(reason: String)
}

extension TaskQueue {
    /// Says that the processes of these nodes live: for one lease from now on no sweep takes a message from them.
    ///
    /// For those who watch the processes, again and again within a lease. A process that gets no time on a busy machine,
    /// or is stuck in reading its memory back, is no dead one, and cannot say so itself.
    ///
    /// - Parameters:
    ///   - nodes: The names under which they work.
    ///   - lease: As long as the workers' own.
    /// - Returns: Those of them that have not been heard for a lease, or not yet.
    /// - Throws: `RedisError` when the broker did not answer.
    package func vouch(for nodes: [String], lease: Duration = WorkerOptions.usualLease) async throws -> [String] {
        let silent = try await redis.run(
            Scripts.vouch, keys: [keys.vouchedWorkers, keys.workers],
            arguments: [.init(lease.milliseconds)] + nodes.map { .init($0) })
        return silent.array?.compactMap(\.string) ?? []
    }

    /// Gives all claims of one node back and takes it off the list of workers.
    ///
    /// For those who saw its process end: nobody needs to wait for the leases then. What the process had sent before its
    /// death was read by Redis before anything that is sent here, so no claim of it can come later.
    ///
    /// O(claims of the whole fleet), in slices; for the end of a process, not for hot paths. May be repeated.
    ///
    /// - Parameters:
    ///   - node: The name under which the process worked. No other process may have it at the time.
    ///   - end: Whether that counts against the tasks, and the reason that dead letters keep.
    ///   - mostCrashes: After so many deaths a message is dead.
    /// - Returns: How many messages went back, and how many of them to the dead letters.
    /// - Throws: `RedisError` when the broker did not answer; the leases bring back what is left.
    package func giveBack(claimsOf node: String, after end: WorkerEnd, mostCrashes: Int = 3) async throws -> (
        count: Int, dead: Int
    ) {
        let tokens = try await tokens(of: node)
        var options = WorkerOptions(name: node)
        options.mostCrashes = mostCrashes
        let held = HeldClaims()
        let settler = Settler(queue: self, options: options, isStopping: { false })
        let events = EventPublisher(queue: self, options: options, held: held)
        let registry = TaskRegistry([])
        let room = WaitingRoom(
            queue: self, registry: registry, options: options, consumed: ConsumedQueues([]), settler: settler,
            claimBell: Doorbell(), logger: logger)
        let executor = Executor(
            queue: self, registry: registry, options: options, settings: TaskSettings(), held: held,
            alarm: Alarm(), settler: settler, settlements: Settlements(settler: settler), slots: Slots(),
            heavy: HeavyRuns(), intake: Intake(concurrency: 1), room: room, events: events,
            services: BodyServices(
                worker: node, logger: logger, log: TaskLog(queue: self), queue: self, settler: settler),
            logger: logger)
        let (why, reason): (Settler.Restoration, String) =
            switch end {
            case .crashed(let reason): (.crashed, reason)
            case .left(let reason): (.stopping, reason)
            }
        var dead = 0
        // In slices of which none but an only one has a single token: who is alone in one died alone.
        let size = tokens.count % 100 == 1 ? 99 : 100
        for start in stride(from: 0, to: tokens.count, by: size) {
            let slice = Array(tokens[start..<min(start + size, tokens.count)])
            for letter in try await settler.restore(slice, why: why, detail: reason) {
                dead += 1
                try await executor.tell(letter)
            }
        }
        _ = try await redis.pipeline([
            RedisCommand("ZREM", .init(keys.workers), .init(node)),
            RedisCommand("HDEL", .init(keys.workerDescriptions), .init(node)),
            RedisCommand("HDEL", .init(keys.workerTasks), .init(node)),
            RedisCommand("ZREM", .init(keys.vouchedWorkers), .init(node)),
        ])
        try await events.leave()
        return (tokens.count, dead)
    }

    private func tokens(of node: String) async throws -> [String] {
        var found: Set<String> = []
        var cursor = "0"
        repeat {
            let reply = try await redis.send("HSCAN", .init(keys.owners), .init(cursor), "COUNT", 500)
            guard let parts = reply.array, parts.count == 2, let entries = parts[1].array else { break }
            cursor = parts[0].string ?? "0"
            for index in stride(from: 0, to: entries.count - 1, by: 2) {
                guard let token = entries[index].string, let json = entries[index + 1].bytes else { continue }
                // Owners are written by our own script; one that cannot be read is left to its lease.
                if let owner = try? JSONValue(parsing: json), owner["worker"]?.string == node { found.insert(token) }
            }
        } while cursor != "0"
        return found.sorted()
    }
}
