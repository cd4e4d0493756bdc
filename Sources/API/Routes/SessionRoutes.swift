import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Logging

/// `/api/auth/session/`: the web app trades a name and a password, or the administrator's token, for a cookie.
struct SessionRoutes: Routes {
    let authenticator: Authenticator
    let login: Login
    /// Wrong tokens by address: ten, then one every six seconds.
    private let failures = RequestBudget(burst: 10, perSecond: 1.0 / 6)

    init(authenticator: Authenticator, login: Login) {
        self.authenticator = authenticator
        self.login = login
    }

    private let path = "/api/auth/session"
    private static let state = Schema.success(["authenticated": Schema.flag])

    var endpoints: [Endpoint] {
        [
            .post(path, .open, signIn).described(
                "Trade a name and a password, or the token, for a session cookie", .server
            ) {
                $0.body = Schema.object(
                    ["username": Schema.text, "password": Schema.text, "token": Schema.text],
                    needsOneOf: ["token", "username"])
                $0.needsBody = true
                $0.answers[200] = Self.state
            },
            .get(path, .open, show).described("Who is signed in", .server) { $0.answers[200] = Self.state },
            .delete(path, .signedIn, signOut).described("Sign out", .server) { $0.answers[200] = Schema.success() },
        ]
    }

    @Sendable private func signIn(_ request: APIRequest) async throws -> Response {
        let body = try await request.jsonObject(limit: 8192)
        let owner: Session.Owner
        let principal: (SessionID) -> Principal
        if let token = body["token"]?.string {
            try requireAdminToken(token, request)
            owner = .adminToken
            principal = { .administrator(.session($0, remaining: SessionStore.lifetime)) }
        } else {
            let user = try await login.user(body, for: request)
            owner = .user(user.id, stamp: authenticator.stamp(of: user))
            principal = { .user(user, .session($0, remaining: SessionStore.lifetime)) }
        }
        // A session from before the sign-in is never carried over.
        if let old = Authenticator.sessionID(in: request.headers) { try await authenticator.sessions.end(old) }
        let id = try await authenticator.sessions.create(owner)
        var response = answer(principal(id))
        response.setCookie(SessionCookie.make(id, for: request))
        return response
    }

    private func requireAdminToken(_ token: String, _ request: APIRequest) throws(APIError) {
        guard !authenticator.isAdminToken(token) else { return }
        try failures.spend(request.peer)
        request.logger.notice("Refused a sign-in", metadata: ["peer": "\(request.peer)"])
        throw APIError(
            .unauthorized, code: "wrong_token", "This token is not known.",
            hint: "The administrator's token is printed at the first start and kept in the data folder.")
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        // Not a 401: the web app asks this first of all, and not being signed in is no error.
        guard let principal = try await authenticator.principal(of: request.headers) else {
            return .success(["authenticated": false])
        }
        return answer(principal)
    }

    @Sendable private func signOut(_ request: APIRequest) async throws -> Response {
        if let principal = request.context.principal, let session = principal.session {
            try await authenticator.sessions.end(session)
            try await login.note("logout", principal.name, request)
        }
        var response = Response.success()
        response.setCookie(SessionCookie.removal(for: request))
        return response
    }

    private func answer(_ principal: Principal) -> Response {
        var body: JSONObject = [
            "authenticated": true,
            "user": [
                "id": JSONValue(principal.userID), "name": .string(principal.name),
                "level": .int(principal.level.rawValue),
            ],
        ]
        if case .session(_, let remaining) = principal.credential {
            body["expires_in"] = .int(Int(remaining.components.seconds))
        }
        return .success(body)
    }
}

extension APIRequest {
    /// The caller's address: of the other end of the connection, or what a trusted proxy says.
    ///
    /// Headers of anybody else that name another prove nothing.
    var peer: String { context.client ?? context.channel.remoteAddress?.ipAddress ?? "local" }
}
