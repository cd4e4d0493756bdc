import CeleryProtocol
import Foundation
import Logging
import SkirretRedis

/// Fires what is owed, for the leader.
struct Firer: Sendable {
    let queue: TaskQueue
    let keys: BeatKeys
    let recorder: RunRecorder
    var ledger: (any FiringLedger)?
    let logger: Logger
    /// A ledger that is locked or full must not make schedules late.
    private static let ledgerPatience = Duration.seconds(2)

    /// Looks at every schedule whose time has come.
    ///
    /// Ends early when another beat leads by now. When it throws, what it had not settled stays open.
    func look(_ agenda: inout Agenda, _ leadership: inout Leadership) async throws {
        guard let term = leadership.term else { return }
        let now = leadership.now
        let look = ScheduledTask.Look(now: now, last: leadership.looked ?? now)
        for index in agenda.entries.indices where agenda.entries[index].nextLook.map({ $0 <= now }) ?? false {
            guard try await settle(&agenda.entries[index], look, term: term) else {
                logger.warning("another beat took the lead meanwhile", metadata: ["term": "\(term)"])
                leadership.term = nil
                return
            }
            agenda.entries[index].plan(now: now)
        }
        leadership.looked = now
    }

    /// False when another beat leads by now.
    private func settle(_ entry: inout Agenda.Entry, _ look: ScheduledTask.Look, term: Int) async throws -> Bool {
        if let end = entry.task.end, end <= look.now {
            entry.isOver = true
            recorder.add(ScheduleRun(name: entry.task.name, lastRun: .distantPast, count: 0, isOver: true))
            return true
        }
        for due in entry.task.owed(at: look, settled: entry.settled, since: entry.since) {
            guard try await fire(due, of: &entry, now: look.now, term: term) else { return false }
            entry.settled = due
            if entry.isOver { break }
        }
        return true
    }

    /// False when another beat leads by now.
    private func fire(_ due: Date, of entry: inout Agenda.Entry, now: Date, term: Int) async throws -> Bool {
        let task = entry.task
        let call = task.call
        let target = call.queue ?? queue.defaultQueue
        let ledger = task.isRecorded ? ledger : nil
        let message = call.message(
            of: task.name, due: due, now: now, queue: queue.defaultQueue,
            id: ledger == nil ? nil : TaskID(of: task.name, due: due))
        var isPassedOver = try await overlaps(entry, now: now)
        if !isPassedOver, let ledger {
            isPassedOver = try await !accept(message, in: ledger, queue: target, schedule: task.name)
        }
        try await queue.announce(target)
        let reply = try await queue.redis.run(
            Scripts.fire,
            keys: [
                keys.fired(task.name, due: due.milliseconds), keys.term, keys.runs,
                queue.keys.queue(target, priority: call.priority), queue.keys.binding(target.rawValue),
                queue.keys.permanentBinding(target.rawValue), queue.keys.ledger, queue.keys.fair,
            ],
            arguments: [
                .init(term), .init(task.name), .init(due.milliseconds), .init(remembered(task, due: due)),
                .init(message.headers.id.rawValue), isPassedOver ? "" : .init(message.encoded()),
                .init(QueueBinding(queue: target).member()), .init(queue.keys.wake), ledger == nil ? "" : "1",
            ])
        guard let outcome = reply.int, outcome >= 0 else { return false }
        if outcome == 2 { await queue.announceAnew([target]) }
        if outcome == 0 {
            // Fired by a leader before, or by us when the answer was lost: what Redis remembers counts.
            entry.run = LastRun(try await queue.redis.send("HGET", .init(keys.runs), .init(task.name)).string)
            entry.isOver = task.isOneOff
        } else if !isPassedOver {
            entry.run = LastRun(due: due, at: now, count: (entry.run?.count ?? 0) + 1, task: message.headers.id)
            entry.isOver = task.isOneOff
            recorder.add(ScheduleRun(name: task.name, lastRun: now, count: 1, isOver: entry.isOver))
        }
        logger.info(
            isPassedOver
                ? "a schedule was passed over, as its last run goes on or this one is over" : "a schedule fired",
            metadata: [
                "schedule": "\(task.name)", "task_name": "\(call.task)", "task_id": "\(message.headers.id)",
                "due": "\(WireDate.text(due))",
            ])
        return true
    }

    /// Writes a firing down; false when it has run already, before Redis forgot it.
    ///
    /// A schedule fires without it, too: what is owed to people by then is the run, and Redis has it.
    private func accept(
        _ message: TaskMessage, in ledger: any FiringLedger, queue target: QueueName, schedule: String
    ) async throws -> Bool {
        let late = ResultTimeout(id: message.headers.id, timeout: Self.ledgerPatience)
        do {
            return try await withTimeout(Self.ledgerPatience, else: late) {
                try await ledger.accept(message, queue: target, schedule: schedule)
            }
        } catch {
            try Task.checkCancellation()
            let why = error is ResultTimeout ? "no answer within \(Self.ledgerPatience)" : "\(error)"
            logger.error(
                "a firing is not in the ledger; it is enqueued all the same",
                metadata: ["schedule": "\(schedule)", "task_id": "\(message.headers.id)", "error": "\(why)"])
            return true
        }
    }

    /// Whether this run must not start because of the last one; a last one that must not go on is revoked here.
    private func overlaps(_ entry: Agenda.Entry, now: Date) async throws -> Bool {
        guard entry.task.overlap != .allow, let run = entry.run, let id = run.task else { return false }
        guard try await !hasEnded(id, firedAt: run.at, now: now) else { return false }
        if entry.task.overlap == .skip { return true }
        logger.notice(
            "a run is cancelled, as the next one is due",
            metadata: ["schedule": "\(entry.task.name)", "task_id": "\(id)"])
        try await queue.revoke([id], terminate: true)
        return false
    }

    private func hasEnded(_ id: TaskID, firedAt: Date, now: Date) async throws -> Bool {
        if let bytes = try await queue.backend.send("GET", .init(queue.keys.result(id))).bytes {
            return try TaskResult(decoding: bytes).isFinal
        }
        // A result that is older than results are kept has gone.
        let kept = queue.resultLifetime > .zero ? queue.resultLifetime : .seconds(86_400)
        return now.timeIntervalSince(firedAt) >= kept.seconds
    }

    /// Seconds for which a fire key is kept: a thousand firings, within a minute and a week.
    ///
    /// The hash of runs remembers for ever how far each schedule has come. The key is for the case that the hash is
    /// right and a beat is not, and must not cost a schedule of every second half a million keys.
    private func remembered(_ task: ScheduledTask, due: Date) -> Int {
        let next = task.schedule.next(after: due, anchor: due) ?? .distantFuture
        return Int(min(max(next.timeIntervalSince(due) * 1000, 60), 7 * 86_400))
    }
}
