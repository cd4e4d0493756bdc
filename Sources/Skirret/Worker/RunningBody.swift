import CeleryProtocol
import Synchronization

/// The body of one claimed message: it can be told to stop, and given up when it does not listen.
///
///     waiting ── run ──▶ running ── body ends ──▶ ended
///        │                  └── seize ──▶ seized   somebody else settles the message now
///        └── stop, seize ──▶ never begins
///
/// Telling it to stop changes no state: the first reason is remembered, the body's task is cancelled, and what the
/// body makes of that is its own affair. The task is the runner's, which stays cancelled and ends with this body.
final class RunningBody: Sendable {
    /// How the wait for a body ended.
    enum Ending: Sendable {
        case ended(Result<JSONValue, any Error>)
        /// The message is settled by whoever seized it.
        case seized
    }

    /// The task that runs the body.
    ///
    /// `@unchecked Sendable`: only `cancel()` is called from elsewhere, which `UnsafeCurrentTask` allows, and only under the
    /// lock. It outlives the closure that gave it, but not the task: the task takes it back before it goes on.
    private struct Runner: @unchecked Sendable {
        let task: UnsafeCurrentTask
    }

    private struct State {
        var reason: StopReason?
        var subject: (run: Run, task: RegisteredTask)?
        var runner: Runner?
        var hasEnded = false
        var isSeized = false
        var isGivenUp = false
    }

    private let state = Mutex(State())

    /// Why the body was told to stop first; nil when nobody told it.
    var reason: StopReason? { state.withLock { $0.reason } }

    var isSeized: Bool { state.withLock { $0.isSeized } }

    /// Nobody waits for it any more, and its slot is free already.
    var isGivenUp: Bool { state.withLock { $0.isGivenUp } }

    /// What runs; nil before it begins.
    var subject: (run: Run, task: RegisteredTask)? { state.withLock { $0.subject } }

    /// Runs the body on this very task and returns when it has ended.
    ///
    /// A task that is a stop's or a seizure's victim before it began does not run.
    func run(_ run: Run, _ task: RegisteredTask, _ context: TaskContext) async -> Ending {
        let begins = withUnsafeCurrentTask { current in
            state.withLock { state in
                guard state.reason == nil, !state.isSeized else { return false }
                state.subject = (run, task)
                state.runner = current.map(Runner.init)
                return true
            }
        }
        var result: Result<JSONValue, any Error> = .failure(CancellationError())
        if begins {
            do {
                result = .success(try await task.run(run.message.body, context, as: run.running))
            } catch {
                result = .failure(error)
            }
        }
        return state.withLock { state in
            state.runner = nil
            if state.isSeized { return .seized }
            state.hasEnded = true
            return .ended(result)
        }
    }

    /// Tells the body to stop; the first reason counts.
    func stop(_ reason: StopReason) {
        state.withLock { state in
            if state.reason == nil { state.reason = reason }
            state.runner?.task.cancel()
        }
    }

    /// Takes the settlement of the message over from whoever waits for the body.
    ///
    /// - Returns: False when the body has ended or somebody else was faster.
    func seize() -> Bool {
        state.withLock { state in
            guard !state.hasEnded, !state.isSeized else { return false }
            state.isSeized = true
            return true
        }
    }

    /// Ends the wait for a seized body although it still runs.
    ///
    /// - Returns: Whether that freed its slot.
    func giveUp() -> Bool {
        state.withLock { state in
            guard state.isSeized, state.runner != nil, !state.isGivenUp else { return false }
            state.isGivenUp = true
            return true
        }
    }
}
