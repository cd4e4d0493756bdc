import HTTPTypes
import Hummingbird

/// The cookie that names a browser's session.
enum SessionCookie {
    /// A cookie that scripts cannot read and other sites cannot send.
    ///
    /// `Secure` when the page came over TLS, which its `Origin` tells; without TLS, on a home network, such a cookie
    /// would never come back.
    static func make(_ id: SessionID, for request: APIRequest) -> Cookie {
        cookie(id.rawValue, maxAge: Int(SessionStore.lifetime.components.seconds), request)
    }

    /// Takes the cookie away.
    static func removal(for request: APIRequest) -> Cookie { cookie("", maxAge: 0, request) }

    private static func cookie(_ value: String, maxAge: Int, _ request: APIRequest) -> Cookie {
        let isEncrypted = request.headers[.origin]?.lowercased().hasPrefix("https://") == true
        return Cookie(
            name: Authenticator.cookieName, value: value, maxAge: maxAge, path: "/", secure: isEncrypted,
            httpOnly: true, sameSite: .strict)
    }
}
