/// Something that happened, on its way to everybody who listens to its topic.
public struct RelayMessage: Sendable, Hashable {
    /// Which listeners it is for; `updates` is Dispatcharr's one group.
    public let topic: String
    /// One JSON object, encoded: the envelope's `data`.
    ///
    /// Passed on byte for byte, never parsed here.
    public let data: [UInt8]

    /// Wraps one event.
    ///
    /// - Parameters:
    ///   - topic: Name of the group, `updates` for everything that a Dispatcharr client understands.
    ///   - data: A complete JSON object. Whoever publishes vouches for its syntax.
    public init(topic: String, data: [UInt8]) {
        self.topic = topic
        self.data = data
    }
}
