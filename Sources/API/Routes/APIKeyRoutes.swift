import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird

/// `/api/accounts/api-keys/`: one key for each person, told once.
struct APIKeyRoutes: Routes {
    let services: APIServices
    let sessions: SessionStore

    private let path = "/api/accounts/api-keys"

    var endpoints: [Endpoint] {
        [
            .get(path, .signedIn, show).described("Whether one has an API key", .accounts) {
                $0.answers[200] = Schema.anyObject
            },
            .post("\(path)/generate", .signedIn, generate).described("Make an API key", .accounts) {
                $0.answers[200] = Schema.anyObject
            },
            .post("\(path)/revoke", .signedIn, revoke).described("Revoke an API key", .accounts) {
                $0.answers[200] = Schema.anyObject
            },
        ]
    }

    private var table: UserTable { services.catalog.users }

    /// Whether there is one.
    ///
    /// `key` is always null: nobody can read it again.
    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        guard let id = request.context.principal?.userID, let user = try await table.find(id) else {
            throw APIError.nobody
        }
        return .json(["key": .null, "has_api_key": .bool(user.apiKey != nil)])
    }

    /// The old key ends with the new one.
    @Sendable private func generate(_ request: APIRequest) async throws -> Response {
        let key = APIKey.random()
        let user = try await set(APIKey.stored(key), for: request)
        return .json(["key": .string(key), "user": user.json], status: .created)
    }

    @Sendable private func revoke(_ request: APIRequest) async throws -> Response {
        _ = try await set(nil, for: request)
        return .success()
    }

    /// For oneself, or for whom an administrator names with `user_id`.
    private func set(_ form: String?, for request: APIRequest) async throws -> UserRow {
        let body = try await request.jsonObject()
        guard let principal = request.context.principal else { throw APIError.notAuthenticated }
        var target = principal.userID
        if let named = body["user_id"], !named.isNull {
            guard principal.level >= .admin || named.int == principal.userID else { throw APIError.notAllowed }
            guard let id = named.int ?? named.string.flatMap(Int.init) else { throw APIError.noSuchUser }
            target = id
        }
        guard let target else { throw APIError.nobody }
        guard try await table.find(target) != nil else { throw APIError.noSuchUser }
        let user = try await table.setAPIKey(target, form)
        try await sessions.closeSockets(ofUser: target)
        return user
    }
}
