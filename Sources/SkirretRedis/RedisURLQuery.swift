/// What stands behind the question mark of a Redis URL.
struct RedisURLQuery {
    private(set) var database: Int?
    private(set) var tls = RedisTLS()
    /// Whether anything was said about TLS.
    private(set) var namesTLS = false
    private(set) var master: String?
    private(set) var sentinelUsername: String?
    private(set) var sentinelPassword: String?

    /// What redis-py and Celery keep here for themselves; accepted, so that one URL serves both sides.
    private static let theirs = [
        "ssl_", "socket_", "health_check_interval", "retry_", "max_connections", "protocol", "timeout",
        "visibility_timeout", "global_keyprefix", "client_name",
    ]

    init(_ items: [Substring]) throws(RedisError) {
        for item in items {
            let key = item.prefix { $0 != "=" }
            let value = try RedisURLParser.decoded(item.dropFirst(key.count + 1), part: String(key))
            try take(String(key), value)
        }
    }

    private mutating func take(_ key: String, _ value: String) throws(RedisError) {
        if key.hasPrefix("ssl_") { namesTLS = true }
        switch key {
        case "db", "virtual_host": database = try Self.database(Substring(value))
        case "master_name", "service_name": master = value.isEmpty ? nil : value
        case "sentinel_username": sentinelUsername = value
        case "sentinel_password": sentinelPassword = value
        case "ssl_cert_reqs": tls.verification = try Self.verification(value)
        case "ssl_check_hostname": tls.checksHostname = try Self.flag(key, value)
        case "ssl_ca_certs": tls.authorities = value
        case "ssl_certfile": tls.certificate = value
        case "ssl_keyfile": tls.key = value
        case _ where Self.theirs.contains { key.hasPrefix($0) }: break
        default:
            throw RedisURLParser.fault(
                "unknown option \"\(key)\", expected db, virtual_host, master_name, sentinel_username, "
                    + "sentinel_password or one of Python's ssl_ options")
        }
    }

    static func database(_ text: Substring) throws(RedisError) -> Int? {
        let digits = text.drop { $0 == "/" }
        guard !digits.isEmpty else { return nil }
        guard let number = Int(digits), number >= 0 else {
            throw RedisURLParser.fault("database: expected a whole number from 0, got \"\(digits)\"")
        }
        return number
    }

    private static func verification(_ text: String) throws(RedisError) -> RedisTLS.Verification {
        let wanted = text.uppercased()
        if let found = RedisTLS.Verification(rawValue: wanted.hasPrefix("CERT_") ? wanted : "CERT_" + wanted) {
            return found
        }
        throw RedisURLParser.fault(
            "ssl_cert_reqs: expected CERT_REQUIRED, CERT_OPTIONAL or CERT_NONE, got \"\(text)\"")
    }

    private static func flag(_ key: String, _ text: String) throws(RedisError) -> Bool {
        switch text.lowercased() {
        case "true", "1", "yes": return true
        case "false", "0", "no": return false
        default: throw RedisURLParser.fault("\(key): expected true or false, got \"\(text)\"")
        }
    }
}
