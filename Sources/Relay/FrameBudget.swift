import NIOCore

/// A token bucket: `burst` at once, `rate` a second in the long run.
struct FrameBudget {
    private let perSecond: Double
    private let burst: Double
    private var tokens: Double
    private var refilled: NIODeadline

    init(perSecond: Int, burst: Int, now: NIODeadline) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
        self.tokens = Double(burst)
        self.refilled = now
    }

    /// Takes one token.
    ///
    /// False: there was none.
    mutating func spend(now: NIODeadline) -> Bool {
        let seconds = Double((now - refilled).nanoseconds) / 1e9
        tokens = min(burst, tokens + seconds * perSecond)
        refilled = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
