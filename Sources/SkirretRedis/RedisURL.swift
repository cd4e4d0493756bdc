/// Where a Redis is and how to log in, as Celery and redis-py write it.
///
///     redis://[[user]:password@]host[:port][/database]
///     rediss://…?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs=/etc/ssl/redis-ca.pem     the same over TLS
///     unix://[[user]:password@]/path/to.sock?db=0
///     redis+socket:///path/to.sock?virtual_host=0                        Celery's spelling of the line above
///     redis+sentinel://[[user]:password@]host[:port],host[:port]/database?master_name=mymaster
///     sentinel://host:port;sentinel://host:port/database?master_name=mymaster       Celery's spelling of it
///
/// ``RedisTLS`` and ``RedisSentinels`` say what else may stand in the query. `description` masks the passwords; `text`
/// and `celeryText` do not and are for child processes only.
public struct RedisURL: Sendable, Hashable, CustomStringConvertible {
    /// The ways to a Redis server.
    public enum Address: Sendable, Hashable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        case unix(path: String)
        /// Whichever server these sentinels say is the master.
        case sentinel(RedisSentinels)

        /// As people write it: `10.0.0.5:6379`, `/run/redis.sock`, `mymaster of 10.0.0.7:26379,10.0.0.8:26379`.
        public var description: String {
            switch self {
            case .tcp(let host, let port): RedisPlace(host: host, port: port).description
            case .unix(let path): path
            case .sentinel(let sentinels): sentinels.description
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
    /// How the connection is encrypted; nil leaves it plain.
    public var tls: RedisTLS?

    /// Whether the scheme was `rediss`.
    public var usesTLS: Bool { tls != nil }

    /// A URL from its parts.
    public init(
        address: Address, username: String? = nil, password: String? = nil, database: Int = 0, tls: RedisTLS? = nil
    ) {
        self.address = address
        self.username = username
        self.password = password
        self.database = database
        self.tls = tls
    }

    /// Reads a URL in one of the spellings above.
    ///
    /// - Throws: `.invalidURL` that names the part at fault.
    public init(parsing text: String) throws(RedisError) {
        var parser = try RedisURLParser(text)
        self = try parser.parse()
    }

    /// The URL with its secrets, percent-encoded, in redis-py's spelling.
    public var text: String { spelled(secret: { $0 }, celery: false) }

    /// The URL with its secrets in Celery's spelling, which differs for unix sockets and sentinels.
    ///
    /// A Sentinel's master is no part of Celery's URL: give it as
    /// `broker_transport_options = {"master_name": …}`, with `sentinel_kwargs` for the sentinels' own password.
    public var celeryText: String { spelled(secret: { $0 }, celery: true) }

    /// The URL with its passwords masked.
    public var description: String { spelled(secret: { _ in "***" }, celery: false) }

    private func spelled(secret: (String) -> String, celery: Bool) -> String {
        var login = ""
        if username != nil || password != nil {
            login = percentEncoded(username ?? "", keeping: "*")
            if let password { login += ":" + percentEncoded(secret(password), keeping: "*") }
            login += "@"
        }
        let tlsItems = tls?.queryItems ?? []
        let scheme = tls == nil ? "redis" : "rediss"
        switch address {
        case .tcp: return "\(scheme)://\(login)\(address)/\(database)" + query(tlsItems)
        case .unix(let path):
            let place = percentEncoded(path, keeping: "/")
            return celery
                ? "redis+socket://\(login)\(place)?virtual_host=\(database)" : "unix://\(login)\(place)?db=\(database)"
        case .sentinel(let sentinels) where celery:
            return sentinels.places.map { "sentinel://\(login)\($0)/\(database)" }.joined(separator: ";")
                + query(tlsItems)
        case .sentinel(let sentinels):
            let places = sentinels.places.map(\.description).joined(separator: ",")
            return "\(scheme)+sentinel://\(login)\(places)/\(database)"
                + query(sentinels.queryItems(secret: secret) + tlsItems)
        }
    }

    private func query(_ items: [(String, String)]) -> String {
        guard !items.isEmpty else { return "" }
        return "?" + items.map { "\($0)=\(percentEncoded($1, keeping: "/"))" }.joined(separator: "&")
    }
}

private func percentEncoded(_ text: String, keeping extra: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
        let character = Character(UnicodeScalar(byte))
        if byte < 0x80,
            character.isLetter || character.isNumber || "-._~".contains(character) || extra.contains(character)
        {
            encoded.append(character)
        } else {
            encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }
    }
    return encoded
}
