import CeleryProtocol
import Foundation
public import Logging
import SkirretRedis

/// Enqueues what is due.
///
/// Any number may run; one leads.
///
/// The leader holds a lease of six seconds and a term that grows with every change of leader; a firing is refused
/// to an older term, and a fire key makes a second firing for the same due time impossible whoever leads.
public final class Beat: Sendable {
    private let queue: TaskQueue
    private let store: any ScheduleStore
    private let name: String
    private let logger: Logger
    private static let lease = Duration.seconds(6)
    /// How often schedules are looked at: a change is seen, and a due time met, within so long.
    private static let pulse = Duration.milliseconds(500)
    /// Longer than any beat is likely to sleep and believe that it leads.
    private static let remembersFirings = 7 * 86_400

    /// Prepares a beat.
    ///
    /// - Parameters:
    ///   - queue: The broker.
    ///   - store: Where the schedules live.
    ///   - name: Tells this beat from others.
    ///   - logger: Where it tells what it does.
    public init(_ queue: TaskQueue, store: any ScheduleStore, name: String, logger: Logger) {
        self.queue = queue
        self.store = store
        self.name = name
        self.logger = logger
    }

    /// Beats until cancelled, then steps down so that another one leads at once.
    public func run() async throws {
        var leadership = Leadership()
        var entries = Entries()
        logger.info("beat is ready", metadata: ["beat": "\(name)"])
        while !Task.isCancelled {
            do {
                try await lead(&leadership)
                if let term = leadership.term {
                    try await refresh(&entries)
                    try await fireDue(&entries, term: term, now: leadership.now)
                }
                try await ContinuousClock().sleep(for: Self.pulse)
            } catch is CancellationError {
                break
            } catch {
                if Task.isCancelled { break }
                logger.warning("a beat was missed; trying again", metadata: ["error": "\(error)"])
                try? await ContinuousClock().sleep(for: Self.pulse)  // cancellation ends the loop above
            }
        }
        await stepDown(leadership)
    }

    private struct Leadership {
        var term: Int?
        var renewAt = ContinuousClock.now
        /// What Redis's clock said, and when: this machine's may be wrong, or step.
        var time = (Date(), at: ContinuousClock.now)

        var now: Date { time.0 + time.at.duration(to: .now).seconds }
    }

    private struct Entries {
        var mark: String?
        var tasks: [ScheduledTask] = []
    }

    private func lead(_ leadership: inout Leadership) async throws(RedisError) {
        guard .now >= leadership.renewAt else { return }
        let reply = try await queue.redis.run(
            Scripts.lead, keys: [queue.keys.leader, queue.keys.term],
            arguments: [.init(name), .init(Self.lease.milliseconds), .init(leadership.term.map(String.init) ?? "")])
        guard let parts = reply.array, parts.count == 2, let now = parts[1].int else { return }
        let term = parts[0].int.flatMap { $0 > 0 ? $0 : nil }
        if term != leadership.term {
            logger.info(term == nil ? "another beat leads" : "this beat leads", metadata: ["beat": "\(name)"])
        }
        leadership = Leadership(
            term: term, renewAt: .now + Self.lease / 3, time: (Date(timeIntervalSince1970: Double(now) / 1000), .now))
    }

    private func refresh(_ entries: inout Entries) async throws {
        let mark = try await store.changeMark()
        guard mark != entries.mark else { return }
        entries = Entries(mark: mark, tasks: try await store.schedules())
    }

    private func fireDue(_ entries: inout Entries, term: Int, now: Date) async throws {
        for index in entries.tasks.indices {
            let entry = entries.tasks[index]
            guard let due = entry.due(at: now) else { continue }
            guard try await fire(entry, due: due, term: term) else { return }
            entries.tasks[index].lastRun = now
            try await store.recordRun(of: entry.name, at: now)
        }
    }

    /// False when another beat leads by now.
    private func fire(_ entry: ScheduledTask, due: Date, term: Int) async throws -> Bool {
        let call = entry.call
        let target = call.queue ?? queue.defaultQueue
        var message = TaskMessage(task: call.task, args: call.args, kwargs: call.kwargs, queue: target)
        message.headers.origin = TaskQueue.origin
        message.headers.fields["celery_beat_task"] = true
        message.properties.priority = call.priority ?? 0
        if let expiry = call.expiresAfter { message.headers.expires = due + expiry.seconds }
        let milliseconds = Int((due.timeIntervalSince1970 * 1000).rounded())
        let keys = queue.keys
        let reply = try await queue.redis.run(
            Scripts.fire,
            keys: [
                keys.fired(entry.name, due: milliseconds), keys.term, keys.queue(target, priority: call.priority),
                keys.binding(target.rawValue), keys.permanentBinding(target.rawValue),
            ],
            arguments: [
                .init(term), .init(message.encoded()), .init(QueueBinding(queue: target).member()), .init(keys.wake),
                .init(Self.remembersFirings),
            ])
        if reply.int == 1 {
            logger.info(
                "a schedule fired",
                metadata: [
                    "schedule": "\(entry.name)", "task_name": "\(call.task)", "task_id": "\(message.headers.id)",
                ])
        }
        return reply.int != -1
    }

    private func stepDown(_ leadership: Leadership) async {
        guard leadership.term != nil else { return }
        // A task of its own, as this one is cancelled and a cancelled task sends nothing more. Only a courtesy:
        // without it the next beat takes over when the lease runs out.
        await Task { [queue, name] in
            _ = try? await queue.redis.run(Scripts.stepDown, keys: [queue.keys.leader], arguments: [.init(name)])
        }.value
    }
}
