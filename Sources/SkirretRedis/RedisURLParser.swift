/// Takes a Redis URL apart, left to right; every complaint names the part at fault and shows no password.
struct RedisURLParser {
    private var rest: Substring

    init(_ text: String) {
        rest = text.drop { $0 == " " }
    }

    mutating func parse() throws(RedisError) -> RedisURL {
        let scheme = try takeScheme()
        let query = takeQuery()
        let login = try takeLogin()
        var url: RedisURL
        switch scheme {
        case "redis", "rediss":
            url = RedisURL(address: .tcp(host: "localhost", port: 6379), usesTLS: scheme == "rediss")
            let path = takePath()
            url.address = try takeHostAndPort()
            url.database = try database(path) ?? 0
        case "unix", "redis+socket", "socket", "redis+unix":
            guard rest.hasPrefix("/"), rest.count > 1 else {
                throw Self.fault("a unix socket needs an absolute path: unix:///run/redis.sock?db=0")
            }
            url = RedisURL(address: .unix(path: try Self.decoded(rest, part: "path")))
        case "redis+sentinel", "sentinel", "rediss+sentinel":
            throw RedisError(
                .unsupported, "Redis URL: Sentinel addresses are not built in yet",
                hint: "Name the present master by redis://host:port/db.")
        default:
            throw Self.fault("unknown scheme \"\(scheme)\"")
        }
        url.username = login.username
        url.password = login.password
        if let number = try databaseFromQuery(query) { url.database = number }
        return url
    }

    private mutating func takeScheme() throws(RedisError) -> String {
        guard let colon = rest.firstIndex(of: ":"), rest[colon...].hasPrefix("://") else {
            throw Self.fault("no scheme")
        }
        let scheme = rest[..<colon].lowercased()
        rest = rest[rest.index(colon, offsetBy: 3)...]
        return scheme
    }

    private mutating func takeQuery() -> [Substring] {
        guard let mark = rest.lastIndex(of: "?") else { return [] }
        defer { rest = rest[..<mark] }
        return rest[rest.index(after: mark)...].split(separator: "&")
    }

    private mutating func takeLogin() throws(RedisError) -> (username: String?, password: String?) {
        guard let at = rest.lastIndex(of: "@") else { return (nil, nil) }
        let login = rest[..<at]
        rest = rest[rest.index(after: at)...]
        let colon = login.firstIndex(of: ":")
        let name = try Self.decoded(login[..<(colon ?? login.endIndex)], part: "user name")
        var password: String?
        if let colon { password = try Self.decoded(login[login.index(after: colon)...], part: "password") }
        return (name.isEmpty ? nil : name, password?.isEmpty == true ? nil : password)
    }

    private mutating func takePath() -> Substring {
        guard let slash = rest.firstIndex(of: "/") else { return "" }
        defer { rest = rest[..<slash] }
        return rest[rest.index(after: slash)...]
    }

    private func takeHostAndPort() throws(RedisError) -> RedisURL.Address {
        var host = rest
        var port: Substring?
        if rest.hasPrefix("["), let bracket = rest.firstIndex(of: "]") {
            host = rest[rest.index(after: rest.startIndex)..<bracket]
            let after = rest[rest.index(after: bracket)...]
            if after.hasPrefix(":") { port = after.dropFirst() }
        } else if let colon = rest.lastIndex(of: ":") {
            host = rest[..<colon]
            port = rest[rest.index(after: colon)...]
        }
        guard let port else { return .tcp(host: host.isEmpty ? "localhost" : String(host), port: 6379) }
        guard let number = Int(port), (1...65535).contains(number) else {
            throw Self.fault("port: expected a whole number from 1 to 65535, got \"\(port)\"")
        }
        return .tcp(host: host.isEmpty ? "localhost" : String(host), port: number)
    }

    private func database(_ text: Substring) throws(RedisError) -> Int? {
        let digits = text.drop { $0 == "/" }
        guard !digits.isEmpty else { return nil }
        guard let number = Int(digits), number >= 0 else {
            throw Self.fault("database: expected a whole number from 0, got \"\(digits)\"")
        }
        return number
    }

    /// Reads `db` or `virtual_host`; what redis-py and Celery keep beside them is theirs.
    private func databaseFromQuery(_ query: [Substring]) throws(RedisError) -> Int? {
        let others = ["ssl_", "socket_", "health_check_interval", "retry_", "max_connections", "protocol", "timeout"]
        var number: Int?
        for item in query {
            let key = item.prefix { $0 != "=" }
            let value = item.dropFirst(key.count + 1)
            if key == "db" || key == "virtual_host" {
                number = try database(Substring(try Self.decoded(value, part: String(key))))
            } else if !others.contains(where: { key.hasPrefix($0) }) {
                throw Self.fault("unknown option \"\(key)\", expected db or virtual_host")
            }
        }
        return number
    }

    private static func decoded(_ text: Substring, part: String) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var utf8 = text.utf8[...]
        while let byte = utf8.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard utf8.count >= 2, let value = UInt8(String(Substring(utf8.prefix(2))), radix: 16) else {
                throw fault("\(part): \"%\" must be followed by two hexadecimal digits")
            }
            bytes.append(value)
            utf8 = utf8.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func fault(_ what: String) -> RedisError {
        RedisError(
            .invalidURL, "Redis URL: \(what)",
            hint: "Write redis://user:password@host:6379/0, or unix:///path/to.sock?db=0.")
    }
}
