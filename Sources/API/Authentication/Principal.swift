import Catalog
import CeleryProtocol
import Relay

/// Who makes a request, and by what they are recognised.
struct Principal: Sendable, Equatable {
    enum Credential: Sendable, Equatable {
        /// The administrator's token: the program says who it is on every request.
        case token
        /// A person's API key, in the form that the table holds: likewise.
        case key(stored: String)
        /// An access token: the same, for half an hour.
        case access(SessionID, remaining: Duration)
        /// A cookie: the browser adds it by itself, wherever the request comes from.
        case session(SessionID, remaining: Duration)
    }

    /// For people.
    let name: String
    let level: UserLevel
    /// The person's row.
    ///
    /// Nil: the administrator's token, which is nobody's.
    let userID: Int?
    let credential: Credential
    /// Ranges of addresses, with commas, from which alone the person may come; empty for all.
    var networks = ""

    /// Whoever holds the administrator's token, or a cookie that was traded for it.
    static func administrator(_ credential: Credential = .token) -> Principal {
        Principal(name: "admin", level: .admin, userID: nil, credential: credential)
    }

    static func user(_ user: UserRow, _ credential: Credential) -> Principal {
        Principal(
            name: user.username, level: user.level, userID: user.id, credential: credential,
            networks: user.customProperties["allowed_networks"]?[NetworkRules.Door.ui.rawValue]?.string ?? "")
    }

    /// Tells people apart, whatever they are called and by whatever they are recognised.
    var identity: String { userID.map(Self.identity(ofUser:)) ?? "token" }

    static func identity(ofUser id: Int) -> String { "user:\(id)" }

    var isCookie: Bool {
        if case .session = credential { return true }
        return false
    }

    /// The session behind a cookie or an access token.
    var session: SessionID? {
        switch credential {
        case .token, .key: nil
        case .access(let id, _), .session(let id, _): id
        }
    }

    /// The same person, as the relay knows sockets.
    ///
    /// - Parameter address: Whence they listen.
    /// - Returns: What the relay knows of them.
    func relayIdentity(from address: String) -> RelayIdentity {
        switch credential {
        case .token: RelayIdentity(credential: identity, owner: identity, address: address, topics: topics)
        case .key(let stored):
            RelayIdentity(credential: Self.keyNames + stored, owner: identity, address: address, topics: topics)
        case .access(let id, let remaining), .session(let id, let remaining):
            RelayIdentity(
                credential: id.publicName, owner: identity, address: address, validFor: remaining, topics: topics)
        }
    }

    /// The stored form of the API key in a socket's credential; nil when it is another's.
    static func key(ofPublicName name: String) -> String? {
        name.hasPrefix(keyNames) ? String(name.dropFirst(keyNames.count)) : nil
    }

    private static let keyNames = "key:"

    /// What may be listened to is what may be read: tasks, and what plugins answer, is for administrators.
    var topics: Set<String> {
        let everybody: Set = ["updates", "plugin:"]
        return level >= .admin ? everybody.union([TaskNews.topic, TaskReports.topics, DataSource.topics]) : everybody
    }
}
