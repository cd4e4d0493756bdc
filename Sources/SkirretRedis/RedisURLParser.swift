/// Takes a Redis URL apart, left to right; every complaint names the part at fault and shows no password.
struct RedisURLParser {
    private var rest: Substring

    init(_ text: String) throws(RedisError) {
        rest = try Self.joinedSentinels(text.drop { $0 == " " })
    }

    mutating func parse() throws(RedisError) -> RedisURL {
        let scheme = try takeScheme()
        let query = try RedisURLQuery(takeQuery())
        let login = try takeLogin()
        var url: RedisURL
        switch scheme {
        case "redis", "rediss":
            let path = takePath()
            let place = try Self.place(rest, defaultPort: 6379)
            url = RedisURL(address: .tcp(host: place.host, port: place.port))
            url.database = try RedisURLQuery.database(path) ?? 0
        case "unix", "redis+socket", "socket", "redis+unix":
            guard rest.hasPrefix("/"), rest.count > 1 else {
                throw Self.fault("a unix socket needs an absolute path: unix:///run/redis.sock?db=0")
            }
            url = RedisURL(address: .unix(path: try Self.decoded(rest, part: "path")))
        case "redis+sentinel", "sentinel", "rediss+sentinel":
            let path = takePath()
            url = RedisURL(address: .sentinel(try sentinels(query)))
            url.database = try RedisURLQuery.database(path) ?? 0
        default:
            throw Self.fault("unknown scheme \"\(scheme)\"")
        }
        url.username = login.username
        url.password = login.password
        if let number = query.database { url.database = number }
        if scheme.hasPrefix("rediss") || (scheme == "sentinel" && query.namesTLS) { url.tls = query.tls }
        return url
    }

    /// Celery writes `sentinel://a;sentinel://b/0`; the same with commas is one URL.
    private static func joinedSentinels(_ text: Substring) throws(RedisError) -> Substring {
        let parts = text.split(separator: ";")
        guard parts.count > 1, let first = parts.first, first.lowercased().hasPrefix("sentinel://") else { return text }
        var joined = ""
        var tail: Substring = ""
        for part in parts {
            guard part.lowercased().hasPrefix("sentinel://") else {
                throw fault("expected sentinel://host:port after each semicolon")
            }
            var place = part.dropFirst("sentinel://".count)
            // The login of all is the first one's, as in Celery.
            if !joined.isEmpty, let at = place.lastIndex(of: "@") { place = place[place.index(after: at)...] }
            let slash = Self.afterLogin(place).firstIndex { $0 == "/" || $0 == "?" } ?? place.endIndex
            if place[slash...].count > 1 { tail = place[slash...] }
            joined += (joined.isEmpty ? "" : ",") + place[..<slash]
        }
        return "sentinel://\(joined)\(tail)"
    }

    private static func afterLogin(_ text: Substring) -> Substring {
        text.lastIndex(of: "@").map { text[text.index(after: $0)...] } ?? text
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

    private func sentinels(_ query: RedisURLQuery) throws(RedisError) -> RedisSentinels {
        guard let master = query.master else {
            throw Self.fault("a Sentinel address needs the master's name: …/0?master_name=mymaster")
        }
        var places: [RedisPlace] = []
        for text in rest.split(separator: ",") { places.append(try Self.place(text, defaultPort: 26379)) }
        guard !places.isEmpty else { throw Self.fault("a Sentinel address needs at least one host") }
        return RedisSentinels(
            places: places, master: master, username: query.sentinelUsername, password: query.sentinelPassword)
    }

    private static func place(_ text: Substring, defaultPort: Int) throws(RedisError) -> RedisPlace {
        var host = text
        var port: Substring?
        if text.hasPrefix("["), let bracket = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<bracket]
            let after = text[text.index(after: bracket)...]
            if after.hasPrefix(":") { port = after.dropFirst() }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let name = host.isEmpty ? "localhost" : String(host)
        guard let port else { return RedisPlace(host: name, port: defaultPort) }
        guard let number = Int(port), (1...65535).contains(number) else {
            throw Self.fault("port: expected a whole number from 1 to 65535, got \"\(port)\"")
        }
        return RedisPlace(host: name, port: number)
    }

    static func decoded(_ text: Substring, part: String) throws(RedisError) -> String {
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

    static func fault(_ what: String) -> RedisError {
        RedisError(
            .invalidURL, "Redis URL: \(what)",
            hint: "Write redis://user:password@host:6379/0, unix:///path/to.sock?db=0, "
                + "or redis+sentinel://host:26379,host:26379/0?master_name=mymaster.")
    }
}
