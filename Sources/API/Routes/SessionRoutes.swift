import CeleryProtocol
import HTTPTypes
import Hummingbird
import Logging

/// `/api/auth/session/`: the web app trades the token for a cookie that scripts cannot read.
struct SessionRoutes: Routes {
    let authenticator: Authenticator
    /// Sign-ins that failed, by address: ten, then one every six seconds.
    private let failures = RequestBudget(burst: 10, perSecond: 1.0 / 6)

    init(authenticator: Authenticator) { self.authenticator = authenticator }

    private let path = "/api/auth/session"

    var endpoints: [Endpoint] {
        [
            .post(path, .open, signIn),
            .get(path, .open, show),
            .delete(path, .admin, signOut),
        ]
    }

    @Sendable private func signIn(_ request: APIRequest) async throws -> Response {
        guard let token = try await request.jsonObject(limit: 4096)["token"]?.string else {
            throw APIError.badRequest("Missing 'token'", code: "missing_token")
        }
        guard authenticator.principal(token: token) != nil else {
            try failures.spend(request.peer)
            request.logger.notice("Refused a sign-in", metadata: ["peer": "\(request.peer)"])
            throw APIError(
                .unauthorized, code: "wrong_token", "This token is not known.",
                hint: "The administrator's token is printed at the first start and kept in the data folder.")
        }
        // A session from before the sign-in is never carried over.
        if let old = Authenticator.sessionID(in: request.headers) { try await authenticator.sessions.end(old) }
        let id = try await authenticator.sessions.create()
        return answer(Principal(name: "admin", credential: .session(id, remaining: SessionStore.lifetime)), cookie: id)
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        // Not a 401: the web app asks this first of all, and not being signed in is no error.
        guard let principal = try await authenticator.principal(of: request.headers) else {
            return .success(["authenticated": false])
        }
        return answer(principal, cookie: nil)
    }

    @Sendable private func signOut(_ request: APIRequest) async throws -> Response {
        if case .session(let id, _)? = request.context.principal?.credential {
            try await authenticator.sessions.end(id)
        }
        var response = Response.success()
        response.setCookie(Self.cookie("", maxAge: 0))
        return response
    }

    private func answer(_ principal: Principal, cookie id: SessionID?) -> Response {
        var body: JSONObject = ["authenticated": true, "user": ["name": .string(principal.name), "level": 10]]
        if case .session(_, let remaining) = principal.credential {
            body["expires_in"] = .int(Int(remaining.components.seconds))
        }
        var response = Response.success(body)
        if let id {
            response.setCookie(Self.cookie(id.rawValue, maxAge: Int(SessionStore.lifetime.components.seconds)))
        }
        return response
    }

    /// Not `Secure`: on a home network the server is reached by plain HTTP, and a cookie that never comes back helps nobody.
    private static func cookie(_ value: String, maxAge: Int) -> Cookie {
        Cookie(
            name: Authenticator.cookieName, value: value, maxAge: maxAge, path: "/", secure: false, httpOnly: true,
            sameSite: .strict)
    }
}

extension APIRequest {
    /// The address at the other end of the connection.
    ///
    /// Headers that name another prove nothing.
    var peer: String { context.channel.remoteAddress?.ipAddress ?? "local" }
}
