import Dispatch
import Synchronization

/// Wakes one loop.
///
/// Rings that come while it is busy count as one.
final class Doorbell: Sendable {
    private struct State {
        var hasRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            state.hasRung = state.waiter == nil
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns at the next ring, or when `longest` has passed.
    ///
    /// For one loop at a time.
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled.
    func wait(atMost longest: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.ringing() }
            group.addTask { try await ContinuousClock().sleep(for: longest) }
            defer { group.cancelAll() }
            try await group.next()
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
        await ringing()
        try Task.checkCancellation()
    }

    private static let timers = DispatchQueue(label: "skirret.timers", qos: .userInteractive)

    private func ringing() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let rangAlready = state.withLock { state in
                    if state.hasRung || Task.isCancelled {
                        state.hasRung = false
                        return true
                    }
                    state.waiter = waiter
                    return false
                }
                if rangAlready { waiter.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}
