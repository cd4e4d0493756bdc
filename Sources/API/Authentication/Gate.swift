import Catalog
import HTTPTypes
import Hummingbird
import Relay

/// What every request passes before its route: who are you, may you, and did you mean to.
struct Gate: Sendable {
    let authenticator: Authenticator
    let trustedOrigins: Set<String>
    let networks: NetworkAccess
    /// What one credential may change.
    ///
    /// Reading is cheap, and not counted.
    let changes: RequestBudget

    /// Lets a request in or throws 401 or 403.
    ///
    /// - Returns: Who it is; nil only on open endpoints.
    func admit(_ request: Request, access: Access) async throws -> Principal? {
        let origin = RequestOrigin(request.headers, host: request.head.authority, trusted: trustedOrigins)
        let isUnsafe = ![.get, .head, .options].contains(request.method)
        if isUnsafe, origin.verdict == .foreign { throw APIError.crossSite }
        guard let level = access.level else { return nil }
        guard let principal = try await authenticator.principal(of: request.headers) else {
            throw APIError.notAuthenticated
        }
        // The cookie alone proves nothing: the browser must say that the page was ours.
        if isUnsafe, principal.isCookie, origin.verdict != .ours { throw APIError.crossSite }
        guard principal.level >= level else { throw APIError.notAllowed }
        if isUnsafe { try changes.spend(principal.identity) }
        return principal
    }

    /// The same for a WebSocket upgrade, where the browser asks for nobody's consent.
    ///
    /// - Returns: Who it is; nil when the first frame has yet to say.
    func admitSocket(
        _ headers: HTTPFields, host: String?, token: String?, from client: String
    ) async throws -> Principal? {
        try await networks.admit(client)
        let origin = RequestOrigin(headers, host: host, trusted: trustedOrigins)
        guard origin.verdict != .foreign else { throw APIError.crossSite }
        if let token {
            guard let principal = try await authenticator.principal(token: token) else {
                throw APIError.notAuthenticated
            }
            return try listener(principal, from: client)
        }
        guard let principal = try await authenticator.principal(of: headers) else { return nil }
        if principal.isCookie, origin.verdict != .ours { throw APIError.crossSite }
        return try listener(principal, from: client)
    }

    /// The same for a token in a socket's first frame.
    ///
    /// Nil: nobody who may listen.
    func listener(token: String, from client: String) async throws -> Principal? {
        try await authenticator.principal(token: token).map { try listener($0, from: client) }
    }

    /// Events tell about everything that readers may read.
    private func listener(_ principal: Principal, from client: String) throws(APIError) -> Principal {
        try networks.admit(principal, from: client)
        guard principal.level >= .standard else { throw .notAllowed }
        return principal
    }
}
