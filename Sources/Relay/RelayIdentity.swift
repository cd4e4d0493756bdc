/// Who is at the other end of a socket, as far as the relay needs to know.
public struct RelayIdentity: Sendable, Hashable {
    /// Names the token or session that opened the socket, so that ending it closes the socket too.
    ///
    /// A name, never the secret itself.
    public let credential: String
    /// How long the credential remains good.
    ///
    /// Nil: until it is revoked.
    public let validFor: Duration?

    /// Describes an authenticated client.
    public init(credential: String, validFor: Duration? = nil) {
        self.credential = credential
        self.validFor = validFor
    }
}
