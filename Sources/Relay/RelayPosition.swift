/// Where an event stands among all others, as Redis numbers them: `milliseconds-sequence`, in order.
public struct RelayOffset: Comparable, Hashable, Sendable, CustomStringConvertible {
    /// Before every event.
    public static let zero = RelayOffset(milliseconds: 0, sequence: 0)

    private let milliseconds: UInt64
    private let sequence: UInt64

    private init(milliseconds: UInt64, sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// Reads a stream entry's id; nil for any other text.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        guard parts.count == 2, let milliseconds = parts[0], let sequence = parts[1] else { return nil }
        self.init(milliseconds: milliseconds, sequence: sequence)
    }

    /// As Redis writes it.
    public var description: String { "\(milliseconds)-\(sequence)" }

    /// Earlier events first.
    public static func < (left: RelayOffset, right: RelayOffset) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}

/// An offset, and the history that it is one of.
///
/// A history that was emptied begins a new epoch: offsets of the old one say nothing in it.
public struct RelayPosition: Hashable, Sendable {
    /// Names the history.
    public let epoch: String
    /// The place in it.
    public let offset: RelayOffset

    /// Names a place.
    public init(epoch: String, offset: RelayOffset) {
        self.epoch = epoch
        self.offset = offset
    }
}
