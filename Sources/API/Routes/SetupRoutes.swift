import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Logging

/// `/api/accounts/initialize-superuser/`: the first administrator, as long as there is none.
///
/// Open to whoever asks from the same machine or network by address; everybody else needs the administrator's token,
/// which the server printed when it started.
struct SetupRoutes: Routes {
    let services: APIServices
    let authenticator: Authenticator
    let hasher: PasswordHasher

    private let path = "/api/accounts/initialize-superuser"

    var endpoints: [Endpoint] {
        let answer = Schema.object(["superuser_exists": Schema.flag], needs: ["superuser_exists"])
        return [
            .get(path, .open, show).described("Whether there is an administrator", .accounts) {
                $0.answers[200] = answer
            },
            .post(path, .open, create).described("Make the first administrator", .accounts) {
                $0.body = Schema.object(
                    ["username": Schema.text, "password": Schema.text, "email": Schema.text, "token": Schema.text],
                    needs: ["username", "password"])
                $0.needsBody = true
                $0.answers[200] = answer
            },
        ]
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        if try await services.catalog.users.hasAdministrator() { return .json(["superuser_exists": true]) }
        return .json([
            "superuser_exists": false, "client_ip": .string(request.peer),
            "setup_allowed": .bool(SetupDoor.isOpen(to: request)),
        ])
    }

    @Sendable private func create(_ request: APIRequest) async throws -> Response {
        guard try await !services.catalog.users.hasAdministrator() else { return .json(["superuser_exists": true]) }
        let object = try await request.jsonObject(limit: 8192)
        guard try await mayCreate(object, request) else {
            throw APIError(
                .forbidden, code: "setup_forbidden",
                "The first administrator is made from the server's own network, or with the administrator's token.",
                hint: "Add \"token\" with what `skirret token` prints on the server.")
        }
        let body = try UserBody.ofAnybody([
            "username": object["username"] ?? "", "password": object["password"] ?? "",
            "email": object["email"] ?? "",
        ])
        guard let password = body.password else {
            throw APIError.badRequest("Username and password are required.", code: "invalid_fields")
        }
        var change = try body.change(over: [:], password: try await hasher.hash(password))
        change.level = .admin
        change.isStaff = true
        change.isSuperuser = true
        // Nil: somebody else was a moment earlier, which is no reason for an error either.
        let user = try await services.catalog.users.insert(change, onlyFirstAdministrator: true)
        if let user { request.logger.notice("Made the first administrator", metadata: ["user": "\(user.username)"]) }
        return .json(["superuser_exists": true])
    }

    private func mayCreate(_ body: JSONObject, _ request: APIRequest) async throws -> Bool {
        if SetupDoor.isOpen(to: request) { return true }
        if let token = body["token"]?.string { return authenticator.isAdminToken(token) }
        return try await authenticator.principal(of: request.headers)?.level ?? .streamer >= .admin
    }
}

/// Whether a caller stands close enough to set the server up without further proof.
enum SetupDoor {
    static func isOpen(to request: APIRequest) -> Bool {
        isOpen(peer: request.peer, host: request.request.head.authority ?? "", headers: request.headers)
    }

    /// - Parameters:
    ///   - peer: The other end of the connection.
    ///   - host: The name by which it reached us, port included.
    ///   - headers: A forwarded request comes from who knows where, whatever it says about that.
    /// - Returns: Whether all three say that it is near.
    static func isOpen(peer: String, host: String, headers: HTTPFields) -> Bool {
        let isForwarded = headers.contains { field in
            let name = field.name.canonicalName
            return name == "forwarded" || name.hasPrefix("x-forwarded-") || name == "x-real-ip" || name == "via"
        }
        // A name that anybody can point at our address would let any page in the network's browsers in.
        return !isForwarded && IPAddress(peer)?.isNear == true && isUnforgeable(host)
    }

    private static func isUnforgeable(_ host: String) -> Bool {
        var name = host.lowercased()
        if name.hasPrefix("[") { return name.contains("]") }
        if let colon = name.lastIndex(of: ":") { name = String(name[..<colon]) }
        return name == "localhost" || IPAddress(name) != nil
    }
}
