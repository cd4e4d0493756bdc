import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird

/// `/api/accounts/users/`: people, for administrators; and oneself, for everybody.
struct UserRoutes: Routes {
    let services: APIServices
    let authenticator: Authenticator
    let hasher: PasswordHasher
    let listeners: ListenerWatch

    private let path = "/api/accounts/users"
    private static let person = Schema.object(["id": Schema.any, "username": Schema.text], needs: ["id", "username"])

    var endpoints: [Endpoint] {
        [
            .get("\(path)/me", .signedIn, showOneself).described("Oneself", .accounts) {
                $0.answers[200] = Self.person
            },
            .patch("\(path)/me", .signedIn, changeOneself).described("Change oneself", .accounts) {
                $0.body = Schema.anyObject
                $0.answers[200] = Self.person
            },
            .get(path, .admin, list).described("All people", .accounts) {
                $0.answers[200] = Schema.list(of: Self.person)
            },
            .post(path, .admin, create).described("Add a person", .accounts) {
                $0.body = Schema.object(
                    ["username": Schema.text, "password": Schema.text], needs: ["username", "password"])
                $0.needsBody = true
                $0.answers[201] = Self.person
            },
            .get("\(path)/:id", .admin, show).described("One person", .accounts) { $0.answers[200] = Self.person },
            .put("\(path)/:id", .admin, update).described("Change a person", .accounts) {
                $0.body = Schema.anyObject
                $0.answers[200] = Self.person
            },
            .patch("\(path)/:id", .admin, update).described("Change a person", .accounts) {
                $0.body = Schema.anyObject
                $0.answers[200] = Self.person
            },
            .delete("\(path)/:id", .admin, delete).described("Remove a person", .accounts) { $0.answers[204] = .null },
        ]
    }

    private var table: UserTable { services.catalog.users }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        .json(.array(try await table.all().map(\.json)))
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        .json(try await find(request.id()).json)
    }

    @Sendable private func create(_ request: APIRequest) async throws -> Response {
        let body = try UserBody.ofAnybody(try await request.jsonObject())
        guard body.change.username != nil, let password = body.password else {
            throw APIError.badRequest("username, password: both are required", code: "invalid_fields")
        }
        let change = try body.change(over: [:], password: try await hasher.hash(password))
        guard let user = try await table.insert(change) else { throw APIError.internalError }
        return .json(user.json, status: .created)
    }

    @Sendable private func update(_ request: APIRequest) async throws -> Response {
        let body = try UserBody.ofAnybody(try await request.jsonObject())
        let before = try await find(request.id())
        try NetworkLists.refuseLockOut(body.properties, ofUser: before.id, for: request)
        let (user, _) = try await apply(body, to: before)
        return .json(user.json)
    }

    /// Their sessions end with them.
    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        let id = try request.id()
        guard request.context.principal?.userID != id else {
            throw APIError(.forbidden, code: "own_account", "You cannot delete your own account.")
        }
        try await table.delete(id)
        try await authenticator.sessions.closeSockets(ofUser: id)
        return Response(status: .noContent)
    }

    // MARK: Oneself

    @Sendable private func showOneself(_ request: APIRequest) async throws -> Response {
        guard let id = request.context.principal?.userID else {
            // The administrator's token is nobody, and clients ask who they are before anything else.
            return .json(["id": .null, "username": "admin", "user_level": 10, "custom_properties": [:]])
        }
        return .json(try await find(id).json)
    }

    @Sendable private func changeOneself(_ request: APIRequest) async throws -> Response {
        guard let principal = request.context.principal, let id = principal.userID else { throw APIError.nobody }
        let body = try UserBody.ofOneself(try await request.jsonObject())
        let (user, isSignedOut) = try await apply(body, to: try await find(id))
        var response = Response.json(user.json)
        // A new password ends every session; the browser that set it gets a new one.
        if isSignedOut, case .session(let old, _) = principal.credential {
            try await authenticator.sessions.end(old)
            let id = try await authenticator.sessions.create(.user(user.id, stamp: authenticator.stamp(of: user)))
            response.setCookie(SessionCookie.make(id, for: request))
        }
        return response
    }

    // MARK: Both

    private func find(_ id: Int) async throws -> UserRow {
        guard let user = try await table.find(id) else { throw APIError.noSuchUser }
        return user
    }

    /// - Returns: The row, and whether what was signed in before no longer is.
    private func apply(_ body: UserBody, to user: UserRow) async throws -> (UserRow, isSignedOut: Bool) {
        var encoded: String?
        if let password = body.password { encoded = try await hasher.hash(password) }
        let changed = try await table.update(
            user.id, try body.change(over: user.customProperties, password: encoded))
        let isSignedOut = changed.password != user.password
        if isSignedOut || changed.level != user.level || changed.isActive != user.isActive {
            try await authenticator.sessions.closeSockets(ofUser: user.id)
        }
        let networks = "allowed_networks"
        if changed.customProperties[networks] != user.customProperties[networks] { await listeners.changed() }
        return (changed, isSignedOut)
    }
}

extension UserRow {
    /// As Dispatcharr's clients know people.
    ///
    /// Without the key: only its digest is kept.
    var json: JSONValue {
        [
            "id": .int(id), "username": .string(username), "api_key": .null, "has_api_key": .bool(apiKey != nil),
            "email": .string(email), "user_level": .int(level.rawValue),
            "channel_profiles": .array(channelProfiles.map(JSONValue.int)),
            "custom_properties": .object(customProperties), "avatar_config": .object(avatar),
            "stream_limit": .int(streamLimit), "is_active": .bool(isActive), "is_staff": .bool(isStaff),
            "is_superuser": .bool(isSuperuser), "last_login": JSONValue(lastLogin.map(APITime.text)),
            "date_joined": .string(APITime.text(joinedAt)), "first_name": .string(firstName),
            "last_name": .string(lastName),
        ]
    }
}

extension APIError {
    static let noSuchUser = APIError.notFound("User not found.", code: "user_not_found")
    static let nobody = APIError(
        .badRequest, code: "no_account", "The administrator's token belongs to no account.",
        hint: "Sign in with a name and a password, or name the account with user_id.")
}
