import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird

/// `/api/epg/`: programme guides, and their refreshes.
struct EPGRoutes: Routes {
    let services: APIServices
    let configuration: APIConfiguration
    private let path = "/api/epg/sources"

    private static let id: [String: JSONValue] = ["id": Schema.integer(1...Int(Int32.max))]
    private static let row = Schema.object(["id": Schema.integer, "name": Schema.text], needs: ["id", "name"])
    private static let members: JSONObject = [
        "name": Schema.text(atMost: 255, atLeast: 1),
        "source_type": Schema.choice(EPGSourceDraft.Kind.allCases.map(\.rawValue)),
        "url": Schema.optional(Schema.text), "is_active": Schema.looseFlag,
        "refresh_interval": Schema.looseInteger(0...8760), "username": Schema.optional(Schema.text),
        "password": Schema.optional(Schema.text), "custom_properties": Schema.optional(Schema.anyObject),
        "priority": Schema.looseInteger(0...Int(Int32.max)),
    ]

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list).described("All programme guides", .sources) {
                $0.answers[200] = Schema.list(of: Self.row)
                $0.isPolled()
            },
            .post(path, .admin, create).described("Add a programme guide", .sources) {
                $0.takes(Self.members, needs: ["name"])
                $0.answers[201] = Self.row
            },
            .post("\(path)/upload", .admin, create).described("Add a programme guide as a file", .sources) {
                $0.takes(Self.members, needs: ["name"])
                $0.answers[201] = Self.row
            },
            .get("\(path)/:id", .standard, show).described("One programme guide", .sources) {
                $0.path = Self.id
                $0.answers[200] = Self.row
            },
            .put("\(path)/:id", .admin, update).described("Change a programme guide", .sources) {
                $0.path = Self.id
                $0.takes(Self.members)
                $0.answers[200] = Self.row
            },
            .patch("\(path)/:id", .admin, update).described("Change a programme guide", .sources) {
                $0.path = Self.id
                $0.takes(Self.members)
                $0.answers[200] = Self.row
            },
            .delete("\(path)/:id", .admin, delete).described("Remove a programme guide", .sources) {
                $0.path = Self.id
                $0.answers[204] = .null
            },
            .post("/api/epg/import", .admin, refresh).described("Refresh a programme guide", .sources) {
                $0.body = Schema.object(
                    ["id": Schema.looseInteger(1...Int(Int32.max)), "force": Schema.looseFlag], needs: ["id"])
                $0.needsBody = true
                $0.answers[202] = Schema.accepted
                $0.startsWork()
            },
        ]
    }

    private static let secrets = ["url", "username", "password", "api_key", "custom_properties"]

    private var table: EPGSourceTable { services.catalog.epgSources }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        request.polled(.array(try await table.all().map { request.visible($0.json, without: Self.secrets) }))
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        guard let source = try await table.find(try request.id()) else { throw APIError.noSuchGuide }
        return .json(request.visible(source.json, without: Self.secrets))
    }

    /// An active guide that can be fetched is fetched at once; of Schedules Direct its stations, which people map first.
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
        if draft.isActive, draft.kind == .schedulesDirect, draft.username?.isEmpty == false {
            _ = try await TaskStart(services: services, request: request).start(
                TaskNames.readStations, [.int(source.id)], about: "guide \(source.id)")
        }
        try await tellOfDummy(source)
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
        if old.draft.kind != source.draft.kind { try await tellOfDummy(source) }
        return .json(source.json)
    }

    /// Pages that map channels learn that there is a new guide channel: a dummy has it at once.
    private func tellOfDummy(_ source: EPGSource) async throws {
        guard let guide = try await table.dummyGuide(of: source.id) else { return }
        try await services.events.publish([
            "type": "epg_data_created", "source_id": .int(source.id), "source_name": .string(source.draft.name),
            "epg_data_id": .int(guide),
        ])
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        try await table.delete(try request.id())
        return Response(status: .noContent)
    }

    @Sendable private func refresh(_ request: APIRequest) async throws -> Response {
        let body = try await request.jsonObject()
        guard let id = body["id"]?.wholeNumber ?? body["id"]?.string.flatMap(Int.init) else {
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
