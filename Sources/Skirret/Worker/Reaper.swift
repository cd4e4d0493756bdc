import CeleryProtocol
import Logging
import SkirretRedis

/// Finds the claims of workers that died and gives them back.
///
/// Any live worker does it for all.
struct Reaper: Sendable {
    let queue: TaskQueue
    let options: WorkerOptions
    let settler: Settler
    let executor: Executor
    /// Wakes the promoter, should a message about a scheduled one have been lost.
    let promoteBell: Doorbell
    let room: WaitingRoom
    let dealer: Dealer
    let logger: Logger

    /// Sweeps until cancelled: now and then, and when a lease ends that nobody renewed.
    func run() async throws {
        while true {
            var pause = options.sweep
            do {
                pause = try await sweep()
            } catch {
                if Task.isCancelled { throw CancellationError() }
                // Whatever one message did to it, the next sweep is for all the others.
                logger.debug("a sweep did not get through", metadata: ["error": "\(error)"])
            }
            try await ContinuousClock().sleep(for: pause)
        }
    }

    private func sweep() async throws -> Duration {
        let keys = queue.keys
        let reply = try await queue.redis.run(
            Scripts.sweep,
            keys: [
                keys.leases, keys.swept, keys.workers, keys.workerDescriptions, keys.cancelled, keys.stalled, keys.lost,
                keys.scheduled, keys.waitingNames, keys.waitingLimits, keys.workerTasks, keys.fair,
                keys.vouchedWorkers, keys.owners, keys.repairs, keys.untold,
            ],
            arguments: [.init(options.lease.milliseconds), 100, 86_400_000])
        let parts = reply.array ?? []
        guard parts.count == 6, let leaseEnds = parts[1].int, let due = parts[2].int else { return options.sweep }
        if let repaired = parts[4].int, repaired > 0 {
            logger.error("claims had no lease and were given one; please report it", metadata: ["count": "\(repaired)"])
        }
        // A wake-up that got lost costs no more than one sweep.
        if let waits = parts[3].int, waits > 0 {
            room.look()
            dealer.look()
        }
        if due >= 0, Duration.milliseconds(due) < options.sweep { promoteBell.ring() }
        // A moment later than the end: it may be renewed at the last instant.
        let pause = leaseEnds < 0 ? options.sweep : min(options.sweep, .milliseconds(leaseEnds + 20))
        if let untold = parts[5].int, untold > 0 { try await executor.tellOfOldLetters() }
        let expired = parts[0].array?.compactMap(\.string) ?? []
        guard !expired.isEmpty else { return pause }
        logger.warning("claims of dead workers go back to their queues", metadata: ["count": "\(expired.count)"])
        let reason = "its worker died \(options.mostCrashes) times while it ran"
        for letter in try await settler.restore(expired, why: .expired, detail: reason) {
            try await executor.tell(letter)
        }
        return pause
    }
}
