import Catalog
import CeleryProtocol
import Hummingbird
import Logging

/// From a name and a password to a person.
struct Login: Sendable {
    /// Longer than any password that is typed or made; hashing more would be work for nothing.
    static let mostPasswordBytes = 1024

    let users: UserTable
    let events: SystemEventTable
    let hasher: PasswordHasher
    let throttle: LoginThrottle

    /// The person, if the name and the password are theirs.
    ///
    /// A wrong name takes as long as a wrong password, and is answered the same.
    ///
    /// - Throws: 401; 429 when there were too many attempts; 503 when too many are signing in.
    func user(_ username: String, _ password: String, for request: APIRequest) async throws -> UserRow {
        let attempt = try await throttle.spend(username: username, address: request.peer)
        let user = try await find(username)
        let isRight = try await hasher.verify(String(password.prefix(Self.mostPasswordBytes)), against: user?.password)
        guard let user, isRight, user.isActive, password.utf8.count <= Self.mostPasswordBytes else {
            try await note("login_failed", username, request, reason: "Invalid credentials")
            throw APIError.wrongPassword
        }
        try await throttle.succeeded(attempt)
        let better = hasher.isOutdated(user.password) ? try await hasher.hash(password) : nil
        try await users.noteLogin(user, reencoded: better)
        try await note("login_success", username, request)
        // Read again: what sessions remember of the password is its new form.
        guard let now = try await users.find(user.id) else { throw APIError.wrongPassword }
        return now
    }

    /// Reads `username` and `password` from a body.
    func user(_ body: JSONObject, for request: APIRequest) async throws -> UserRow {
        var reader = FieldReader(body)
        for name in ["username", "password"] where (body[name]?.string ?? "").isEmpty {
            reader.fault("\(name): this field is required")
        }
        try reader.finish()
        return try await user(body["username"]?.string ?? "", body["password"]?.string ?? "", for: request)
    }

    /// Dispatcharr's own words for its log.
    func note(_ type: String, _ username: String, _ request: APIRequest, reason: String? = nil) async throws {
        let username = String(username.prefix(150))
        var details: JSONObject = [
            "user": .string(username), "client_ip": .string(request.peer),
            "user_agent": .string(String((request.headers[.userAgent] ?? "unknown").prefix(300))),
        ]
        details["reason"] = reason.map(JSONValue.string)
        try await events.insert(type, details: details)
        request.logger.notice(
            "Sign-in", metadata: ["event": "\(type)", "user": "\(username)", "peer": "\(request.peer)"])
    }

    private func find(_ username: String) async throws -> UserRow? {
        // A zero byte would end the text early for SQLite, but not for us.
        guard (1...600).contains(username.utf8.count), !username.utf8.contains(0) else { return nil }
        return try await users.find(username: username)
    }
}

extension APIError {
    static let wrongPassword = APIError(
        .unauthorized, code: "no_active_account", "No active account found with the given credentials",
        hint: "Names and passwords tell upper and lower case apart.", headers: [.wwwAuthenticate: "Bearer"])
}
