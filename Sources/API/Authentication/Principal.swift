import Relay

/// Who makes a request.
///
/// There is one person so far, the administrator, and two ways to be recognised.
struct Principal: Sendable, Equatable {
    enum Credential: Sendable, Equatable {
        /// A bearer token or API key: the program says who it is on every request.
        case token
        /// A cookie: the browser adds it by itself, wherever the request comes from.
        case session(SessionID, remaining: Duration)
    }

    let name: String
    let credential: Credential

    var isCookie: Bool {
        if case .session = credential { return true }
        return false
    }

    /// The same person, as the relay knows sockets.
    var relayIdentity: RelayIdentity {
        switch credential {
        case .token: RelayIdentity(credential: "token")
        case .session(let id, let remaining): RelayIdentity(credential: id.publicName, validFor: remaining)
        }
    }
}
