/// Which generation of a plugin's code is current.
///
/// A caller may have looked at the folder a moment before it changed. Such a late call must not bring the old generation
/// back, so a fingerprint that was just superseded counts as the current one. After a while it counts as new code again:
/// a folder that was restored from a copy has the old fingerprint and means it.
struct Generations {
    /// How long a superseded fingerprint is taken for lateness: ten times what a call may wait between look and start.
    static let lateness = Duration.seconds(10)

    private(set) var current: String
    private var superseded: [String: ContinuousClock.Instant] = [:]

    init(_ fingerprint: String) {
        current = fingerprint
    }

    /// True when this is other code than the current, which it then becomes.
    mutating func moveOn(to fingerprint: String, at now: ContinuousClock.Instant) -> Bool {
        superseded = superseded.filter { now - $0.value < Self.lateness }
        guard fingerprint != current, superseded[fingerprint] == nil else { return false }
        superseded[current] = now
        current = fingerprint
        return true
    }
}
