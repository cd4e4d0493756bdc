/// Keeps a message that may kill its host from taking others along.
///
/// What a dead host held goes back together, is claimed together, and dies together: after the third death an
/// innocent message would be given up with the poison beside it. So a message that is given up at the next death runs
/// alone: everything else that came with it is handed back for other workers, it begins when what ran before it has
/// ended, and nothing is claimed for a moment: poison works fast, as a rule.
///
///     (none) ── part ──▶ waiting ── next ──▶ alone ── it ended, or a second has passed ──▶ (none)
struct LastChance {
    private enum State {
        case none
        /// Claimed, and to begin when nothing else runs, or at that time.
        case waiting(HeldClaim, until: ContinuousClock.Instant)
        /// It runs, and nothing is claimed until it ends or that time has come.
        case alone(token: String, until: ContinuousClock.Instant)
    }

    /// How long nothing else is claimed after it began.
    ///
    /// A second: a long innocent task must not keep slots empty for longer. If it dies in company, that is not held
    /// against it at once; see `restore.lua`.
    private static let solitude = Duration.seconds(1)
    /// How long it waits for what runs before it to end.
    ///
    /// Short: slots are empty meanwhile, and what died with its process is to start again within two seconds, also where
    /// every other process is busy with a last chance.
    private static let patience = Duration.milliseconds(300)
    /// How often to look whether everything else has ended.
    private static let pulse = Duration.milliseconds(20)

    /// A message that has seen so many deaths is given up at the next one.
    private let crashes: Int
    private var state = State.none

    init(mostCrashes: Int) { crashes = max(1, mostCrashes - 1) }

    /// One is to begin as soon as it is alone.
    var isWaiting: Bool {
        if case .waiting = state { true } else { false }
    }

    /// Whether the one that runs on its last chance, or is about to, is to be left alone.
    func isSolitary(_ held: HeldClaims) -> Bool {
        switch state {
        case .none: false
        case .waiting: true
        case .alone(let token, let until): until > .now && held.holds(token)
        }
    }

    /// When to look again, at the latest; nil when nothing is to be left alone.
    func pause(_ held: HeldClaims) -> Duration? {
        switch state {
        case .alone(_, let until) where isSolitary(held): max(.zero, ContinuousClock.now.duration(to: until))
        case .waiting: Self.pulse
        default: nil
        }
    }

    /// Parts claims into those to begin now and those to hand back, for another worker or a later moment.
    ///
    /// The one that is to run alone is in neither; see ``next(_:)``.
    mutating func part(_ claims: [Claim], _ held: HeldClaims) -> (begin: [Claim], handBack: [Claim]) {
        guard !isSolitary(held) else { return ([], claims) }
        guard let first = claims.first(where: { $0.crashes >= crashes }) else { return (claims, []) }
        let alone = HeldClaim(first)
        state = .waiting(alone, until: .now + Self.patience)
        held.add([alone])
        return ([], claims.filter { $0.token != first.token })
    }

    /// The one that is to begin now, once.
    mutating func next(_ held: HeldClaims) -> HeldClaim? {
        guard case .waiting(let claim, let until) = state, held.count <= 1 || until <= .now else { return nil }
        state = .alone(token: claim.claim.token, until: .now + Self.solitude)
        return claim
    }

    /// The one that never began, to be handed back by a worker that leaves.
    mutating func takeBack() -> [Claim] {
        guard case .waiting(let claim, _) = state else { return [] }
        state = .none
        return [claim.claim]
    }
}
