import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Ingest
import Logging
import PluginRuntime

/// `/api/plugins/repos/…`: what the repositories offer, and installing it.
struct HubPluginRoutes: Routes {
    let services: APIServices
    let shelf: PluginShelf
    let hub: PluginHub
    let details: HubDetails
    let configuration: APIConfiguration
    private let path = "/api/plugins/repos"

    init(services: APIServices, shelf: PluginShelf, hub: PluginHub, configuration: APIConfiguration) {
        self.services = services
        self.shelf = shelf
        self.hub = hub
        self.details = HubDetails(hub)
        self.configuration = configuration
    }

    var endpoints: [Endpoint] {
        [
            .get("\(path)/available", .standard, available).described("What the repositories offer", .plugins) {
                $0.answers[200] = Schema.answer(["plugins": Schema.list(of: Schema.anyObject)])
            },
            .post("\(path)/plugin-detail", .admin, detail).described(
                "One plugin's manifest, with all its versions", .plugins
            ) {
                $0.body = Schema.object(
                    [
                        "repo_id": Schema.integer(1...Int(Int32.max)),
                        "manifest_url": Schema.text(atMost: 2000, atLeast: 1),
                    ],
                    needs: ["repo_id", "manifest_url"])
                $0.needsBody = true
                $0.answers[200] = Schema.answer([
                    "manifest": Schema.anyObject, "signature_verified": Schema.optional(Schema.flag),
                ])
            },
            .post("\(path)/install", .admin, install).described("Install or update a plugin", .plugins) {
                $0.details = "The archive's SHA-256 is compared with what the repository says of it."
                $0.body = Schema.object(HubInstall.members, needs: ["repo_id", "slug", "version", "download_url"])
                $0.needsBody = true
                $0.answers = [200: HubInstall.answer, 201: HubInstall.answer]
            },
        ]
    }

    @Sendable private func available(_ request: APIRequest) async throws -> Response {
        let all = try await services.catalog.pluginRepositories.all()
        let offers = HubOffers(installed: try await services.catalog.plugins.all(), repositories: all)
        return .json(["plugins": .array(all.filter(\.isEnabled).flatMap(offers.list))])
    }

    @Sendable private func detail(_ request: APIRequest) async throws -> Response {
        let body = try await request.jsonObject()
        guard let id = body["repo_id"], let address = body["manifest_url"]?.string, !address.isEmpty,
            !id.isNull, id != 0, id != ""
        else { throw APIError.badRequest("repo_id and manifest_url are required", code: "missing_fields") }
        let repository = try await find(id)
        do {
            return .json(try await details.detail(at: address, of: repository).json)
        } catch let error as HubError {
            if case .notFetched(.refusedAddress?) = error.kind {
                throw APIError.badRequest(error.message, code: "refused_address")
            }
            throw APIError(.badGateway, code: error.code, "Failed to fetch plugin manifest: \(error.message)")
        }
    }

    @Sendable private func install(_ request: APIRequest) async throws -> Response {
        let wish = try HubInstall(try await request.jsonObject())
        let repository = try await find(wish.repository)
        let offer = try wish.offer(of: repository)
        let key = HubOffers.key(of: wish.slug)
        let rows = try await services.catalog.plugins.all()
        let isThere = rows.contains { HubOffers.key(of: $0.key) == key }
        let archive = try await HubArchive.fetch(
            wish.address, of: repository, into: configuration.uploadsFolder, limit: configuration.uploadBytes,
            logger: request.logger)
        defer { archive.discard() }
        try await archive.verify(wish.checksum(in: offer))
        let installed = try await PluginArchives(services: services, shelf: shelf).install(
            archive.path, name: "\(wish.slug).zip", overwriting: isThere ? .only(key) : .none)
        let stated = try await services.folder.find(installed)?.version ?? ""
        let row = try await services.catalog.plugins.link(
            installed,
            to: RepositoryInstall(
                repository: repository.id, slug: wish.slug,
                version: stated.isEmpty ? wish.version : stated, isPrerelease: wish.isPrerelease,
                isDeprecated: offer["deprecated"]?.boolean ?? false))
        request.logger.notice(
            "Installed a plugin from its repository",
            metadata: ["plugin": "\(row.key)", "version": "\(row.version)", "repository": "\(repository.name)"])
        let view = try await shelf.view(installed).json(origin: request.origin)
        let isNew = !rows.contains { $0.key == installed }
        return .success(["plugin": view], status: isNew ? .created : .ok)
    }

    private func find(_ id: JSONValue) async throws -> PluginRepository {
        guard let id = id.wholeNumber ?? id.string.flatMap({ Int($0) }),
            let found = try await services.catalog.pluginRepositories.find(id)
        else { throw APIError.noSuchRepository }
        return found
    }
}
