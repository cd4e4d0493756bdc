import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret

/// What of an account is wanted (`/api/m3u/accounts/<id>/group-settings/`, `refresh-vod/`), and `/api/m3u/server-groups/`.
struct M3UGroupRoutes: Routes {
    let services: APIServices
    private let account = "/api/m3u/accounts/:id"
    private let path = "/api/m3u/server-groups"

    private static let id: [String: JSONValue] = ["id": Schema.integer]
    private static let group = Schema.object(
        [
            "channel_group": Schema.optional(Schema.integer(1...Int(Int32.max))), "enabled": Schema.looseFlag,
            "auto_channel_sync": Schema.looseFlag, "auto_sync_channel_start": Schema.optional(number),
            "auto_sync_channel_end": Schema.optional(number),
            "custom_properties": Schema.optional(Schema.anyObject),
        ])
    private static let category = Schema.object(
        [
            "id": Schema.optional(Schema.integer(1...Int(Int32.max))), "enabled": Schema.looseFlag,
            "custom_properties": Schema.optional(Schema.anyObject),
        ])
    private static let number: JSONValue = ["type": "number", "minimum": 1]
    private static let serverGroup = Schema.answer(["id": Schema.integer, "name": Schema.text])
    private static let named = Schema.object(["name": Schema.text(atMost: 100, atLeast: 1)], needs: ["name"])

    var endpoints: [Endpoint] {
        [
            .patch("\(account)/group-settings", .admin, set).described(
                "Say which groups and categories of a playlist are wanted", .sources
            ) {
                $0.details = """
                    All of it is done or nothing. What a setting does not name stays as it is; a group or category that \
                    the playlist did not carry is carried from now on; what names none is passed over.
                    """
                $0.path = Self.id
                $0.body = Schema.object([
                    "group_settings": Schema.list(of: Self.group), "category_settings": Schema.list(of: Self.category),
                ])
                $0.answers[200] = Schema.answer(["message": Schema.text])
            },
            .post("\(account)/refresh-vod", .admin, refreshLibrary).described(
                "Refresh the films and series of an Xtream Codes account", .sources
            ) {
                $0.path = Self.id
                $0.answers[202] = Schema.accepted
                $0.startsWork()
            },
            .get(path, .standard, list).described("Server groups", .sources) {
                $0.details = "Accounts of one provider, kept together by their `server_group`."
                $0.answers[200] = Schema.list(of: Self.serverGroup)
            },
            .post(path, .admin, create).described("Add a server group", .sources) {
                $0.body = Self.named
                $0.needsBody = true
                $0.answers[201] = Self.serverGroup
            },
            .get("\(path)/:id", .standard, show).described("One server group", .sources) {
                $0.path = Self.id
                $0.answers[200] = Self.serverGroup
            },
            .put("\(path)/:id", .admin, rename).described("Name a server group anew", .sources) {
                $0.path = Self.id
                $0.body = Self.named
                $0.needsBody = true
                $0.answers[200] = Self.serverGroup
            },
            .patch("\(path)/:id", .admin, rename).described("Name a server group anew", .sources) {
                $0.path = Self.id
                $0.body = Self.named
                $0.needsBody = true
                $0.answers[200] = Self.serverGroup
            },
            .delete("\(path)/:id", .admin, delete).described("Remove a server group", .sources) {
                $0.details = "Its accounts stay, in none."
                $0.path = Self.id
                $0.answers[204] = .null
            },
        ]
    }

    private var accounts: M3UAccountTable { services.catalog.m3uAccounts }
    private var table: ServerGroupTable { services.catalog.serverGroups }

    // MARK: - What of an account is wanted

    @Sendable private func set(_ request: APIRequest) async throws -> Response {
        var reader = FieldReader(try await request.jsonObject())
        var groups: [AccountGroupSetting] = []
        var categories: [AccountCategorySetting] = []
        reader.each("group_settings", named: "channel_group") { id, setting in
            var group = AccountGroupSetting(groupID: id)
            setting.bool("enabled") { group.isEnabled = $0 }
            setting.bool("auto_channel_sync") { group.syncsChannels = $0 }
            setting.channelNumber("auto_sync_channel_start") { group.firstChannelNumber = .some($0) }
            setting.channelNumber("auto_sync_channel_end") { group.lastChannelNumber = .some($0) }
            setting.properties("custom_properties") { group.customProperties = $0 }
            groups.append(group)
        }
        reader.each("category_settings", named: "id") { id, setting in
            var category = AccountCategorySetting(categoryID: id)
            setting.bool("enabled") { category.isEnabled = $0 }
            setting.properties("custom_properties") { category.customProperties = $0 }
            categories.append(category)
        }
        try reader.finish()
        try await accounts.set(groups, categories, of: try request.id())
        return .json(["message": "Group settings updated successfully"])
    }

    @Sendable private func refreshLibrary(_ request: APIRequest) async throws -> Response {
        guard let account = try await accounts.find(try request.id()) else { throw APIError.noSuchAccount }
        guard account.draft.kind == .xtream else {
            throw APIError.badRequest(
                "VOD refresh is only available for XtreamCodes accounts", code: "not_xtream_codes")
        }
        guard account.draft.customProperties["enable_vod"]?.boolean ?? false else {
            throw APIError.badRequest("VOD is not enabled for this account", code: "vod_not_enabled")
        }
        let task = try await TaskStart(services: services, request: request).start(
            TaskNames.refreshLibrary, [.int(account.id)], about: "account \(account.id)")
        return TaskAnswer.accepted(
            task, isApplied: false, message: "VOD refresh initiated for account \(account.draft.name)")
    }

    // MARK: - Server groups

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        .json(.array(try await table.all().map(\.json)))
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        guard let group = try await table.find(try request.id()) else { throw APIError.notFound("Not found.") }
        return .json(group.json)
    }

    @Sendable private func create(_ request: APIRequest) async throws -> Response {
        .json(try await table.insert(name: try await Self.name(request)).json, status: .created)
    }

    @Sendable private func rename(_ request: APIRequest) async throws -> Response {
        let name = try await Self.name(request)
        return .json(try await table.rename(try request.id(), to: name).json)
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        try await table.delete(try request.id())
        return Response(status: .noContent)
    }

    private static func name(_ request: APIRequest) async throws -> String {
        var reader = FieldReader(try await request.jsonObject())
        var name = ""
        reader.text("name") { name = $0 ?? "" }
        reader.requires("name")
        if reader.has("name"), !(1...100).contains(name.unicodeScalars.count) {
            reader.fault("name: a name has 1 to 100 characters")
        }
        try reader.finish()
        return name
    }
}

extension FieldReader {
    /// A list of objects, each of which names a row; those that name none are passed over, as in Dispatcharr.
    fileprivate mutating func each(_ list: String, named key: String, _ read: (Int, inout FieldReader) -> Void) {
        var items: [JSONValue] = []
        self.list(list) { items = $0 }
        for (index, item) in items.enumerated() {
            guard let object = item.object else {
                fault("\(list)[\(index)]: expected an object")
                continue
            }
            var reader = FieldReader(object)
            var id: Int?
            if object[key]?.isNull == false { reader.int(key, in: 1...Int(Int32.max)) { id = $0 } }
            if let id { read(id, &reader) }
            for text in reader.faults { fault("\(list)[\(index)].\(text)") }
        }
    }

    /// A channel's number or null.
    fileprivate mutating func channelNumber(_ name: String, _ assign: (Double?) -> Void) {
        guard let value = object[name] else { return }
        if value.isNull { return assign(nil) }
        guard value.bool == nil, let number = value.double, number >= 1, number.isFinite else {
            return fault("\(name): expected a number from 1")
        }
        assign(number)
    }
}

extension ServerGroup {
    fileprivate var json: JSONValue { ["id": .int(id), "name": .string(name)] }
}
