import Synchronization

/// Counts since the hub was made, except ``open``, which is now.
public struct RelayStatistics: Sendable, Hashable {
    /// Sockets connected now, authenticated or not.
    public var open: Int
    /// Events handed to ``RelayHub/publish(_:)``.
    public var published: Int
    /// Topics that clients asked for in vain.
    public var refusedTopics: Int
    /// Sockets closed because they read too slowly.
    public var closedTooSlow: Int
    /// Sockets closed because nobody who may listen stood behind them, or no longer.
    public var closedUnauthenticated: Int
    /// Sockets closed for breaking the protocol or a limit.
    public var closedForBehaviour: Int
    /// All sockets that ever closed.
    public var closed: Int
}

/// The counters behind ``RelayStatistics``; each is exact, together they are not one instant.
final class RelayCounters: Sendable {
    let open = Atomic(0)
    let published = Atomic(0)
    let refusedTopics = Atomic(0)
    private let tooSlow = Atomic(0)
    private let unauthenticated = Atomic(0)
    private let behaviour = Atomic(0)
    private let all = Atomic(0)

    func closed(_ code: RelayCloseCode?) {
        open.subtract(1, ordering: .relaxed)
        all.add(1, ordering: .relaxed)
        switch code {
        case .tooSlow, .overloaded: tooSlow.add(1, ordering: .relaxed)
        case .unauthenticated, .notAllowed: unauthenticated.add(1, ordering: .relaxed)
        case .protocolError, .invalidText, .tooManyFrames, .tooBig: behaviour.add(1, ordering: .relaxed)
        default: break
        }
    }

    var snapshot: RelayStatistics {
        RelayStatistics(
            open: open.load(ordering: .relaxed), published: published.load(ordering: .relaxed),
            refusedTopics: refusedTopics.load(ordering: .relaxed), closedTooSlow: tooSlow.load(ordering: .relaxed),
            closedUnauthenticated: unauthenticated.load(ordering: .relaxed),
            closedForBehaviour: behaviour.load(ordering: .relaxed), closed: all.load(ordering: .relaxed))
    }
}
