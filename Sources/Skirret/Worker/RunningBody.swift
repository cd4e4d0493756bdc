import CeleryProtocol
import Synchronization

/// The body of one claimed message: it can be told to stop, and given up when it does not listen.
///
///     waiting ── run ──▶ running ── body ends ──▶ ended
///        │                  └── seize ──▶ seized   somebody else settles the message now
///        └── stop, seize ──▶ never begins
///
/// Telling it to stop changes no state: the first reason is remembered, the body's task is cancelled, and what the
/// body makes of that is its own affair.
final class RunningBody: Sendable {
    /// How the wait for a body ended.
    enum Ending: Sendable {
        case ended(Result<JSONValue, any Error>)
        /// The message is settled by whoever seized it; the body may still run.
        case seized
    }

    private struct State {
        var reason: StopReason?
        var subject: (run: Run, task: RegisteredTask)?
        var body: Task<Void, Never>?
        var waiter: CheckedContinuation<Void, Never>?
        var result: Result<JSONValue, any Error>?
        var isSeized = false
    }

    private let state = Mutex(State())

    /// Why the body was told to stop first; nil when nobody told it.
    var reason: StopReason? { state.withLock { $0.reason } }

    var isSeized: Bool { state.withLock { $0.isSeized } }

    /// What runs; nil before it begins.
    var subject: (run: Run, task: RegisteredTask)? { state.withLock { $0.subject } }

    /// Runs the body and returns when it has ended, or when it is given up.
    func run(_ run: Run, _ task: RegisteredTask, _ context: TaskContext) async -> Ending {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let begins = state.withLock { state in
                    guard state.reason == nil, !state.isSeized else { return false }
                    state.subject = (run, task)
                    state.waiter = waiter
                    return true
                }
                guard begins else { return waiter.resume() }
                // A task of its own on purpose: a body that ignores its cancellation must not keep the worker from
                // ending, and only what is no child can be left behind.
                let body = Task { [self] in
                    do {
                        end(.success(try await task.body(context, run.message.body.args, run.message.body.kwargs)))
                    } catch {
                        end(.failure(error))
                    }
                }
                let isStopped = state.withLock { state in
                    state.body = body
                    return state.reason != nil
                }
                if isStopped { body.cancel() }
            }
        } onCancel: {
            stop(.workerStops)
        }
        return state.withLock { state in
            if state.isSeized { return .seized }
            // Stopped before it began.
            return .ended(state.result ?? .failure(CancellationError()))
        }
    }

    /// Tells the body to stop; the first reason counts.
    func stop(_ reason: StopReason) {
        let body = state.withLock { state in
            if state.reason == nil { state.reason = reason }
            return state.body
        }
        body?.cancel()
    }

    /// Takes the settlement of the message over from whoever waits for the body.
    ///
    /// - Returns: False when the body has ended or somebody else was faster.
    func seize() -> Bool {
        state.withLock { state in
            guard state.result == nil, !state.isSeized else { return false }
            state.isSeized = true
            return true
        }
    }

    /// Ends the wait for a seized body although it still runs.
    func giveUp() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    private func end(_ result: Result<JSONValue, any Error>) {
        state.withLock { $0.result = result }
        giveUp()
    }
}
