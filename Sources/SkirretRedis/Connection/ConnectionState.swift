/// The life of one link to Redis, over as many connections as it takes.
///
///     idle ── demand ──▶ connecting ── connected ──▶ greeting ── greeted ──▶ ready
///      ▲                     │                          │                   │    │ retire
///      │                     └────────── failed ────────┘                   │    ▼
///      │                                   ▼                                │  retiring (sends nothing more)
///      └── rested, nobody waits ──── resting ◀───────────── lost ───────────┴────┘
///                                       └── rested, somebody waits ──▶ connecting
///
/// Any phase ends in `closed`. Holds no clock, no channel, no caller: it decides, the link acts.
struct ConnectionState {
    enum Phase: Equatable {
        case idle, connecting, greeting, ready, retiring, resting, closed
    }

    enum Step: Equatable {
        case nothing
        case connect
        /// Wait, longer with each attempt in a row, then call `rested`.
        case rest(attempt: Int)
    }

    private(set) var phase = Phase.idle
    /// Attempts since the last time Redis greeted us; 0 while all is well.
    private(set) var attempt = 0
    /// Connections in a row that were given up soon because of what Redis answered on them.
    private var retirements = 0

    /// Somebody has something to send.
    mutating func demand() -> Step {
        guard phase == .idle else { return .nothing }
        return beginAttempt()
    }

    mutating func connected() {
        precondition(phase == .connecting, "connected while \(phase)")
        phase = .greeting
    }

    mutating func greeted() {
        precondition(phase == .greeting, "greeted while \(phase)")
        phase = .ready
        attempt = 0
    }

    /// No further command may go over this connection; those under way still get their answers.
    ///
    /// `wasUseful`: it served for a while before; then the next attempt comes soon.
    mutating func retire(wasUseful: Bool) {
        guard phase == .ready else { return }
        phase = .retiring
        retirements = wasUseful ? 1 : retirements + 1
    }

    /// An attempt failed, or an established connection ended.
    mutating func disconnected() -> Step {
        switch phase {
        case .connecting, .greeting: break
        // Counts as a first attempt, so that a server which greets and then hangs up is not asked in a tight circle.
        case .ready: attempt = 1
        case .retiring: attempt = retirements
        case .idle, .resting, .closed: return .nothing
        }
        phase = .resting
        return .rest(attempt: attempt)
    }

    mutating func rested(isWanted: Bool) -> Step {
        guard phase == .resting else { return .nothing }
        guard isWanted else {
            phase = .idle
            return .nothing
        }
        return beginAttempt()
    }

    mutating func close() {
        phase = .closed
    }

    private mutating func beginAttempt() -> Step {
        phase = .connecting
        attempt += 1
        return .connect
    }
}

/// How long to rest before an attempt: doubled each time up to a bound, then cut at random so that a fleet spreads out.
struct Backoff {
    let bounds: ClosedRange<Duration>

    /// The rest after that many attempts, from 1; `jitter` (0.5 to 1) is the share of it that is kept.
    func pause(after attempt: Int, jitter: Double) -> Duration {
        var pause = bounds.lowerBound
        for _ in 1..<max(1, min(attempt, 32)) where pause < bounds.upperBound { pause = pause * 2 }
        return min(pause, bounds.upperBound) * jitter
    }
}
