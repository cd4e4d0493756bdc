import HTTPTypes
import Hummingbird
import SkirretRedis

/// Tells who a request comes from.
struct Authenticator: Sendable {
    static let cookieName = "skirret_session"
    /// Longer is nobody's token, and not worth comparing.
    private static let longestToken = 512

    private let adminToken: [UInt8]
    let sessions: SessionStore

    init(adminToken: String, sessions: SessionStore) {
        self.adminToken = Array(adminToken.utf8)
        self.sessions = sessions
    }

    /// Looks at `Authorization`, then `X-API-Key`, then the cookie.
    ///
    /// The first that is there decides.
    ///
    /// - Throws: ``APIError`` 401 for a credential that is there and wrong, `RedisError` when sessions cannot be read.
    func principal(of headers: HTTPFields) async throws -> Principal? {
        if let header = headers[.authorization] { return try require(Self.token(inAuthorization: header)) }
        if let key = headers[.apiKey] { return try require(key) }
        guard let id = Self.sessionID(in: headers) else { return nil }
        guard let remaining = try await sessions.remaining(id) else { return nil }
        return Principal(name: "admin", credential: .session(id, remaining: remaining))
    }

    /// Whose token this is.
    ///
    /// Nil: nobody's.
    func principal(token: String) -> Principal? {
        let given = Array(token.utf8.prefix(Self.longestToken + 1))
        guard given.count <= Self.longestToken, Self.areEqual(given, adminToken) else { return nil }
        return Principal(name: "admin", credential: .token)
    }

    static func sessionID(in headers: HTTPFields) -> SessionID? {
        Cookies(from: headers[values: .cookie])[cookieName].flatMap { SessionID(rawValue: $0.value) }
    }

    private func require(_ token: String?) throws(APIError) -> Principal {
        guard let principal = token.flatMap(principal(token:)) else { throw .notAuthenticated }
        return principal
    }

    /// `Bearer <token>`, or Dispatcharr's `ApiKey <token>`.
    private static func token(inAuthorization header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, ["bearer", "apikey"].contains(parts[0].lowercased()) else { return nil }
        return parts[1].trimmingSpaces
    }

    /// Takes as long for a wrong first byte as for a wrong last one.
    ///
    /// Only the length shows, and that is no secret.
    private static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count, !right.isEmpty else { return false }
        return zip(left, right).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
