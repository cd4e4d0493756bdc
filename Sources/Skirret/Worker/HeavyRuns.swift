import CeleryProtocol
import Synchronization

/// The runs that need more than one of the worker's slots; see ``TaskOptions/slots``.
///
/// First come, first served: while the first in line gathers its slots, no other slot that comes free is filled, so that
/// a stream of light tasks never starves a heavy one. Those in line count as no load. What needs more slots than there
/// are runs alone.
///
/// Holds no connection and no slot: it counts, the worker acts.
final class HeavyRuns: Sendable {
    private struct Waiter {
        let task: TaskID
        let cost: Int
        let number: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        /// First in line at the front.
        var line: [Waiter] = []
        /// Slots that runs use beside the one that each run has.
        var extra = 0
        var number = 0
        /// The worker stops: nobody waits any more.
        var isOver = false
    }

    private let state = Mutex(State())

    /// How many slots are left for runners, counting each heavy run as one of them.
    func concurrency(of slots: Int) -> Int {
        state.withLock { state in max(1, slots - state.extra - ((state.line.first?.cost ?? 1) - 1)) }
    }

    /// What waits for its slots: task id and how many it needs.
    var waiting: JSONObject {
        state.withLock { state in
            var waiting = JSONObject()
            for waiter in state.line { waiting[waiter.task.rawValue] = .int(waiter.cost) }
            return waiting
        }
    }

    /// Waits for the slots that a run needs beside its own.
    ///
    /// - Parameters:
    ///   - cost: All that it needs, at least two.
    ///   - task: Whose run it is.
    ///   - running: How many runners there are, those in line among them; and how many slots.
    /// - Returns: False when the calling task was cancelled meanwhile, or the worker stops; else ``leave(_:running:)`` must follow.
    func enter(_ cost: Int, of task: TaskID, running: @Sendable () -> (runners: Int, slots: Int)) async -> Bool {
        let number = state.withLock { state in
            state.number += 1
            return state.number
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.line.append(Waiter(task: task, cost: cost, number: number, continuation: continuation))
                }
                if Task.isCancelled || state.withLock({ $0.isOver }) { drop(number) }
                look(running())
            }
        } onCancel: {
            drop(number)
        }
    }

    /// Sends away all who wait: the worker stops, and what has not begun goes back.
    func dismiss() {
        let line = state.withLock { state in
            defer { state.line = [] }
            state.isOver = true
            return state.line
        }
        for waiter in line { waiter.continuation.resume(returning: false) }
    }

    private func drop(_ number: Int) {
        let dropped = state.withLock { state in
            state.line.firstIndex { $0.number == number }.map { state.line.remove(at: $0) }
        }
        dropped?.continuation.resume(returning: false)
    }

    /// A heavy run has ended.
    func leave(_ cost: Int, running: (runners: Int, slots: Int)) {
        state.withLock { $0.extra -= cost - 1 }
        look(running)
    }

    /// Lets those in line begin for whom there is room now; called whenever a runner ended or slots were added.
    func look(_ running: (runners: Int, slots: Int)) {
        let begin = state.withLock { state in
            var begin: [CheckedContinuation<Bool, Never>] = []
            while let first = state.line.first {
                // Slots in use by others: runners that are not in line, and what heavy ones need beside.
                let others = running.runners - state.line.count + state.extra
                guard others <= 0 || others + first.cost <= running.slots else { break }
                state.line.removeFirst()
                state.extra += first.cost - 1
                begin.append(first.continuation)
            }
            return begin
        }
        for continuation in begin { continuation.resume(returning: true) }
    }
}
