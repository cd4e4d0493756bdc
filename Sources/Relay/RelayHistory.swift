import NIOCore

/// The last events, for clients that come back.
///
/// A relay that starts anew reads them from where all relays read, so it does not matter which of them a client
/// comes back to.
struct RelayHistory {
    /// What a client that came back has missed.
    struct Recovery {
        /// Nothing is missing between its position and the frames; else it has to fetch everything anew.
        var isComplete: Bool
        /// In order, of its topics only.
        var frames: [EventFrame]
        /// Where the history ends now; nil while there is none.
        var end: RelayPosition?
    }

    private var entries = CircularBuffer<(position: RelayPosition, frame: EventFrame)>()
    private var bytes = 0
    /// Whoever was at this place, or at a later one, finds all that came after it here.
    private var covered: RelayPosition?
    private var end: RelayPosition?
    private let limits: RelayLimits

    init(limits: RelayLimits) { self.limits = limits }

    /// Adds an event; one of another epoch begins a new history.
    mutating func add(_ frame: EventFrame) {
        guard let position = frame.position else { return }
        if position.epoch != end?.epoch { begin(at: position) }
        entries.append((position, frame))
        bytes += frame.bytes.readableBytes
        end = position
        while entries.count > limits.historyEvents || bytes > limits.historyBytes, let oldest = entries.popFirst() {
            bytes -= oldest.frame.bytes.readableBytes
            covered = oldest.position
        }
    }

    /// Begins a history in which nothing is known of what came before this place.
    mutating func begin(at position: RelayPosition) {
        entries.removeAll()
        bytes = 0
        covered = position
        end = position
    }

    /// What came after a place.
    ///
    /// Nil asks for nothing but the end.
    func recovery(from position: RelayPosition?, hears: (EventFrame) -> Bool) -> Recovery {
        guard let position, let covered, position.epoch == covered.epoch, position.offset >= covered.offset else {
            return Recovery(isComplete: position == nil, frames: [], end: end)
        }
        let missed = entries.lazy.filter { $0.position.offset > position.offset }.map(\.frame)
        // Another relay may have told it more than this one has heard so far.
        let last = max(end?.offset ?? .zero, position.offset)
        return Recovery(
            isComplete: true, frames: missed.filter(hears), end: RelayPosition(epoch: position.epoch, offset: last))
    }
}
