/// How often one generation of a plugin crashed, and whether it may be started again.
///
/// The first crash costs nothing, each further one within the window doubles the pause before the next start; at the
/// limit the plugin rests. Holds no clock.
struct CrashHistory {
    typealias Instant = ContinuousClock.Instant

    enum Admission: Equatable {
        /// Start it, after this pause.
        case start(after: Duration)
        case suspended(until: Instant)
    }

    private let limit: Int
    private let window: Duration
    private let suspension: Duration
    private var crashes: [Instant] = []
    private var suspendedUntil: Instant?
    /// The last crash, in words.
    private(set) var reason = ""

    init(limit: Int, window: Duration, suspension: Duration) {
        self.limit = limit
        self.window = window
        self.suspension = suspension
    }

    /// Remembers a crash.
    ///
    /// True: the plugin rests from now on.
    mutating func record(_ reason: String, at now: Instant) -> Bool {
        self.reason = reason
        crashes = crashes.filter { now - $0 < window }
        crashes.append(now)
        guard crashes.count >= limit else { return false }
        suspendedUntil = now + suspension
        crashes = []
        return true
    }

    mutating func admission(at now: Instant) -> Admission {
        if let until = suspendedUntil {
            guard now >= until else { return .suspended(until: until) }
            suspendedUntil = nil
        }
        let recent = crashes.filter { now - $0 < window }
        guard recent.count > 1, let last = recent.last else { return .start(after: .zero) }
        // 0.1 s, 0.2 s, 0.4 s: quick enough for a retry within two seconds, slow enough for a machine to breathe.
        let pause = Duration.milliseconds(100 << min(recent.count - 2, 4))
        return .start(after: max(.zero, last + pause - now))
    }
}
