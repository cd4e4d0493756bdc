import CeleryProtocol
import Dispatch
import Logging
import SkirretRedis

/// Renews the leases of everything this worker holds, and brings cancellations back.
///
/// Runs on a thread of its own, and sleeps on a timer of its own: tasks that keep every thread of the cooperative pool
/// busy must not look like a dead worker.
struct Heartbeat: Sendable {
    let queue: TaskQueue
    let options: WorkerOptions
    let held: HeldClaims
    let events: EventPublisher
    let describe: @Sendable () -> JSONValue
    /// Tells Redis all else that it has to know of this worker: it is new there, or Redis was emptied.
    let introduce: @Sendable () async throws(RedisError) -> Void
    let logger: Logger

    /// Beats until cancelled.
    ///
    /// A beat that fails is tried again soon: three fit into one lease.
    func run() async throws {
        var isKnown = true
        while true {
            do {
                if try await beat() { isKnown = false }
                if !isKnown { try await introduce() }
                isKnown = true
                try await Doorbell().wait(atMost: options.heartbeat)
            } catch let error as RedisError {
                if Task.isCancelled { throw CancellationError() }
                logger.log(level: error.quietLevel, "a heartbeat did not get through", metadata: ["error": "\(error)"])
                try await Doorbell().wait(atMost: .milliseconds(250))
            }
        }
    }

    /// One beat.
    ///
    /// One round trip.
    ///
    /// - Returns: Whether Redis knew nothing of this worker.
    /// - Throws: `RedisError` when the broker did not answer.
    @discardableResult
    func beat() async throws(RedisError) -> Bool {
        let keys = queue.keys
        let leases = held.leases
        let event = events.heartbeatEvent
        let reply = try await queue.redis.run(
            Scripts.heartbeat,
            keys: [
                keys.leases, keys.unackedIndex, keys.workers, keys.workerDescriptions, keys.cancelled, keys.unacked,
            ],
            arguments: [
                .init(options.lease.milliseconds), .init(options.name), .init(describe().text),
                .init(event?.channel ?? ""), .init(event?.payload ?? []),
            ]
                + leases.flatMap { [.init($0.token), .init($0.task?.rawValue ?? "")] })
        guard let parts = reply.array, parts.count == 3 else { return false }
        for token in parts[0].array?.compactMap(\.string) ?? [] { held.loseLease(of: token) }
        for id in parts[1].array?.compactMap(\.string) ?? [] { held.stop(task: TaskID(rawValue: id), .terminated) }
        return parts[2].int == 1
    }

    /// Takes this worker off the list of those alive.
    func leave() async throws(RedisError) {
        _ = try await queue.redis.pipeline([
            RedisCommand("ZREM", .init(queue.keys.workers), .init(options.name)),
            RedisCommand("HDEL", .init(queue.keys.workerDescriptions), .init(options.name)),
            RedisCommand("HDEL", .init(queue.keys.workerTasks), .init(options.name)),
        ])
    }
}

/// Runs the jobs of one loop on a thread of their own, one after the other.
final class OwnThread: TaskExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label, qos: .userInteractive) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
