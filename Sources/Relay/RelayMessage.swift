import NIOCore

/// Something that happened, on its way to everybody who listens to one of its topics.
public struct RelayMessage: Sendable, Hashable {
    /// Which listeners it is for; `updates` is Dispatcharr's one group.
    public let topics: [String]
    /// One JSON object, encoded: the envelope's `data`.
    ///
    /// Passed on byte for byte, never parsed here.
    public let data: [UInt8]
    /// Where it stands in the history.
    ///
    /// Nil: in none, and nobody can ask for it again.
    public let position: RelayPosition?
    /// Names what the event is the state of: of several with one name that wait for a slow client, the last is enough.
    ///
    /// Nil: each counts.
    public let supersedes: String?

    /// Wraps one event.
    ///
    /// - Parameters:
    ///   - topics: Names of groups, `updates` for everything that a Dispatcharr client understands.
    ///   - data: A complete JSON object. Whoever publishes vouches for its syntax.
    ///   - position: Where it stands in the history, if it is in one.
    ///   - supersedes: Names what it is the state of, if older states are of no use.
    public init(topics: [String], data: [UInt8], position: RelayPosition? = nil, supersedes: String? = nil) {
        self.topics = topics
        self.data = data
        self.position = position
        self.supersedes = supersedes
    }
}

/// One event, framed once for all who hear it.
struct EventFrame: Sendable {
    let topics: [String]
    let position: RelayPosition?
    let supersedes: String?
    /// For clients that only listen, word for word as Dispatcharr sends it.
    let bytes: ByteBuffer
    /// For clients that subscribed: says where the event stands.
    let placedBytes: ByteBuffer

    init(
        topics: [String], position: RelayPosition? = nil, supersedes: String? = nil, bytes: ByteBuffer,
        placedBytes: ByteBuffer? = nil
    ) {
        self.topics = topics
        self.position = position
        self.supersedes = supersedes
        self.bytes = bytes
        self.placedBytes = placedBytes ?? bytes
    }

    init(_ message: RelayMessage) {
        self.init(
            topics: message.topics, position: message.position, supersedes: message.supersedes,
            bytes: ServerFrame.update(message),
            placedBytes: message.position.map { ServerFrame.update(message, at: $0) })
    }
}
