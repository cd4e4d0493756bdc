import CeleryProtocol
import Foundation
public import Logging
import SkirretRedis

/// Enqueues what is due.
///
///     let beat = Beat(queue, schedules: [
///         ScheduledTask("heartbeat", .interval(.seconds(30)), ScheduledCall(task: "samples.beat")),
///         ScheduledTask("report", .crontab(try CrontabSchedule(line: "30 2 * * *", timeZone: "Europe/Berlin")),
///                       ScheduledCall(try report.s(7))),
///     ])
///     try await beat.run()
///
/// Any number may run; one leads. The leader holds a lease of six seconds and a term that grows with every change of
/// leader; a firing is refused to an older term, and a fire key makes a second firing for the same due time impossible
/// whoever leads. All times are Redis's.
public final class Beat: Sendable {
    private let queue: TaskQueue
    private let store: any ScheduleStore
    private let ledger: (any FiringLedger)?
    private let name: String
    private let logger: Logger
    /// How long a change of the schedules may go unseen, should nobody have told of it.
    private static let pulse = Duration.milliseconds(750)
    /// No schedule fires more often than this, however short its interval.
    private static let shortestPause = Duration.milliseconds(10)

    /// Prepares a beat over the schedules of a store.
    ///
    /// - Parameters:
    ///   - queue: The broker.
    ///   - store: Where the schedules live.
    ///   - name: Tells this beat from others.
    ///   - logger: Where it tells what it does.
    public convenience init(
        _ queue: TaskQueue, store: any ScheduleStore, name: String = Beat.processName,
        logger: Logger = Logger(label: "skirret.beat")
    ) {
        self.init(queue, store: store, ledger: nil, name: name, logger: logger)
    }

    /// Prepares a beat that writes each firing into a ledger before Redis hears of it.
    package init(
        _ queue: TaskQueue, store: any ScheduleStore, ledger: (any FiringLedger)?, name: String, logger: Logger
    ) {
        self.queue = queue
        self.store = store
        self.ledger = ledger
        self.name = name
        self.logger = logger
    }

    /// Prepares a beat over schedules that the program declares.
    ///
    /// - Parameters:
    ///   - queue: The broker.
    ///   - schedules: What is due when. Every process that beats in this scope declares the same.
    ///   - scope: Tells these schedules from those of another program on the same broker.
    ///   - name: Tells this beat from others.
    ///   - logger: Where it tells what it does.
    public convenience init(
        _ queue: TaskQueue, schedules: [ScheduledTask], scope: String = "declared", name: String = Beat.processName,
        logger: Logger = Logger(label: "skirret.beat")
    ) {
        self.init(queue, store: DeclaredSchedules(schedules, scope: scope), name: name, logger: logger)
    }

    /// `beat-<pid>@<host>`, with a few letters that differ even for two beats of one process.
    public static var processName: String {
        let process = ProcessInfo.processInfo
        return "beat-\(process.processIdentifier)-\(UUID().uuidString.prefix(4).lowercased())@\(process.hostName)"
    }

    /// Beats until cancelled, then steps down so that another one leads at once.
    public func run() async throws {
        let bell = Doorbell()
        let recorder = RunRecorder(store: store, logger: logger)
        let lead = LeaderElection(queue: queue, keys: queue.keys.beat(store.scope), name: name, logger: logger)
        var leadership = Leadership()
        logger.info("beat is ready", metadata: ["beat": "\(name)", "scope": "\(store.scope)"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in await listen(bell) }
            group.addTask { await recorder.run() }
            defer { group.cancelAll() }
            leadership = await beat(lead, bell, recorder)
        }
        await finish(lead, leadership, recorder)
    }

    /// The loop; returns when cancelled.
    private func beat(_ lead: LeaderElection, _ bell: Doorbell, _ recorder: RunRecorder) async -> Leadership {
        let keys = queue.keys.beat(store.scope)
        let reader = AgendaReader(queue: queue, store: store, keys: keys)
        let firer = Firer(
            queue: queue, keys: keys, recorder: recorder, ledger: ledger, logger: logger)
        var leadership = Leadership()
        var agenda = Agenda()
        while !Task.isCancelled {
            var pause = Self.pulse
            do {
                let term = leadership.term
                try await lead.campaign(&leadership)
                // Another beat may have led in between: what this one knew of the schedules is old.
                if leadership.term != term { agenda = Agenda() }
                if leadership.term != nil {
                    try await reader.refresh(&agenda, now: leadership.now)
                    try await firer.look(&agenda, &leadership)
                    if let next = agenda.nextLook {
                        pause = min(pause, max(Self.shortestPause, .seconds(next.timeIntervalSince(leadership.now))))
                    }
                }
            } catch {
                if Task.isCancelled { break }
                logger.log(
                    level: (error as? RedisError)?.quietLevel ?? .warning, "a beat was missed; trying again",
                    metadata: ["error": "\(error)"])
            }
            do { try await bell.wait(atMost: pause) } catch { break }  // cancelled
        }
        return leadership
    }

    /// Rings when schedules change and when a leader leaves.
    private func listen(_ bell: Doorbell) async {
        while !Task.isCancelled {
            do {
                try await queue.subscriber.withSubscription(channels: [queue.keys.beatBell]) { messages in
                    for try await _ in messages { bell.ring() }
                }
            } catch {
                // The pulse does the same, a little later.
                if !Task.isCancelled { logger.debug("no bell for beat", metadata: ["error": "\(error)"]) }
                do { try await ContinuousClock().sleep(for: .seconds(1)) } catch { return }
            }
        }
    }

    private func finish(_ lead: LeaderElection, _ leadership: Leadership, _ recorder: RunRecorder) async {
        // A task of its own, as this one is cancelled and a cancelled task sends nothing more. Only a courtesy:
        // without it the next beat takes over when the lease runs out.
        await Task {
            await lead.stepDown(leadership)
            await recorder.finish(within: .seconds(2))
        }.value
    }
}
