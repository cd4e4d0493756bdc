import Dispatch
import Synchronization

/// Wakes one loop.
///
/// Rings that come while it is busy count as one.
///
/// Its time is kept by Dispatch: a task that sleeps is woken by a job on the cooperative pool, whatever executor it
/// prefers, so that bodies which hold every thread of the pool would keep it asleep.
package final class Doorbell: Sendable {
    private struct State {
        var hasRung = false
        /// The one who waits.
        var waiter: UnsafeContinuation<Void, Never>?
        /// Until when it waits; nil means for any time.
        var deadline: ContinuousClock.Instant?
        /// When the timer will next look whether that has passed.
        var alarm: ContinuousClock.Instant?
        var timer: (any DispatchSourceTimer)?

        /// Takes the one who waits.
        mutating func release() -> UnsafeContinuation<Void, Never>? {
            defer {
                waiter = nil
                deadline = nil
            }
            return waiter
        }
    }

    private let state = Mutex(State())

    /// A bell that nobody has rung.
    package init() {}

    /// Wakes the loop, or keeps it from its next sleep.
    package func ring() {
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
    package func wait(atMost longest: Duration? = nil) async throws {
        try Task.checkCancellation()
        let deadline = longest.map { ContinuousClock.now + $0 }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { waiter in
                let rangAlready = state.withLock { state in
                    if state.hasRung || Task.isCancelled {
                        state.hasRung = false
                        return true
                    }
                    state.waiter = waiter
                    state.deadline = deadline
                    setAlarm(&state)
                    return false
                }
                if rangAlready { waiter.resume() }
            }
        } onCancel: {
            state.withLock { $0.release() }?.resume()
        }
        try Task.checkCancellation()
    }

    private static let timers = DispatchQueue(label: "skirret.timers", qos: .userInteractive)

    /// Has the timer look at the present deadline, unless it looks earlier anyway.
    private func setAlarm(_ state: inout State) {
        guard let deadline = state.deadline, state.alarm.map({ deadline < $0 }) ?? true else { return }
        state.alarm = deadline
        let timer = state.timer ?? makeTimer()
        state.timer = timer
        timer.schedule(deadline: .now() + ContinuousClock.now.duration(to: deadline).seconds)
    }

    private func makeTimer() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: Self.timers)
        timer.setEventHandler { [weak self] in self?.look() }
        timer.activate()
        return timer
    }

    deinit { state.withLock { $0.timer?.cancel() } }

    /// Ends the wait if its time is up, else looks again when it is.
    private func look() {
        let waiter = state.withLock { state in
            state.alarm = nil
            guard let deadline = state.deadline, deadline <= .now else {
                setAlarm(&state)
                return nil as UnsafeContinuation<Void, Never>?
            }
            return state.release()
        }
        waiter?.resume()
    }
}
