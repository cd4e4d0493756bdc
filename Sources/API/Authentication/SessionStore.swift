import CeleryProtocol
import SkirretRedis

/// The secret in a session's cookie: 256 random bits in hexadecimal.
struct SessionID: RawRepresentable, Sendable, Hashable {
    let rawValue: String

    init?(rawValue: String) {
        guard rawValue.utf8.count == 64, rawValue.utf8.allSatisfy(Self.isHexDigit) else { return nil }
        self.rawValue = rawValue
    }

    private init(bytes: [UInt8]) {
        let digits = Array("0123456789abcdef")
        rawValue = String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    static func random() -> SessionID {
        var generator = SystemRandomNumberGenerator()
        return SessionID(bytes: (0..<32).map { _ in generator.next() })
    }

    /// Enough of it to name the session in logs and to other processes, too little to use it.
    var publicName: String { "session:" + rawValue.prefix(12) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

/// Browser sessions, kept in Redis so that any API process knows them and all forget them at once.
struct SessionStore: Sendable {
    /// Seven days from the log-in, whatever happens meanwhile.
    static let lifetime: Duration = .seconds(7 * 86_400)

    let redis: RedisClient

    /// Starts a session.
    ///
    /// One round trip.
    func create() async throws(RedisError) -> SessionID {
        let id = SessionID.random()
        let seconds = Int(Self.lifetime.components.seconds)
        _ = try await redis.send("SET", RedisArgument(Keys.session(id)), "admin", "EX", RedisArgument(seconds))
        return id
    }

    /// How long a session lasts from now.
    ///
    /// Nil: there is none. One round trip.
    func remaining(_ id: SessionID) async throws(RedisError) -> Duration? {
        let milliseconds = try await redis.send("PTTL", RedisArgument(Keys.session(id))).int ?? -2
        return milliseconds > 0 ? .milliseconds(milliseconds) : nil
    }

    /// Ends a session everywhere: no process accepts it from here on, and its sockets are closed.
    func end(_ id: SessionID) async throws(RedisError) {
        _ = try await redis.transaction([
            RedisCommand("DEL", RedisArgument(Keys.session(id))),
            RedisCommand("PUBLISH", RedisArgument(Keys.endedSessions), RedisArgument(id.publicName)),
        ])
    }
}
