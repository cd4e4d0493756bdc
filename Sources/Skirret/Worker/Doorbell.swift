import Dispatch
import Synchronization

/// Wakes one loop.
///
/// Rings that come while it is busy count as one.
final class Doorbell: Sendable {
    private struct State {
        var hasRung = false
        /// The one who waits.
        var waiter: UnsafeContinuation<Void, Never>?
        /// Until when it waits; nil means for any time.
        var deadline: ContinuousClock.Instant?
        /// When somebody will next look whether that has passed, and who.
        var alarm: (at: ContinuousClock.Instant, task: Task<Void, Never>?)?

        /// Takes the one who waits.
        mutating func release() -> UnsafeContinuation<Void, Never>? {
            defer {
                waiter = nil
                deadline = nil
            }
            return waiter
        }

        /// When another alarm is needed for the present deadline; nil while an earlier one is set.
        mutating func nextAlarm() -> ContinuousClock.Instant? {
            guard let deadline, alarm.map({ deadline < $0.at }) ?? true else { return nil }
            alarm?.task?.cancel()
            alarm = (deadline, nil)
            return deadline
        }
    }

    private let state = Mutex(State())

    func ring() {
        let waiter = state.withLock { state in
            state.hasRung = state.waiter == nil
            return state.release()
        }
        waiter?.resume()
    }

    /// Forgets a ring that nobody has heard yet.
    func silence() { state.withLock { $0.hasRung = false } }

    /// Returns at the next ring, or when `longest` has passed; nil means never.
    ///
    /// For one loop at a time. Waits that a ring ends share one timer, so a busy loop pays for none.
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled.
    func wait(atMost longest: Duration? = nil) async throws {
        try Task.checkCancellation()
        let deadline = longest.map { ContinuousClock.now + $0 }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { waiter in
                let (rangAlready, alarm) = state.withLock { state -> (Bool, ContinuousClock.Instant?) in
                    if state.hasRung || Task.isCancelled {
                        state.hasRung = false
                        return (true, nil)
                    }
                    state.waiter = waiter
                    state.deadline = deadline
                    return (false, state.nextAlarm())
                }
                if rangAlready { return waiter.resume() }
                if let alarm { setAlarm(alarm) }
            }
        } onCancel: {
            state.withLock { $0.release() }?.resume()
        }
        try Task.checkCancellation()
    }

    /// As ``wait(atMost:)``, for loops on a thread of their own.
    ///
    /// A task that sleeps is woken by a job on the cooperative pool, whatever executor it prefers, so that bodies which
    /// hold every thread of the pool would keep it asleep. This one is woken by a timer of Dispatch.
    func waitAside(atMost longest: Duration) async throws {
        let timer = DispatchSource.makeTimerSource(queue: Self.timers)
        timer.schedule(deadline: .now() + longest.seconds)
        timer.setEventHandler { [self] in ring() }
        timer.activate()
        defer { timer.cancel() }
        try await wait()
    }

    private static let timers = DispatchQueue(label: "skirret.timers", qos: .userInteractive)

    private func setAlarm(_ time: ContinuousClock.Instant) {
        // A task of its own on purpose: it outlives the wait that set it, for those that follow to share.
        let task = Task { [weak self] in
            do { try await ContinuousClock().sleep(until: time) } catch { return }  // an earlier one took its place
            self?.look(at: time)
        }
        state.withLock { if $0.alarm?.at == time { $0.alarm?.task = task } }
    }

    deinit { state.withLock { $0.alarm?.task?.cancel() } }

    /// Ends the wait if its time is up, else looks again when it is.
    private func look(at time: ContinuousClock.Instant) {
        let (waiter, alarm) = state.withLock { state -> (UnsafeContinuation<Void, Never>?, ContinuousClock.Instant?) in
            if state.alarm?.at == time { state.alarm = nil }
            if let deadline = state.deadline, deadline <= .now { return (state.release(), nil) }
            return (nil, state.nextAlarm())
        }
        waiter?.resume()
        if let alarm { setAlarm(alarm) }
    }
}
