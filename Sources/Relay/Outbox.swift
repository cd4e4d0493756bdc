import NIOCore

/// Frames waiting for one client: bounded in bytes and in age.
///
/// Only a little is ever handed to the socket (see ``RelayLimits/socketBufferBytes``), because what the
/// socket holds cannot be taken back, and the closing frame would stand behind it.
struct Outbox {
    enum Offer: Equatable {
        /// Nothing waits and the socket takes more: write it now.
        case write
        /// Kept until the socket takes more.
        case kept
        /// Too many bytes, or the oldest has waited too long. Nothing was kept; close the socket.
        case overflow
    }

    private var frames = CircularBuffer<(frame: EventFrame, since: NIODeadline)>()
    private(set) var bytes = 0
    private let limit: Int
    private let patience: TimeAmount

    init(limit: Int, patience: TimeAmount) {
        self.limit = limit
        self.patience = patience
    }

    var isEmpty: Bool { frames.isEmpty }

    /// Decides about one more frame.
    mutating func offer(_ frame: EventFrame, socketTakesMore: Bool, now: NIODeadline) -> Offer {
        guard !frames.isEmpty || !socketTakesMore else { return .write }
        if let oldest = frames.first, now - oldest.since > patience { return .overflow }
        let since = frame.supersedes.flatMap { remove($0) } ?? now
        guard bytes + frame.bytes.readableBytes <= limit else { return .overflow }
        frames.append((frame, since))
        bytes += frame.bytes.readableBytes
        return .kept
    }

    /// The oldest frame, once the socket takes more.
    mutating func next() -> EventFrame? {
        guard let (frame, _) = frames.popFirst() else { return nil }
        bytes -= frame.bytes.readableBytes
        return frame
    }

    /// Forgets a state that a newer one takes the place of; gives since when it waited.
    ///
    /// The newer one takes over its age too: a client is too slow however often its news are replaced.
    private mutating func remove(_ state: String) -> NIODeadline? {
        guard let index = frames.firstIndex(where: { $0.frame.supersedes == state }) else { return nil }
        let (frame, since) = frames.remove(at: index)
        bytes -= frame.bytes.readableBytes
        return since
    }

    /// Forgets everything; the client will refetch.
    mutating func discard() {
        frames.removeAll()
        bytes = 0
    }
}
