import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird

/// `/api/epg/`: programme guides, and their refreshes.
struct EPGRoutes: Routes {
    let services: APIServices
    let configuration: APIConfiguration
    private let path = "/api/epg/sources"

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list),
            .post(path, .admin, create),
            .post("\(path)/upload", .admin, create),
            .get("\(path)/:id", .standard, show),
            .put("\(path)/:id", .admin, update),
            .patch("\(path)/:id", .admin, update),
            .delete("\(path)/:id", .admin, delete),
            .post("/api/epg/import", .admin, refresh),
        ]
    }

    private static let secrets = ["url", "username", "password", "api_key", "custom_properties"]

    private var table: EPGSourceTable { services.catalog.epgSources }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        .json(.array(try await table.all().map { request.visible($0.json, without: Self.secrets) }))
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        guard let source = try await table.find(try request.id()) else { throw APIError.noSuchGuide }
        return .json(request.visible(source.json, without: Self.secrets))
    }

    /// An active guide that can be fetched is fetched at once.
    @Sendable private func create(_ request: APIRequest) async throws -> Response {
        let body = try await SourceBody.read(request, folder: "epgs", configuration: configuration)
        var draft = EPGSourceDraft(name: "")
        try draft.apply(body.fields)
        if let path = body.filePath { draft.filePath = path }
        guard !draft.name.isEmpty else { throw APIError.badRequest("name: required", code: "invalid_fields") }
        let source = try await table.create(draft)
        if draft.isActive, draft.kind == .xmltv, draft.url != nil || draft.filePath != nil {
            _ = try await start(source.id, isForced: false, for: request)
        }
        return .json(source.json, status: .created)
    }

    @Sendable private func update(_ request: APIRequest) async throws -> Response {
        let id = try request.id()
        let body = try await SourceBody.read(request, folder: "epgs", configuration: configuration)
        guard let old = try await table.find(id) else { throw APIError.noSuchGuide }
        var trial = old.draft
        try trial.apply(body.fields)
        let source = try await table.update(id) { draft in
            // try?: the same fields were valid a moment ago, and faults do not depend on the row.
            try? draft.apply(body.fields)
            if let path = body.filePath { draft.filePath = path }
        }
        return .json(source.json)
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        try await table.delete(try request.id())
        return Response(status: .noContent)
    }

    @Sendable private func refresh(_ request: APIRequest) async throws -> Response {
        let body = try await request.jsonObject()
        guard let id = body["id"]?.int ?? body["id"]?.string.flatMap(Int.init) else {
            throw APIError.badRequest("Missing 'id'", code: "missing_id")
        }
        guard let source = try await table.find(id) else { throw APIError.noSuchGuide }
        guard source.draft.kind != .dummy else {
            throw APIError.badRequest("Dummy EPG sources do not require refreshing.", code: "dummy_source")
        }
        let task = try await start(id, isForced: body["force"]?.boolean ?? false, for: request)
        return TaskAnswer.accepted(task, isApplied: false, message: "EPG data refresh initiated.")
    }

    private func start(_ id: Int, isForced: Bool, for request: APIRequest) async throws -> TaskID {
        try await TaskStart(services: services, request: request).start(
            TaskNames.refreshGuide, [.int(id)], kwargs: ["force": .bool(isForced)], about: "guide \(id)")
    }
}

extension EPGSourceDraft {
    /// Takes over the fields that a request names, and only those that people may set.
    ///
    /// - Throws: 400 with every fault.
    fileprivate mutating func apply(_ fields: JSONObject) throws(APIError) {
        var reader = FieldReader(fields)
        reader.text("name") { name = $0 ?? "" }
        reader.choice("source_type", of: Kind.self) { kind = $0 }
        reader.text("url") { url = $0.flatMap { $0.isEmpty ? nil : $0 } }
        reader.text("username") { username = $0 }
        reader.text("password") { password = $0 }
        reader.bool("is_active") { isActive = $0 }
        reader.int("refresh_interval", in: 0...8760) { refreshInterval = $0 }
        reader.properties("custom_properties") { customProperties = $0 }
        reader.int("priority") { priority = $0 }
        reader.cron { cron = $0 }
        try reader.finish()
    }
}

extension EPGSource {
    fileprivate var json: JSONValue {
        [
            "id": .int(id), "name": .string(draft.name), "source_type": .string(draft.kind.rawValue),
            "url": JSONValue(draft.url), "username": JSONValue(draft.username), "password": JSONValue(draft.password),
            "is_active": .bool(draft.isActive), "file_path": JSONValue(draft.filePath),
            "refresh_interval": .int(draft.refreshInterval),
            "cron_expression": .string(draft.cron?.description ?? ""), "priority": .int(draft.priority),
            "status": .string(status.rawValue), "last_message": JSONValue(lastMessage),
            "created_at": .string(APITime.text(createdAt)), "updated_at": JSONValue(updatedAt.map(APITime.text)),
            "custom_properties": .object(draft.customProperties), "epg_data_count": .int(channelCount),
            "has_channels": .bool(isMapped),
        ]
    }
}
