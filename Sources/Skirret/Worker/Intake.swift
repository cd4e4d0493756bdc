import Synchronization

/// What a worker takes in at the moment: how many slots it has, and whether it fills them.
///
///     taking ◀── resume ── quiet
///        │ ─── quiet ────▶   │
///        ├── retire ─────────┴──▶ retiring ──┐
///        └── stop ───────────┴──────────────▶┴ stopping ── hurry ──▶ hurried
///
/// Asked by the claim loop before every claim, changed from anywhere: by a signal, by remote control, by an autoscaler.
final class Intake: Sendable {
    /// From open to shut.
    enum Phase: String, Sendable, Comparable, CaseIterable {
        /// Free slots are filled.
        case taking
        /// No more claims; what runs goes on, and so does the worker.
        case quiet
        /// No more claims; the worker ends once what runs has ended, however long that takes.
        case retiring
        /// No more claims; the worker ends once what runs has ended, at the latest after the grace.
        case stopping
        /// The grace is over before its time.
        case hurried

        static func < (one: Phase, other: Phase) -> Bool { one.rank < other.rank }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    private struct State {
        var concurrency: Int
        var phase = Phase.taking
        /// How many more messages may be claimed in this worker's life; nil means any number.
        var budget: Int?
    }

    private let state: Mutex<State>

    init(concurrency: Int, budget: Int? = nil) {
        state = Mutex(State(concurrency: max(1, concurrency), budget: budget))
    }

    var phase: Phase { state.withLock { $0.phase } }
    var concurrency: Int { state.withLock { $0.concurrency } }
    /// No more claims, ever.
    var isLeaving: Bool { phase >= .retiring }
    /// The grace has begun.
    var isStopping: Bool { phase >= .stopping }

    /// How many more messages may be claimed, whatever slots are free.
    var allowance: Int { state.withLock { $0.phase == .taking ? $0.budget ?? .max : 0 } }

    /// Takes claims off the budget; a negative number puts back what was claimed and did not run.
    func spend(_ claims: Int) {
        state.withLock { state in state.budget = state.budget.map { max(0, $0 - claims) } }
    }

    /// Nothing is left of the budget.
    var isSpent: Bool { state.withLock { $0.budget == 0 } }

    /// At least one slot: a worker without any is a quiet one.
    func resize(_ concurrency: Int) { state.withLock { $0.concurrency = max(1, concurrency) } }

    func quiet() { move(to: .quiet) { $0 == .taking } }
    func resume() { move(to: .taking) { $0 == .quiet } }
    func retire() { move(to: .retiring) { $0 < .retiring } }
    func stop() { move(to: .stopping) { $0 < .stopping } }
    func hurry() { move(to: .hurried) { _ in true } }

    private func move(to next: Phase, when allowed: (Phase) -> Bool) {
        state.withLock { state in
            if allowed(state.phase) { state.phase = next }
        }
    }
}
