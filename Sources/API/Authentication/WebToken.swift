import CeleryProtocol
import Foundation

/// A JSON Web Token as simplejwt makes them for Dispatcharr's clients: HS256, five claims, and two of ours.
///
/// Ours say which session the token belongs to (`sid`) and, in a refresh token, which of the session's turns it is
/// (`turn`).
struct WebToken: Equatable {
    enum Kind: String {
        case access
        case refresh

        /// As Dispatcharr sets them.
        var lifetime: Duration { self == .access ? .seconds(30 * 60) : .seconds(86_400) }
    }

    let kind: Kind
    let userID: Int
    let session: SessionID
    /// How many refresh tokens came before it in its session.
    ///
    /// 0 in access tokens.
    var turn = 0
    let expiresAtUnixSeconds: Int

    init(_ kind: Kind, user: Int, session: SessionID, turn: Int = 0, now: Date = Date()) {
        self.kind = kind
        self.userID = user
        self.session = session
        self.turn = turn
        expiresAtUnixSeconds = Int(now.timeIntervalSince1970) + Int(kind.lifetime.components.seconds)
    }

    /// How long it remains good.
    func remaining(now: Date = Date()) -> Duration {
        .seconds(max(0, expiresAtUnixSeconds - Int(now.timeIntervalSince1970)))
    }
}

/// Signs tokens and reads them back.
struct WebTokenSigner: Sendable {
    /// Between the clocks of two machines that share a database.
    private static let skewSeconds = 10
    /// Ours have about 400.
    private static let mostBytes = 2048

    private let key: [UInt8]

    /// - Parameter key: 32 random bytes; whoever has them can be anybody.
    init(key: [UInt8]) {
        precondition(key.count >= Digest.length, "a signing key of \(key.count) bytes can be guessed")
        self.key = key
    }

    func text(of token: WebToken, now: Date = Date()) -> String {
        var claims: JSONObject = [
            "token_type": .string(token.kind.rawValue), "exp": .int(token.expiresAtUnixSeconds),
            "iat": .int(Int(now.timeIntervalSince1970)), "jti": .string([UInt8].random(16).hexadecimal),
            "user_id": .string(String(token.userID)), "sid": .string(token.session.rawValue),
        ]
        if token.kind == .refresh { claims["turn"] = .int(token.turn) }
        let header = Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8).base64URL
        let message = header + "." + JSONValue.object(claims).encoded().base64URL
        return message + "." + Digest.authenticationCode(of: Array(message.utf8), key: key).base64URL
    }

    /// Reads a token.
    ///
    /// The signature is looked at first, and always as HMAC with our key: what the header says about algorithms and
    /// keys chooses nothing.
    ///
    /// - Returns: Nil for anything that is not wholly ours, of this kind and of this time.
    func read(_ text: String, as kind: WebToken.Kind, now: Date = Date()) -> WebToken? {
        guard text.utf8.count <= Self.mostBytes else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = [UInt8](base64URL: parts[2]) else { return nil }
        let message = Array("\(parts[0]).\(parts[1])".utf8)
        guard Digest.areEqual(signature, Digest.authenticationCode(of: message, key: key)) else { return nil }
        guard let header = Self.object(parts[0]), header["alg"] == "HS256", header["crit"] == nil,
            let claims = Self.object(parts[1])
        else { return nil }
        return token(claims, as: kind, at: Int(now.timeIntervalSince1970))
    }

    private func token(_ claims: JSONObject, as kind: WebToken.Kind, at now: Int) -> WebToken? {
        // We address nobody: a token that names an audience or an issuer was made for another purpose.
        guard claims["aud"] == nil, claims["iss"] == nil, claims["token_type"] == .string(kind.rawValue),
            let expires = claims["exp"]?.int, now < expires + Self.skewSeconds,
            Self.isPast(claims["nbf"], now), Self.isPast(claims["iat"], now),
            // simplejwt wrote the number as a number before 5.4.
            let user = claims["user_id"]?.int ?? claims["user_id"]?.string.flatMap(Int.init),
            let session = claims["sid"]?.string.flatMap(SessionID.init(rawValue:))
        else { return nil }
        return WebToken(
            kind, user: user, session: session, turn: claims["turn"]?.int ?? 0, expiresAtUnixSeconds: expires)
    }

    private static func isPast(_ claim: JSONValue?, _ now: Int) -> Bool {
        guard let claim else { return true }
        guard let instant = claim.int else { return false }
        return instant <= now + skewSeconds
    }

    private static func object(_ part: Substring) -> JSONObject? {
        // try?: what is signed and still no JSON is as good as not signed.
        [UInt8](base64URL: part).flatMap { try? JSONValue(parsing: $0) }?.object
    }
}

extension WebToken {
    fileprivate init(_ kind: Kind, user: Int, session: SessionID, turn: Int, expiresAtUnixSeconds: Int) {
        self.kind = kind
        self.userID = user
        self.session = session
        self.turn = turn
        self.expiresAtUnixSeconds = expiresAtUnixSeconds
    }
}
