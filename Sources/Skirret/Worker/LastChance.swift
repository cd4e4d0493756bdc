/// Keeps a message that may kill its host from taking others along.
///
/// What a dead host held goes back together, is claimed together, and dies together: after the third death an
/// innocent message would be given up with the poison beside it. So of the messages that are given up at the next
/// death a worker begins one at a time, and claims nothing for a moment: poison works fast, as a rule.
struct LastChance {
    /// How long nothing else is claimed; a long innocent task must not keep slots empty for longer.
    private static let solitude = Duration.seconds(1)

    /// A message that has seen so many deaths is given up at the next one.
    private let crashes: Int
    private var alone: (token: String, until: ContinuousClock.Instant)?

    init(mostCrashes: Int) { crashes = max(1, mostCrashes - 1) }

    /// Whether the one that runs on its last chance is to be left alone.
    func isSolitary(_ held: HeldClaims) -> Bool {
        alone.map { $0.until > .now && held.body($0.token) != nil } ?? false
    }

    /// Parts claims into those to begin now and those to hand back, for another worker or a later moment.
    mutating func part(_ claims: [Claim]) -> (begin: [Claim], handBack: [Claim]) {
        guard let first = claims.first(where: { $0.crashes >= crashes }) else { return (claims, []) }
        alone = (first.token, .now + Self.solitude)
        return (
            claims.filter { $0.crashes < crashes || $0.token == first.token },
            claims.filter { $0.crashes >= crashes && $0.token != first.token }
        )
    }
}
