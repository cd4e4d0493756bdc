import CeleryProtocol
import FoundationEssentials

/// How a refresh gets at a token: one that was kept, as long as it is good, else a new log-in.
extension DirectRefresh {
    /// A token is not begun to be used when so little of it is left, so that it lasts for the whole refresh.
    private static let leastLeft = 3600.0
    /// For a service that does not say.
    private static let usualLife = 86_400.0

    /// A server that takes questions, and its answer to `status`, the first of them.
    func logIn(_ source: DirectSource) async throws -> (DirectServer, JSONValue) {
        let digest = SHA256.hexadecimal(Array("\(source.username)\0\(source.password)".utf8))
        let credentials = SHA256.hexadecimal(Array("\(source.address ?? "")\0\(digest)".utf8))
        if let token = try await store.directToken(source: source.id), token.credentials == credentials,
            token.expires.timeIntervalSince(now) > Self.leastLeft,
            let known = try await ask(with: token, source)
        {
            return known
        }
        var server = DirectServer(base: source.address ?? Self.address, options: options, logger: logger)
        try await logIn(&server, source, digest, credentials: credentials)
        return (server, try await server.ask("status"))
    }

    /// Nil when the service does not know the token any more; a token that is refused costs one question, no log-in.
    private func ask(with token: DirectToken, _ source: DirectSource) async throws -> (DirectServer, JSONValue)? {
        var server = DirectServer(base: source.address ?? Self.address, options: options, logger: logger)
        server.token = token.text
        do {
            let status = try await server.ask("status")
            if let refusal = DirectRefusal(status) { throw refusal }
            return (server, status)
        } catch let refusal as DirectRefusal where refusal.isAboutToken {
            try await store.keep(nil, source: source.id)
            return nil
        } catch let refusal as DirectRefusal where refusal.isSoft {
            throw Rest.idle(refusal.message)
        }
    }

    private func logIn(
        _ server: inout DirectServer, _ source: DirectSource, _ digest: String, credentials: String
    ) async throws {
        let properties = source.properties
        let isLockedOut = properties["sd_auth_lockout"]?.bool == true
        if isLockedOut, properties["sd_auth_lockout_credential_fp"]?.string == digest,
            let until = properties["sd_auth_lockout_until"]?.string.flatMap(Self.date), now < until
        {
            let reason = properties["sd_auth_lockout_reason"]?.string ?? "Schedules Direct authentication is blocked."
            let message = "\(reason) \(DirectMessages.noRetry)"
            if let code = properties["sd_auth_lockout_code"]?.int, code == 3000 || code == 3001 {
                throw Rest.idle(message)
            }
            throw RefreshError(code: .download, message: message)
        }
        let expires: Date?
        do {
            expires = try await server.logIn(
                username: source.username, passwordDigest: SHA1.hexadecimal(Array(source.password.utf8)))
        } catch let refusal as DirectRefusal {
            guard let lockout = refusal.lockout else { throw refusal }
            try await store.note(
                [
                    "sd_auth_lockout": true, "sd_auth_lockout_code": .int(refusal.code),
                    "sd_auth_lockout_reason": .string(refusal.message),
                    "sd_auth_lockout_until": .string(
                        now.addingTimeInterval(lockout / .seconds(1)).formatted(.iso8601)),
                    "sd_auth_lockout_credential_fp": .string(digest),
                ], source: source.id)
            let message = "\(refusal.message) \(DirectMessages.noRetry)"
            throw refusal.isSoft ? Rest.idle(message) : RefreshError(code: .download, message: message)
        }
        if isLockedOut {
            try await store.note(
                [
                    "sd_auth_lockout": nil, "sd_auth_lockout_code": nil, "sd_auth_lockout_reason": nil,
                    "sd_auth_lockout_until": nil, "sd_auth_lockout_credential_fp": nil,
                ], source: source.id)
        }
        if let text = server.token {
            let token = DirectToken(
                text: text, credentials: credentials, expires: expires ?? now.addingTimeInterval(Self.usualLife))
            try await store.keep(token, source: source.id)
        }
    }

    /// `2026-11-22T18:30:00Z`, also with an offset, as Python writes it.
    private static func date(_ text: String) -> Date? {
        let whole = text.prefix { $0 != "." && $0 != "+" && $0 != "Z" }
        return DirectAiring.date(whole + "Z")
    }
}
