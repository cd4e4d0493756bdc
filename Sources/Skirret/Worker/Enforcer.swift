import CeleryProtocol
import Foundation
import Logging
import SkirretRedis
import Synchronization

/// Ends what does not end by itself: bodies past their time limits, and bodies that are deaf to a stop.
///
/// Runs on a thread of its own, as the heartbeat does: a body that keeps every thread of the cooperative pool busy is
/// the very thing it is there for. Asleep until the nearest deadline; without limits and stops it never wakes.
///
/// What it settles it has *seized* first (see ``RunningBody``), so that a body which ends at that very moment is
/// settled once, and every write is fenced by the claim's token besides.
struct Enforcer: Sendable {
    let options: WorkerOptions
    let held: HeldClaims
    let intake: Intake
    let alarm: Alarm
    let settler: Settler
    let executor: Executor
    /// Says good-bye to the fleet, before the process ends.
    let leave: @Sendable () async -> Void
    let logger: Logger

    /// How long a body that was told to stop has to end.
    ///
    /// A second: enough for anything that listens, and a stop ends within the grace and two seconds.
    private static let patience = Duration.seconds(1)

    /// Enforces until the worker's work is done.
    func run() async {
        var stop: Stop?
        while !alarm.isOff {
            let nearest = await enforceLimits()
            if stop == nil, intake.isStopping { stop = Stop(grace: .now + options.grace) }
            await stop?.enforce(self)
            await alarm.wait(until: [nearest, stop?.next].compactMap { $0 }.min())
        }
    }

    // MARK: time limits

    /// Acts on every limit that has passed; gives the nearest one that has not.
    private func enforceLimits() async -> ContinuousClock.Instant? {
        var nearest: ContinuousClock.Instant?
        for claim in held.limited {
            guard var limits = claim.limits else { continue }
            let now = ContinuousClock.now
            if let soft = limits.soft, soft <= now {
                claim.body.stop(.timeLimit)
                limits.soft = nil
            }
            if let hard = limits.hard, hard.at <= now {
                if claim.body.reason == nil {
                    // Nobody told it before: what listens may still end by itself.
                    claim.body.stop(.hardTimeLimit(seconds: hard.seconds))
                    limits.hard?.at = now + Self.patience / 2
                } else {
                    await end(claim, limit: hard.seconds)
                    limits.hard = nil
                }
            }
            claim.limit(to: limits)
            nearest = [nearest, limits.soft, limits.hard?.at].compactMap { $0 }.min()
        }
        return nearest
    }

    /// The hard limit: the failure is stored and the message acknowledged, whatever the body does.
    private func end(_ claim: HeldClaim, limit: Double) async {
        guard claim.body.seize(), let subject = claim.body.subject else { return }
        var metadata = subject.run.metadata
        metadata["limit_seconds"] = "\(limit)"
        logger.error("a task ignored its cancellation beyond its hard time limit", metadata: metadata)
        await within(.seconds(5)) { [executor, logger] in
            do {
                try await executor.settle(.failed(.timeLimitExceeded(limit)), of: subject.run, task: subject.task)
                claim.acknowledge()
            } catch {
                logger.error(
                    "could not store a time limit's failure; the lease brings the task back",
                    metadata: ["error": "\(error)"])
            }
        }
        switch options.onHardTimeLimit {
        case .keepsProcess:
            logger.error("its slot stays occupied until the body ends", metadata: metadata)
        case .endsProcess(let code):
            await endProcess(code, because: "a task of the same process exceeded its hard time limit")
        }
    }

    // MARK: the end of the process

    /// Gives back what is held and ends the process.
    private func endProcess(_ code: Int32, because reason: String) async {
        intake.stop()
        await giveBack(because: reason)
        // Settlements that are under way may get through.
        let end = ContinuousClock.now + .milliseconds(300)
        while held.isSettling, .now < end {
            try? await Doorbell().wait(atMost: .milliseconds(10))  // nobody cancels this task
        }
        await within(.seconds(1), leave)
        logger.critical("the process ends", metadata: ["exit_code": "\(code)", "reason": "\(reason)"])
        // Not `exit`: handlers would run beside a body that does not listen.
        _exit(code)
    }

    /// Seizes every body that still runs and gives its message back, at no cost to the task.
    ///
    /// What was acknowledged early has nothing to go back to: whoever waits for it learns that it is lost.
    fileprivate func giveBack(because reason: String) async {
        let seized = held.byToken.filter { $0.value.body.seize() }
        guard !seized.isEmpty else { return }
        logger.warning(
            "tasks that did not end go back to their queues",
            metadata: ["count": "\(seized.count)", "why": "\(reason)"])
        await within(.milliseconds(700)) { [settler, executor, logger] in
            do {
                _ = try await settler.restore(
                    seized.filter { !$0.value.isAcknowledged }.map(\.key), why: .stopping, detail: reason)
                for subject in seized.values.compactMap(\.body.subject) where subject.run.token == nil {
                    try await executor.settle(.failed(.workerLost(reason)), of: subject.run, task: subject.task)
                }
            } catch {
                logger.error(
                    "could not give tasks back; their leases will", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Runs until it is done or the time is up.
    private func within(_ limit: Duration, _ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            group.addTask { try? await Doorbell().wait(atMost: limit) }  // cancelled when the body was faster
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: a stop

    /// A stop's course: grace, cancellation, giving up.
    private struct Stop {
        private enum Step { case grace, told, givenUp }
        private var step = Step.grace
        /// When something is to be done next; nil when nothing is left to do.
        private(set) var next: ContinuousClock.Instant?

        init(grace end: ContinuousClock.Instant) { next = end }

        mutating func enforce(_ enforcer: Enforcer) async {
            if step == .grace, enforcer.intake.phase == .hurried { next = .now }
            guard let next, next <= .now else { return }
            switch step {
            case .grace:
                enforcer.held.stopAll(.workerStops)
                step = .told
                self.next = .now + Enforcer.patience
            case .told:
                await enforcer.giveBack(because: "the worker stopped")
                for _ in 0..<enforcer.held.giveUpAll() { enforcer.executor.slots.leave() }
                step = .givenUp
                self.next = .now + Enforcer.patience / 2
            case .givenUp:
                self.next = nil
                // The worker has ended by now unless deaf bodies hold every thread that it could end on.
                if case .endsProcess = enforcer.options.onHardTimeLimit {
                    await enforcer.within(.milliseconds(200), enforcer.leave)
                    _exit(0)
                }
            }
        }
    }
}

/// Wakes the enforcer at the nearest deadline, however often that changes.
final class Alarm: Sendable {
    private struct State {
        /// What the enforcer sleeps until; nil while nothing is due.
        var next: ContinuousClock.Instant?
        var isOff = false
    }

    private let state = Mutex(State())
    private let bell = Doorbell()

    var isOff: Bool { state.withLock { $0.isOff } }

    /// Wakes the enforcer when this deadline comes before all others.
    func set(for deadline: ContinuousClock.Instant) {
        let isNearer = state.withLock { state in
            guard state.next.map({ deadline < $0 }) ?? true else { return false }
            state.next = deadline
            return true
        }
        if isNearer { bell.ring() }
    }

    /// Wakes the enforcer now.
    func ring() { bell.ring() }

    /// There is nothing left to enforce.
    func turnOff() {
        state.withLock { $0.isOff = true }
        bell.ring()
    }

    /// Returns at the deadline or when the alarm rings.
    func wait(until deadline: ContinuousClock.Instant?) async {
        state.withLock { $0.next = deadline }
        // A day: nothing is due, so it is a ring that ends the wait. Nobody cancels the enforcer.
        try? await bell.wait(
            atMost: deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) } ?? .seconds(86_400))
    }
}
