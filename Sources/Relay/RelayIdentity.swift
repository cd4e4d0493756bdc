/// Who is at the other end of a socket, as far as the relay needs to know.
public struct RelayIdentity: Sendable, Hashable {
    /// Names the token or session that opened the socket, so that ending it closes the socket too.
    ///
    /// A name, never the secret itself.
    public let credential: String
    /// Names whose it is, so that all of one person's sockets can be closed, whatever opened them.
    public let owner: String
    /// Whence it listens, for judging it anew when the lists of addresses change; nil when that never mattered.
    public let address: String?
    /// How long the credential remains good.
    ///
    /// Nil: until it is revoked.
    public let validFor: Duration?
    /// What it may listen to: names of topics, or beginnings of names that end in a colon.
    public let topics: Set<String>

    /// Describes an authenticated client.
    ///
    /// - Parameters:
    ///   - credential: Names the token or session.
    ///   - owner: Names the person; the credential itself when there is none.
    ///   - address: Whence it listens.
    ///   - validFor: How long it remains good; nil until it is revoked.
    ///   - topics: What it may listen to; a name that ends in a colon stands for all that begin with it.
    public init(
        credential: String, owner: String? = nil, address: String? = nil, validFor: Duration? = nil,
        topics: Set<String> = ["updates", "plugin:"]
    ) {
        self.credential = credential
        self.owner = owner ?? credential
        self.address = address
        self.validFor = validFor
        self.topics = topics
    }

    func mayHear(_ topic: String) -> Bool {
        topics.contains { $0.hasSuffix(":") ? topic.hasPrefix($0) && topic != $0 : topic == $0 }
    }
}
