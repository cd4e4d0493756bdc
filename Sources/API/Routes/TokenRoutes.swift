import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import SkirretRedis

/// `/api/accounts/token/` and its like: how Dispatcharr's clients sign in and out.
struct TokenRoutes: Routes {
    let authenticator: Authenticator
    let login: Login

    private let path = "/api/accounts"

    var endpoints: [Endpoint] {
        [
            .post("\(path)/token", .open, obtain).described("Sign in for tokens", .accounts) { $0.tradesPassword() },
            .post("\(path)/auth/login", .open, obtain).described("Sign in for tokens", .accounts) {
                $0.tradesPassword()
            },
            .post("\(path)/token/refresh", .open, refresh).described(
                "Trade a refresh token for an access token", .accounts
            ) {
                $0.body = Schema.object(["refresh": Schema.text], needs: ["refresh"])
                $0.needsBody = true
                $0.answers[200] = Schema.object(["access": Schema.text], needs: ["access"])
            },
            .post("\(path)/auth/logout", .signedIn, signOut).described("Sign out", .accounts) {
                $0.answers[200] = Schema.object(["message": Schema.text], needs: ["message"])
            },
        ]
    }

    @Sendable private func obtain(_ request: APIRequest) async throws -> Response {
        let user = try await login.user(try await request.jsonObject(limit: 8192), for: request)
        let owner = Session.Owner.user(user.id, stamp: authenticator.stamp(of: user))
        let session = try await authenticator.sessions.create(owner, lifetime: WebToken.Kind.refresh.lifetime)
        return pair(user.id, session, turn: 0)
    }

    /// Gives a new access token and a new refresh token; whoever keeps the old refresh token may go on with that one.
    @Sendable private func refresh(_ request: APIRequest) async throws -> Response {
        guard let text = try await request.jsonObject(limit: 8192)["refresh"]?.string else {
            throw APIError.badRequest("refresh: this field is required", code: "invalid_fields")
        }
        guard let token = authenticator.signer.read(text, as: .refresh),
            let session = try await authenticator.sessions.find(token.session),
            let user = try await authenticator.user(of: session), user.id == token.userID,
            try await authenticator.sessions.spend(turn: token.turn, of: token.session)
        else { throw APIError.tokenNotValid }
        return pair(user.id, token.session, turn: token.turn + 1)
    }

    /// Ends the session of the token or cookie that asks, with all its tokens and sockets.
    @Sendable private func signOut(_ request: APIRequest) async throws -> Response {
        guard let principal = request.context.principal else { throw APIError.notAuthenticated }
        if let session = principal.session { try await authenticator.sessions.end(session) }
        try await login.note("logout", principal.name, request)
        return .json(["message": "Logout successful"])
    }

    private func pair(_ user: Int, _ session: SessionID, turn: Int) -> Response {
        let signer = authenticator.signer
        return .json([
            "access": .string(signer.text(of: WebToken(.access, user: user, session: session))),
            "refresh": .string(signer.text(of: WebToken(.refresh, user: user, session: session, turn: turn))),
        ])
    }
}

extension APIError {
    static let tokenNotValid = APIError(
        .unauthorized, code: "token_not_valid", "Token is invalid or expired", hint: "Sign in again.",
        headers: [.wwwAuthenticate: "Bearer"])
}

extension Operation {
    /// A name and a password for tokens.
    fileprivate mutating func tradesPassword() {
        body = Schema.object(["username": Schema.text, "password": Schema.text], needs: ["username", "password"])
        needsBody = true
        answers[200] = Schema.object(["access": Schema.text], needs: ["access"])
    }
}
