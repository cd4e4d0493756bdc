import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret

/// `/api/m3u/`: playlist accounts, and their refreshes.
struct M3URoutes: Routes {
    let services: APIServices
    let configuration: APIConfiguration
    private let path = "/api/m3u/accounts"

    private static let id: [String: JSONValue] = ["id": Schema.integer(1...Int(Int32.max))]
    private static let row = Schema.object(["id": Schema.integer, "name": Schema.text], needs: ["id", "name"])
    private static let members: JSONObject = [
        "name": Schema.text(atMost: 255, atLeast: 1), "server_url": Schema.optional(Schema.text),
        "is_active": Schema.looseFlag, "max_streams": Schema.looseInteger(0...Int(Int32.max)),
        "refresh_interval": Schema.looseInteger(0...8760), "username": Schema.optional(Schema.text),
        "password": Schema.optional(Schema.text), "custom_properties": Schema.optional(Schema.anyObject),
        "stale_stream_days": Schema.looseInteger(0...36_500),
    ]

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list).described("All playlist accounts", .sources) {
                $0.answers[200] = Schema.list(of: Self.row)
                $0.isPolled()
            },
            .post(path, .admin, create).described("Add a playlist account", .sources) {
                $0.takes(Self.members, needs: ["name"])
                $0.answers[201] = Self.row
            },
            .get("\(path)/:id", .standard, show).described("One playlist account", .sources) {
                $0.path = Self.id
                $0.answers[200] = Self.row
            },
            .put("\(path)/:id", .admin, update).described("Change a playlist account", .sources) {
                $0.path = Self.id
                $0.takes(Self.members)
                $0.answers[200] = Self.row
            },
            .patch("\(path)/:id", .admin, update).described("Change a playlist account", .sources) {
                $0.path = Self.id
                $0.takes(Self.members)
                $0.answers[200] = Self.row
            },
            .delete("\(path)/:id", .admin, delete).described("Remove a playlist account", .sources) {
                $0.path = Self.id
                $0.answers[204] = .null
            },
            .post("/api/m3u/refresh", .admin, refreshAll).described("Refresh all playlists", .sources) {
                $0.answers[202] = Schema.accepted
                $0.startsWork()
            },
            .post("/api/m3u/refresh/:id", .admin, refresh).described("Refresh a playlist", .sources) {
                $0.details = "Also for accounts that do not exist, as in Dispatcharr: the task says so."
                $0.path = ["id": Schema.integer]
                $0.answers[202] = Schema.accepted
                $0.startsWork()
            },
        ]
    }

    /// Providers put the subscription into the address as often as into its own fields.
    private static let secrets = ["server_url", "username", "password", "custom_properties"]

    private var table: M3UAccountTable { services.catalog.m3uAccounts }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        var rows: [JSONValue] = []
        for account in try await table.all() {
            rows.append(visible(try await json(account), to: request))
        }
        return request.polled(.array(rows))
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        guard let account = try await table.find(try request.id()) else { throw APIError.noSuchAccount }
        return .json(visible(try await json(account), to: request))
    }

    /// The groups of a new account are read at once, so that people can choose among them, as in Dispatcharr; of an
    /// Xtream Codes account, too, where Dispatcharr has the request wait for them.
    @Sendable private func create(_ request: APIRequest) async throws -> Response {
        let body = try await SourceBody.read(request, folder: "m3us", configuration: configuration)
        var draft = M3UAccountDraft(name: "")
        try draft.apply(body.fields)
        if let path = body.filePath { draft.filePath = path }
        guard !draft.name.isEmpty else { throw APIError.badRequest("name: required", code: "invalid_fields") }
        let account = try await table.create(draft)
        if draft.isActive, draft.serverURL != nil || draft.filePath != nil {
            try await TaskStart(services: services, request: request).follow(
                TaskNames.readGroups, [.int(account.id)], about: "groups of account \(account.id)")
        }
        try await services.events.publish(["type": "playlist_created", "playlist_id": .int(account.id)])
        return .json(try await json(account), status: .created)
    }

    @Sendable private func update(_ request: APIRequest) async throws -> Response {
        let id = try request.id()
        let body = try await SourceBody.read(request, folder: "m3us", configuration: configuration)
        guard let old = try await table.find(id) else { throw APIError.noSuchAccount }
        // Checked against what is there now; applied again to what is there when it is written.
        var trial = old.draft
        try trial.apply(body.fields)
        let account = try await table.update(id) { draft in
            // try?: the same fields were valid a moment ago, and faults do not depend on the row.
            try? draft.apply(body.fields)
            if let path = body.filePath { draft.filePath = path }
        }
        return .json(try await json(account))
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        try await table.delete(try request.id())
        return Response(status: .noContent)
    }

    @Sendable private func refreshAll(_ request: APIRequest) async throws -> Response {
        let id = try await TaskStart(services: services, request: request).start(
            TaskNames.refreshAllAccounts, about: "all accounts")
        return TaskAnswer.accepted(id, isApplied: false, message: "M3U refresh initiated.")
    }

    /// Also for accounts that do not exist, as in Dispatcharr: the task says so.
    @Sendable private func refresh(_ request: APIRequest) async throws -> Response {
        let account = try request.id()
        let id = try await TaskStart(services: services, request: request).start(
            TaskNames.refreshAccount, [.int(account)], about: "account \(account)")
        return TaskAnswer.accepted(
            id, isApplied: false, message: "M3U account \(account) refresh initiated.")
    }

    /// The row as the caller may see it, and its profiles, which may hold the same secrets.
    private func visible(_ row: JSONValue, to request: APIRequest) -> JSONValue {
        guard var object = row.object else { return row }
        object["profiles"] = .array(
            (object["profiles"]?.array ?? []).map { request.visible($0, without: M3UAccountProfile.secrets) })
        return request.visible(.object(object), without: Self.secrets)
    }

    private func json(_ account: M3UAccount) async throws -> JSONValue {
        let filters = try await table.filters(of: account.id)
        let profiles = try await table.profiles(of: account.id)
        let groups = try await table.groups(of: account.id)
        return account.json(filters: filters, profiles: profiles, groups: groups)
    }
}

extension APIError {
    static let noSuchAccount = notFound("M3U account not found", code: "account_not_found")
    static let noSuchGuide = notFound("EPG source not found", code: "epg_source_not_found")
}

extension M3UAccountDraft {
    /// Takes over the fields that a request names, and only those that people may set.
    ///
    /// - Throws: 400 with every fault.
    fileprivate mutating func apply(_ fields: JSONObject) throws(APIError) {
        var reader = FieldReader(fields)
        reader.text("name") { name = $0 ?? "" }
        reader.text("server_url") { serverURL = $0.flatMap { $0.isEmpty ? nil : $0 } }
        reader.reference("server_group") { serverGroupID = $0 }
        reader.int("max_streams") { maxStreams = $0 }
        reader.bool("is_active") { isActive = $0 }
        reader.reference("user_agent") { userAgentID = $0 }
        reader.reference("stream_profile") { streamProfileID = $0 }
        reader.choice("account_type", of: Kind.self) { kind = $0 }
        reader.text("username") { username = $0 }
        reader.text("password") { password = $0 }
        reader.properties("custom_properties") { customProperties = $0 }
        reader.int("refresh_interval", in: 0...8760) { refreshInterval = $0 }
        reader.int("stale_stream_days", in: 0...36_500) { staleStreamDays = $0 }
        reader.int("priority") { priority = $0 }
        for option in Self.options { reader.bool(option) { customProperties[option] = .bool($0) } }
        reader.cron { cron = $0 }
        try reader.finish()
    }

    /// Shown as members of their own, kept among the custom properties.
    fileprivate static let options = [
        "enable_vod", "auto_enable_new_groups_live", "auto_enable_new_groups_vod", "auto_enable_new_groups_series",
    ]
}

extension FieldReader {
    /// `cron_expression`: five fields, or empty for none.
    mutating func cron(_ assign: (CronExpression?) -> Void) {
        var fault: String?
        text("cron_expression") { text in
            guard let text, !text.isEmpty else { return assign(nil) }
            do throws(CatalogError) {
                assign(try CronExpression(parsing: text))
            } catch {
                fault = "cron_expression: \(error.found). \(error.hint)"
            }
        }
        if let fault { self.fault(fault) }
    }
}

extension M3UAccount {
    fileprivate func json(filters: [M3UFilter], profiles: [M3UAccountProfile], groups: [AccountGroup]) -> JSONValue {
        var json: JSONObject = [
            "id": .int(id), "name": .string(draft.name), "server_url": JSONValue(draft.serverURL),
            "file_path": JSONValue(draft.filePath), "server_group": JSONValue(draft.serverGroupID),
            "max_streams": .int(draft.maxStreams), "is_active": .bool(draft.isActive),
            "created_at": .string(APITime.text(createdAt)), "updated_at": JSONValue(updatedAt.map(APITime.text)),
            "user_agent": JSONValue(draft.userAgentID), "locked": .bool(isLocked),
            "refresh_interval": .int(draft.refreshInterval),
            "cron_expression": .string(draft.cron?.description ?? ""),
            "custom_properties": .object(draft.customProperties), "account_type": .string(draft.kind.rawValue),
        ]
        json["username"] = JSONValue(draft.username)
        json["password"] = JSONValue(draft.password)
        json["stale_stream_days"] = .int(draft.staleStreamDays)
        json["priority"] = .int(draft.priority)
        json["status"] = .string(status.rawValue)
        json["last_message"] = JSONValue(lastMessage)
        json["filters"] = .array(filters.map(\.json))
        json["profiles"] = .array(profiles.map { $0.json(in: self) })
        json["channel_groups"] = .array(groups.map(\.json))
        json["enable_vod"] = draft.customProperties["enable_vod"] ?? false
        for option in M3UAccountDraft.options.dropFirst() { json[option] = draft.customProperties[option] ?? true }
        let expirations = profiles.compactMap(\.expiresAt).sorted()
        json["exp_date"] = JSONValue(profiles.first(where: \.isDefault)?.expiresAt.map(APITime.text))
        json["earliest_expiration"] = JSONValue(expirations.first.map(APITime.text))
        json["all_expirations"] = .array(expirations.map { .string(APITime.text($0)) })
        return .object(json)
    }
}

extension AccountGroup {
    fileprivate var json: JSONValue {
        [
            "channel_group": .int(groupID), "name": .string(name), "enabled": .bool(isEnabled),
            "auto_channel_sync": .bool(syncsChannels), "auto_sync_channel_start": JSONValue(firstChannelNumber),
            "auto_sync_channel_end": JSONValue(lastChannelNumber), "last_seen": JSONValue(lastSeen.map(APITime.text)),
            "is_stale": .bool(isStale), "custom_properties": .object(customProperties),
        ]
    }
}
