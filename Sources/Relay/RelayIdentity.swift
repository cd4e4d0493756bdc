/// Who is at the other end of a socket, as far as the relay needs to know.
public struct RelayIdentity: Sendable, Hashable {
    /// Names the token or session that opened the socket, so that ending it closes the socket too.
    ///
    /// A name, never the secret itself.
    public let credential: String
    /// Names whose it is, so that all of one person's sockets can be closed, whatever opened them.
    public let owner: String
    /// How long the credential remains good.
    ///
    /// Nil: until it is revoked.
    public let validFor: Duration?

    /// Describes an authenticated client.
    ///
    /// - Parameters:
    ///   - credential: Names the token or session.
    ///   - owner: Names the person; the credential itself when there is none.
    ///   - validFor: How long it remains good; nil until it is revoked.
    public init(credential: String, owner: String? = nil, validFor: Duration? = nil) {
        self.credential = credential
        self.owner = owner ?? credential
        self.validFor = validFor
    }
}
