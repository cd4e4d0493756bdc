import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Ingest
import PluginRuntime

/// `/api/plugins/repos/`: where plugins may be installed from.
struct HubRoutes: Routes {
    /// What Django's `URLField` holds.
    private static let longestURL = 200
    private static let longestKey = 256 * 1024

    let services: APIServices
    let hub: PluginHub
    private let path = "/api/plugins/repos"

    private var table: PluginRepositoryTable { services.catalog.pluginRepositories }

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list).described("All plugin repositories", .plugins) {
                $0.answers[200] = Schema.list(of: Self.shape)
            },
            .post(path, .admin, add).described("Add a plugin repository by its manifest's address", .plugins) {
                $0.details = "The manifest is fetched, and checked where a key is given; nothing is kept if that fails."
                $0.body = Schema.object(Self.newMembers, needs: ["url"])
                $0.needsBody = true
                $0.answers[201] = Self.shape
            },
            .post("\(path)/preview", .admin, preview).described("Look at a manifest before it is added", .plugins) {
                $0.body = Schema.object(Self.newMembers, needs: ["url"])
                $0.needsBody = true
                $0.answers[200] = Schema.answer([
                    "valid": Schema.flag, "registry_name": Schema.text, "registry_url": Schema.text,
                    "signature_verified": Schema.optional(Schema.flag), "plugin_count": Schema.integer,
                    "errors": Schema.list(of: Schema.text),
                ])
            },
            .get("\(path)/settings", .standard, settings).described("How often repositories are read", .plugins) {
                $0.answers[200] = Self.interval
            },
            .put("\(path)/settings", .admin, saveSettings).described("Set how often repositories are read", .plugins) {
                $0.details = "Hours; 0 for never."
                $0.body = Schema.object(["refresh_interval_hours": Schema.any])
                $0.answers[200] = Self.interval
            },
            .put("\(path)/:id", .admin, update).described("Change a repository's key, or switch it", .plugins) {
                $0.path["id"] = Schema.integer
                $0.body = Schema.object([
                    "public_key": Schema.text(atMost: Self.longestKey), "enabled": Schema.looseFlag,
                ])
                $0.answers[200] = Self.shape
            },
            .delete("\(path)/:id", .admin, delete).described("Remove a repository", .plugins) {
                $0.details = "What was installed from it stays."
                $0.path["id"] = Schema.integer
                $0.answers[200] = Schema.success()
            },
            .post("\(path)/:id/refresh", .admin, refresh).described("Read a repository's manifest again", .plugins) {
                $0.path["id"] = Schema.integer
                $0.answers[200] = Self.shape
            },
        ]
    }

    private static let newMembers: JSONObject = [
        "url": Schema.text(atMost: longestURL, atLeast: 1), "public_key": Schema.text(atMost: longestKey),
    ]
    private static let interval = Schema.answer(["refresh_interval_hours": Schema.integer])
    private static let shape = Schema.answer([
        "id": Schema.integer, "name": Schema.text, "url": Schema.text, "is_official": Schema.flag,
        "enabled": Schema.flag, "public_key": Schema.text, "signature_verified": Schema.optional(Schema.flag),
        "registry_url": Schema.text, "plugin_count": Schema.integer, "last_fetched": Schema.optional(Schema.time),
        "last_fetch_status": Schema.text, "created_at": Schema.time, "updated_at": Schema.time,
    ])

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        let rows = try await table.all()
        // An address may hold a password.
        let isAdmin = request.context.principal?.level == .admin
        return .json(
            .array(rows.map { isAdmin ? $0.json : $0.json.replacing("url", IngestSource.web($0.url).display) }))
    }

    @Sendable private func add(_ request: APIRequest) async throws -> Response {
        let (url, key) = try Self.new(try await request.jsonObject())
        guard try await !table.knows(url) else {
            throw APIError.badRequest(
                "plugin repo with this url already exists.", code: "duplicate",
                hint: "Refresh the one that is there, or remove it first.")
        }
        let added = try await explaining { try await hub.add(url, publicKey: key) }
        return .json(added.json, status: .created)
    }

    @Sendable private func preview(_ request: APIRequest) async throws -> Response {
        let (url, key) = try Self.new(try await request.jsonObject())
        do {
            let (manifest, isRight, faults) = try await hub.look(at: url, publicKey: key)
            return .json([
                "valid": .bool(faults.isEmpty), "registry_name": .string(manifest.registryName),
                "registry_url": .string(manifest.registryURL), "signature_verified": JSONValue(isRight),
                "plugin_count": .int(manifest.offers.count), "errors": .array(faults.map(JSONValue.string)),
            ])
        } catch let error as HubError {
            return .json([
                "valid": false, "registry_name": "", "registry_url": "", "signature_verified": .null,
                "plugin_count": 0, "errors": [.string(error.advice)],
            ])
        } catch let error as SignatureCheck.Failure {
            throw APIError(error)
        }
    }

    @Sendable private func settings(_ request: APIRequest) async throws -> Response {
        .json(["refresh_interval_hours": .int(try await table.refreshHours())])
    }

    @Sendable private func saveSettings(_ request: APIRequest) async throws -> Response {
        let value = try await request.jsonObject()["refresh_interval_hours"]
        // As Dispatcharr has it: what is no number counts as six hours.
        let hours =
            value?.wholeNumber ?? value?.double.flatMap { Int(exactly: $0.rounded(.towardZero)) }
            ?? value?.string.flatMap { Int($0) } ?? 6
        return .json(["refresh_interval_hours": .int(try await table.setRefreshHours(hours))])
    }

    @Sendable private func update(_ request: APIRequest) async throws -> Response {
        let repository = try await find(request)
        var reader = FieldReader(try await request.jsonObject())
        var isEnabled: Bool?
        var key: String?
        reader.bool("enabled") { isEnabled = $0 }
        reader.text("public_key") { key = $0 ?? "" }
        try reader.finish()
        // What is offered now is judged by the new key at once, not at the next reading.
        let manifest = HubManifest(stored: repository.document)
        let change = try await explaining { () async throws -> (text: String, isSignatureRight: Bool?)? in
            guard let key else { return nil }
            guard !repository.document.isEmpty else {
                _ = try PluginHub.parsed(key)
                return (key, nil)
            }
            return (key, try await hub.verdict(on: manifest, key: key))
        }
        return .json(try await table.update(repository.id, isEnabled: isEnabled, key: change).json)
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        let repository = try await find(request)
        guard !repository.isOfficial else {
            throw APIError.badRequest(
                "Cannot delete the official repository", code: "official_repo", hint: "Switch it off instead.")
        }
        try await table.delete(repository.id)
        return .success()
    }

    @Sendable private func refresh(_ request: APIRequest) async throws -> Response {
        let repository = try await find(request)
        return .json(try await explaining(fetching: .badGateway) { try await hub.refresh(repository) }.json)
    }

    private func find(_ request: APIRequest) async throws -> PluginRepository {
        guard let id = Int(try request.parameter("id")), let found = try await table.find(id) else {
            throw APIError.noSuchRepository
        }
        return found
    }

    private static func new(_ body: JSONObject) throws -> (url: String, key: String) {
        var reader = FieldReader(body)
        var (url, key) = ("", "")
        reader.text("url") { url = ($0 ?? "").trimmingSpace }
        reader.text("public_key") { key = ($0 ?? "").trimmingSpace }
        try reader.finish()
        guard !url.isEmpty else { throw APIError.badRequest("url is required", code: "missing_url") }
        guard url.unicodeScalars.count <= longestURL else {
            throw APIError.badRequest("url: at most \(longestURL) characters", code: "invalid_fields")
        }
        return (url, key)
    }
}

/// Says in the API's words why a repository's manifest was not taken.
func explaining<R>(
    fetching status: HTTPResponse.Status = .badRequest, _ body: () async throws -> R
) async throws -> R {
    do {
        return try await body()
    } catch let error as HubError {
        throw APIError(error, fetching: status)
    } catch let error as SignatureCheck.Failure {
        throw APIError(error)
    }
}

extension JSONValue {
    fileprivate func replacing(_ name: String, _ text: String) -> JSONValue {
        .object((object ?? [:]).merging([name: .string(text)]))
    }
}

extension PluginRepository {
    /// As the list shows it: all but the manifest itself.
    fileprivate var json: JSONValue {
        let manifest = HubManifest(stored: document)
        return [
            "id": .int(id), "name": .string(name), "url": .string(url), "is_official": .bool(isOfficial),
            "enabled": .bool(isEnabled), "public_key": .string(publicKey),
            "signature_verified": JSONValue(isSignatureRight), "registry_url": .string(manifest.registryURL),
            "plugin_count": .int(manifest.offers.count),
            "last_fetched": JSONValue(lastFetched.map(APITime.text)),
            "last_fetch_status": .string(lastFetchStatus), "created_at": .string(APITime.text(createdAt)),
            "updated_at": .string(APITime.text(updatedAt)),
        ]
    }
}
