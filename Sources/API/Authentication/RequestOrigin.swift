import HTTPTypes

/// Where a browser says a request comes from, judged against where it was sent.
///
/// A program sends neither header. A browser sends `Origin` with everything unsafe and with every WebSocket,
/// and `Sec-Fetch-Site` with everything.
struct RequestOrigin: Sendable {
    enum Verdict: Equatable {
        /// No browser has spoken.
        case unstated
        case ours
        case foreign
    }

    let verdict: Verdict

    /// Judges; `trusted` are further origins, `https://name[:port]`, under which a proxy shows us.
    init(_ headers: HTTPFields, host: String?, trusted: Set<String> = []) {
        if let site = headers[.secFetchSite], site != "same-origin", site != "none" {
            verdict = .foreign
        } else if let origin = headers[.origin] {
            let isOurs = trusted.contains(origin) || (host.map { Self.names(origin, host: $0) } ?? false)
            verdict = isOurs ? .ours : .foreign
        } else {
            verdict = .unstated
        }
    }

    /// Whether an origin is `http://host` or `https://host`, port included, compared whole.
    private static func names(_ origin: String, host: String) -> Bool {
        let origin = origin.lowercased()
        let host = host.lowercased()
        return !host.isEmpty && (origin == "http://" + host || origin == "https://" + host)
    }
}
