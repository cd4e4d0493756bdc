import CeleryProtocol
import SkirretRedis

/// The secret that names a session, in a cookie or in a token: 256 random bits in hexadecimal.
struct SessionID: RawRepresentable, Sendable, Hashable {
    let rawValue: String

    init?(rawValue: String) {
        guard rawValue.utf8.count == 64, rawValue.utf8.allSatisfy(Self.isHexDigit) else { return nil }
        self.rawValue = rawValue
    }

    private init(bytes: [UInt8]) { rawValue = bytes.hexadecimal }

    static func random() -> SessionID { SessionID(bytes: .random(32)) }

    /// What Redis knows it by: nobody who reads there can use it.
    var digest: String { Digest.sha256(Array(rawValue.utf8)).hexadecimal }

    /// Names the session to other processes, as Redis knows it.
    var publicName: String { Self.publicNames + digest }

    /// The digest in a session's public name; nil when it is the name of something else.
    static func digest(ofPublicName name: String) -> String? {
        name.hasPrefix(publicNames) ? String(name.dropFirst(publicNames.count)) : nil
    }

    private static let publicNames = "session:"

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

/// A session as Redis keeps it.
struct Session: Sendable, Equatable {
    enum Owner: Sendable, Equatable {
        /// Whoever holds the administrator's token.
        case adminToken
        /// The person with that row, for as long as the password is the one that ``stamp`` was taken of.
        case user(Int, stamp: String)
    }

    let owner: Owner
    let remaining: Duration
}

/// Sessions, kept in Redis so that any API process knows them and all forget them at once.
///
/// A browser's cookie names one, and so does every token of one log-in.
struct SessionStore: Sendable {
    /// Seven days from the log-in, whatever happens meanwhile.
    static let lifetime: Duration = .seconds(7 * 86_400)

    let redis: RedisClient

    /// Starts a session.
    ///
    /// One round trip.
    func create(_ owner: Session.Owner, lifetime: Duration = lifetime) async throws(RedisError) -> SessionID {
        let id = SessionID.random()
        let key = RedisArgument(Keys.session(id))
        var fields: [RedisArgument] = ["owner", "token"]
        if case .user(let user, let stamp) = owner {
            fields = ["owner", RedisArgument(String(user)), "stamp", RedisArgument(stamp)]
        }
        _ = try await redis.transaction([
            RedisCommand("HSET", arguments: [key] + fields),
            RedisCommand("EXPIRE", key, RedisArgument(Int(lifetime.components.seconds))),
        ])
        return id
    }

    /// The session, while it lasts.
    ///
    /// Nil: there is none. One round trip.
    func find(_ id: SessionID) async throws(RedisError) -> Session? {
        try await find(digests: [id.digest])[id.digest]
    }

    /// Those sessions of these digests that last.
    ///
    /// One round trip.
    func find(digests: [String]) async throws(RedisError) -> [String: Session] {
        let replies = try await redis.pipeline(
            digests.flatMap { digest in
                let key = RedisArgument(Keys.session(digest: digest))
                return [RedisCommand("HMGET", key, "owner", "stamp"), RedisCommand("PTTL", key)]
            })
        var found: [String: Session] = [:]
        for (index, digest) in digests.enumerated() {
            found[digest] = Self.session(replies[2 * index], lifetime: replies[2 * index + 1])
        }
        return found
    }

    private static func session(_ fields: RedisValue, lifetime: RedisValue) -> Session? {
        guard let fields = fields.array, fields.count == 2, let owner = fields[0].string,
            let milliseconds = lifetime.int, milliseconds > 0
        else { return nil }
        let remaining = Duration.milliseconds(milliseconds)
        if owner == "token" { return Session(owner: .adminToken, remaining: remaining) }
        guard let user = Int(owner), let stamp = fields[1].string else { return nil }
        return Session(owner: .user(user, stamp: stamp), remaining: remaining)
    }

    /// Spends a refresh token's turn, and lets the session last for another refresh token's life.
    ///
    /// A token may be used again until its successor is: a client that missed the answer, or that keeps only its
    /// first token, is not thrown out. After that it is a copy in other hands, and the session ends for both.
    ///
    /// - Returns: Whether the token counts. One round trip, two when the session ends by it.
    func spend(turn: Int, of id: SessionID) async throws(RedisError) -> Bool {
        let outcome = try await redis.run(
            Self.spendScript, keys: [Keys.session(id)],
            arguments: [
                RedisArgument(turn), RedisArgument(Int(WebToken.Kind.refresh.lifetime.components.seconds)),
            ]
        ).string
        if outcome == "reused" { try await end(id) }
        return outcome == "spent"
    }

    /// Ends a session everywhere: no process accepts it from here on, and its sockets are closed.
    func end(_ id: SessionID) async throws(RedisError) {
        _ = try await redis.transaction([
            RedisCommand("DEL", RedisArgument(Keys.session(id))),
            RedisCommand("PUBLISH", RedisArgument(Keys.endedSessions), RedisArgument(id.publicName)),
        ])
    }

    /// Closes a person's sockets in every process.
    ///
    /// Whether the sessions still count is decided by the person's row, at each request.
    func closeSockets(ofUser id: Int) async throws(RedisError) {
        _ = try await redis.send(
            "PUBLISH", RedisArgument(Keys.endedSessions), RedisArgument(Principal.identity(ofUser: id)))
    }

    static let spendScript = RedisScript(name: "spend_refresh", source: PackageResources.spend_refresh_lua)
}
