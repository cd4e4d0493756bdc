import Catalog
import HTTPTypes
import Hummingbird
import SkirretRedis

/// Tells who a request comes from.
struct Authenticator: Sendable {
    static let cookieName = "skirret_session"
    /// Longer is nobody's credential, and not worth looking at.
    private static let longestCredential = 2048

    private let adminToken: [UInt8]
    private let signingKey: [UInt8]
    private let users: UserTable
    let signer: WebTokenSigner
    let sessions: SessionStore

    init(adminToken: String, signingKey: [UInt8], users: UserTable, sessions: SessionStore) {
        self.adminToken = Array(adminToken.utf8)
        self.signingKey = signingKey
        self.users = users
        self.signer = WebTokenSigner(key: signingKey)
        self.sessions = sessions
    }

    /// Looks at `Authorization`, then `X-API-Key`, then the cookie.
    ///
    /// The first that is there decides.
    ///
    /// - Throws: ``APIError`` 401 for a credential that is there and wrong; what the database and Redis throw when
    ///   they cannot be read.
    func principal(of headers: HTTPFields) async throws -> Principal? {
        if let header = headers[.authorization] {
            guard let (scheme, credential) = Self.parts(ofAuthorization: header) else {
                throw APIError.notAuthenticated
            }
            return try require(await scheme == .bearer ? principal(token: credential) : principal(key: credential))
        }
        if let key = headers[.apiKey] { return try require(await principal(key: key)) }
        guard let id = Self.sessionID(in: headers), let session = try await sessions.find(id) else { return nil }
        return try await principal(of: session, .session(id, remaining: session.remaining))
    }

    /// Whose bearer token this is: the administrator's, or an access token.
    ///
    /// Nil: nobody's. Two readings for an access token, of its session and of the person.
    func principal(token: String) async throws -> Principal? {
        if isAdminToken(token) { return .administrator() }
        guard let token = signer.read(token, as: .access), let session = try await sessions.find(token.session),
            case .user(token.userID, _) = session.owner
        else { return nil }
        return try await principal(of: session, .access(token.session, remaining: token.remaining()))
    }

    /// Whose API key this is.
    ///
    /// Nil: nobody's.
    func principal(key: String) async throws -> Principal? {
        if isAdminToken(key) { return .administrator() }
        let forms = APIKey.forms(of: key)
        guard let user = try await users.find(apiKeyForms: forms), user.isActive else { return nil }
        // Dispatcharr's row, with the key itself in it.
        if user.apiKey != forms.first { try await users.setAPIKey(user.id, forms.first) }
        return .user(user, .key(stored: forms[0]))
    }

    /// Whose key has this form in the table; nil when it is nobody's any more.
    func user(withStoredKey form: String) async throws -> UserRow? {
        guard let user = try await users.find(apiKeyForms: [form]), user.isActive else { return nil }
        return user
    }

    func isAdminToken(_ text: String) -> Bool {
        let given = Array(text.utf8.prefix(Self.longestCredential + 1))
        return given.count <= Self.longestCredential && Digest.areEqual(given, adminToken)
    }

    /// What a session remembers of a person's password, so that the next password ends it.
    func stamp(of user: UserRow) -> String {
        let message = Array("password \(user.id) \(user.password)".utf8)
        return Array(Digest.authenticationCode(of: message, key: signingKey).prefix(16)).hexadecimal
    }

    /// The person behind a session, unless something about them has changed since.
    func user(of session: Session) async throws -> UserRow? {
        guard case .user(let id, let stamp) = session.owner, let user = try await users.find(id), user.isActive,
            self.stamp(of: user) == stamp
        else { return nil }
        return user
    }

    static func sessionID(in headers: HTTPFields) -> SessionID? {
        Cookies(from: headers[values: .cookie])[cookieName].flatMap { SessionID(rawValue: $0.value) }
    }

    private func principal(of session: Session, _ credential: Principal.Credential) async throws -> Principal? {
        guard session.owner != .adminToken else { return .administrator(credential) }
        return try await user(of: session).map { .user($0, credential) }
    }

    private func require(_ principal: Principal?) throws(APIError) -> Principal {
        guard let principal else { throw .notAuthenticated }
        return principal
    }

    private enum Scheme: String {
        case bearer
        case apikey
    }

    /// `Bearer <token>`, or Dispatcharr's `ApiKey <key>`.
    private static func parts(ofAuthorization header: String) -> (Scheme, String)? {
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, let scheme = Scheme(rawValue: parts[0].lowercased()) else { return nil }
        return (scheme, parts[1].trimmingSpaces)
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
