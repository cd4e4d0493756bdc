import Synchronization

/// What a worker takes in at the moment: how many slots it has, and whether it fills them.
///
///     taking ◀── resume ── quiet
///        │ ─── quiet ────▶   │
///        └── stop ──▶ stopping ◀── stop ──┘   for good
///                        └── hurry ──▶ hurried
///
/// Asked by the claim loop before every claim, changed from anywhere: by a signal, by remote control, by an autoscaler.
final class Intake: Sendable {
    /// From open to shut.
    enum Phase: String, Sendable {
        /// Free slots are filled.
        case taking
        /// No more claims; what runs goes on, and so does the worker.
        case quiet
        /// No more claims; the worker ends once what runs has ended, at the latest after the grace.
        case stopping
        /// The grace is over before its time.
        case hurried
    }

    private struct State {
        var concurrency: Int
        var phase = Phase.taking
    }

    private let state: Mutex<State>

    init(concurrency: Int) { state = Mutex(State(concurrency: max(1, concurrency))) }

    var phase: Phase { state.withLock { $0.phase } }
    var concurrency: Int { state.withLock { $0.concurrency } }
    var isStopping: Bool { [.stopping, .hurried].contains(phase) }

    /// Whether free slots are filled.
    var isTaking: Bool { phase == .taking }

    /// At least one slot: a worker without any is a quiet one.
    func resize(_ concurrency: Int) { state.withLock { $0.concurrency = max(1, concurrency) } }

    func quiet() { move(to: .quiet) { $0 == .taking } }
    func resume() { move(to: .taking) { $0 == .quiet } }
    func stop() { move(to: .stopping) { $0 != .hurried } }
    func hurry() { move(to: .hurried) { _ in true } }

    private func move(to next: Phase, when allowed: (Phase) -> Bool) {
        state.withLock { state in
            if allowed(state.phase) { state.phase = next }
        }
    }
}
