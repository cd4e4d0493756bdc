/// Decides when a transfer has waited too long for the other side.
///
///     waiting ── bytes ──▶ consuming ── taken ──▶ waiting …
///
/// Only waiting counts: a slow database does not make the server late. A server that drips is late too:
/// every window of waiting must bring a minimum of bytes.
struct TransferClock {
    typealias Instant = ContinuousClock.Instant

    /// Waiting allowed before the minimum of bytes must have come.
    let window: Duration
    /// Bytes that a window must bring.
    let minimumBytes: Int
    /// The end of everything.
    let total: Instant

    private var waitingSince: Instant?
    private var waited = Duration.zero
    private var received = 0

    init(window: Duration, minimumBytes: Int, total: Instant) {
        self.window = window
        self.minimumBytes = minimumBytes
        self.total = total
    }

    mutating func wait(from now: Instant) { waitingSince = now }

    mutating func receive(_ bytes: Int, at now: Instant) {
        if let waitingSince { waited += waitingSince.duration(to: now) }
        waitingSince = nil
        received += bytes
        guard received >= minimumBytes else { return }
        received = 0
        waited = .zero
    }

    /// What is late at a moment; nil when nothing is.
    func lateness(at now: Instant) -> String? {
        if now >= total { return "the whole took too long" }
        guard let waitingSince, waited + waitingSince.duration(to: now) > window else { return nil }
        return "the server sent \(received) bytes in \(window)"
    }
}
