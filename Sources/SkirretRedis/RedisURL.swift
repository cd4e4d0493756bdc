/// Where a Redis is and how to log in, as Celery and redis-py write it.
///
///     redis://[[user]:password@]host[:port][/database]
///     rediss://…                                        the same over TLS
///     unix://[[user]:password@]/path/to.sock?db=0
///     redis+socket:///path/to.sock?virtual_host=0        Celery's spelling of the line above
///
/// `description` masks the password; `text` and `celeryText` do not and are for child processes only.
public struct RedisURL: Sendable, Hashable, CustomStringConvertible {
    /// The two ways to a Redis server.
    public enum Address: Sendable, Hashable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        case unix(path: String)

        /// As people write it: `10.0.0.5:6379`, `/run/redis.sock`.
        public var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unix(let path): path
            }
        }
    }

    /// The server.
    public var address: Address
    /// The ACL user; nil logs in as Redis's `default` user when there is a password.
    public var username: String?
    /// Nil sends no AUTH at all.
    public var password: String?
    /// The database that is selected on every connection, from 0.
    public var database: Int
    /// Whether the scheme was `rediss`.
    public var usesTLS: Bool

    /// A URL from its parts.
    public init(
        address: Address, username: String? = nil, password: String? = nil, database: Int = 0, usesTLS: Bool = false
    ) {
        self.address = address
        self.username = username
        self.password = password
        self.database = database
        self.usesTLS = usesTLS
    }

    /// Reads a URL in one of the spellings above.
    ///
    /// - Throws: `.invalidURL` that names the part at fault, `.unsupported` for Sentinel addresses.
    public init(parsing text: String) throws(RedisError) {
        var parser = RedisURLParser(text)
        self = try parser.parse()
    }

    /// The URL with its secrets, percent-encoded, in redis-py's spelling.
    public var text: String { spelled(password: password, celery: false) }

    /// The URL with its secrets in Celery's spelling, which differs for unix sockets only.
    public var celeryText: String { spelled(password: password, celery: true) }

    /// The URL with its password masked.
    public var description: String { spelled(password: password.map { _ in "***" }, celery: false) }

    private func spelled(password: String?, celery: Bool) -> String {
        var login = ""
        if username != nil || password != nil {
            login = percentEncoded(username ?? "", keeping: "*")
            if let password { login += ":" + percentEncoded(password, keeping: "*") }
            login += "@"
        }
        switch address {
        case .tcp: return "\(usesTLS ? "rediss" : "redis")://\(login)\(address)/\(database)"
        case .unix(let path):
            let place = percentEncoded(path, keeping: "/")
            return celery
                ? "redis+socket://\(login)\(place)?virtual_host=\(database)" : "unix://\(login)\(place)?db=\(database)"
        }
    }
}

private func percentEncoded(_ text: String, keeping extra: Character) -> String {
    var encoded = ""
    for byte in text.utf8 {
        let character = Character(UnicodeScalar(byte))
        if byte < 0x80, character.isLetter || character.isNumber || "-._~".contains(character) || character == extra {
            encoded.append(character)
        } else {
            encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }
    }
    return encoded
}
