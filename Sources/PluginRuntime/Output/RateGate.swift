/// An allowance that refills with time: so much a second, and a burst of so much at once.
///
/// Holds no clock. `paidUntil` is the instant until which what was admitted so far is paid for; being ahead of now by
/// more than the burst is being over the rate.
struct RateGate {
    private let cost: Duration
    private let burst: Duration
    private var paidUntil: ContinuousClock.Instant?

    init(perSecond rate: Int, burst: Int) {
        cost = .seconds(1) / rate
        self.burst = cost * burst
    }

    /// Takes one from the allowance; false when there is none left.
    mutating func admit(at now: ContinuousClock.Instant) -> Bool {
        let due = max(paidUntil ?? now, now)
        guard due - now < burst else { return false }
        paidUntil = due + cost
        return true
    }

    /// Takes `count` at once, going into debt if need be.
    mutating func spend(_ count: Int, at now: ContinuousClock.Instant) {
        paidUntil = max(paidUntil ?? now, now) + cost * count
    }

    /// How long until something is left again; zero when it is.
    func delay(at now: ContinuousClock.Instant) -> Duration {
        guard let paidUntil else { return .zero }
        return max(.zero, paidUntil - now - burst)
    }
}

/// A gate that counts what it turned away, to say so once at the place where it is missing.
struct CountingGate {
    enum Verdict: Equatable {
        /// Passes; so many were turned away since the last that did.
        case pass(missing: Int)
        case drop
    }

    private var gate: RateGate
    private(set) var missing = 0
    /// How long it keeps what it counted to itself after it has told.
    private let pause: Duration
    private var told: ContinuousClock.Instant?

    init(_ gate: RateGate, tellingEvery pause: Duration = .zero) {
        self.gate = gate
        self.pause = pause
    }

    mutating func admit(at now: ContinuousClock.Instant) -> Verdict {
        guard gate.admit(at: now) else {
            missing += 1
            return .drop
        }
        guard missing > 0, told.map({ now - $0 >= pause }) ?? true else { return .pass(missing: 0) }
        told = now
        return .pass(missing: takeMissing())
    }

    /// What was turned away and not told yet; afterwards it counts as told.
    mutating func takeMissing() -> Int {
        defer { missing = 0 }
        return missing
    }
}
