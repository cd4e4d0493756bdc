import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret

/// `/api/m3u/accounts/<id>/profiles/`: the ways to connect to a provider.
struct M3UProfileRoutes: Routes {
    let services: APIServices
    private let path = "/api/m3u/accounts/:id/profiles"

    private static let members: JSONObject = [
        "name": Schema.text(atMost: 255, atLeast: 1), "max_streams": Schema.looseInteger(0...Int(Int32.max)),
        "is_active": Schema.looseFlag, "search_pattern": Schema.text(atMost: 255, atLeast: 1),
        "replace_pattern": Schema.text(atMost: 255, atLeast: 1),
        "custom_properties": Schema.optional(Schema.anyObject), "exp_date": Schema.optional(Schema.time),
    ]
    private static let row = Schema.answer([
        "id": Schema.integer, "name": Schema.text, "is_default": Schema.flag, "max_streams": Schema.integer,
        "is_active": Schema.flag, "search_pattern": Schema.optional(Schema.text),
        "replace_pattern": Schema.optional(Schema.text), "current_viewers": Schema.integer,
        "custom_properties": Schema.optional(Schema.anyObject), "exp_date": Schema.optional(Schema.time),
        "account": Schema.anyObject,
    ])
    private static let both: [String: JSONValue] = ["id": Schema.integer, "part": Schema.integer]
    private static let onDefault =
        "Of the default profile only name, notes, expiration and patterns can be changed; it goes with its account."

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list).described("The connection profiles of a playlist", .sources) {
                $0.path = ["id": Schema.integer]
                $0.answers[200] = Schema.list(of: Self.row)
            },
            .post(path, .admin, create).described("Add a connection profile to a playlist", .sources) {
                $0.path = ["id": Schema.integer]
                $0.body = Schema.object(Self.members, needs: ["name", "search_pattern", "replace_pattern"])
                $0.needsBody = true
                $0.answers[201] = Self.row
            },
            .get("\(path)/:part", .standard, show).described("One connection profile of a playlist", .sources) {
                $0.path = Self.both
                $0.answers[200] = Self.row
            },
            .put("\(path)/:part", .admin) { try await update($0, isWhole: true) }
                .described("Replace a connection profile of a playlist", .sources) {
                    $0.details = Self.onDefault
                    $0.path = Self.both
                    $0.body = Schema.object(Self.members, needs: ["name"])
                    $0.needsBody = true
                    $0.answers[200] = Self.row
                },
            .patch("\(path)/:part", .admin) { try await update($0, isWhole: false) }
                .described("Change a connection profile of a playlist", .sources) {
                    $0.details = Self.onDefault
                    $0.path = Self.both
                    $0.body = Schema.object(Self.members)
                    $0.answers[200] = Self.row
                },
            .delete("\(path)/:part", .admin, delete).described("Remove a connection profile of a playlist", .sources) {
                $0.details = Self.onDefault
                $0.path = Self.both
                $0.answers[204] = .null
            },
            .post("/api/m3u/refresh-account-info/:id", .admin, refreshInfo).described(
                "Ask an Xtream Codes provider about a profile's user", .sources
            ) {
                $0.path = ["id": Schema.integer]
                $0.answers[202] = Schema.accepted
                $0.startsWork()
            },
        ]
    }

    private var table: M3UAccountTable { services.catalog.m3uAccounts }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        let account = try await account(of: request)
        let rows = try await table.profiles(of: account.id)
        return .json(.array(rows.map { request.visible($0.json(in: account), without: M3UAccountProfile.secrets) }))
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        let account = try await account(of: request)
        guard let profile = try await table.profile(try request.id("part"), of: account.id) else {
            throw APIError.notFound("Not found.")
        }
        return .json(request.visible(profile.json(in: account), without: M3UAccountProfile.secrets))
    }

    @Sendable private func create(_ request: APIRequest) async throws -> Response {
        let fields = try await request.jsonObject()
        let account = try await account(of: request)
        var draft = M3UProfileDraft(name: "")
        try draft.apply(fields, needs: ["name", "search_pattern", "replace_pattern"], isDefault: false)
        let profile = try await table.addProfile(to: account.id, draft)
        return .json(profile.json(in: account), status: .created)
    }

    private func update(_ request: APIRequest, isWhole: Bool) async throws -> Response {
        let fields = try await request.jsonObject()
        let account = try await account(of: request)
        let profile = try await table.updateProfile(try request.id("part"), of: account.id) { draft, isDefault in
            try draft.apply(fields, needs: isWhole ? ["name"] : [], isDefault: isDefault)
        }
        return .json(profile.json(in: account))
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        try await table.deleteProfile(try request.id("part"), of: try request.id())
        return Response(status: .noContent)
    }

    @Sendable private func refreshInfo(_ request: APIRequest) async throws -> Response {
        let id = try request.id()
        guard let number = try await table.account(ofProfile: id), let account = try await table.find(number),
            let profile = try await table.profile(id, of: number)
        else { throw APIError.notFound("Profile not found") }
        guard account.draft.kind == .xtream else {
            throw APIError.badRequest(
                "Account info refresh is only available for XtreamCodes accounts", code: "not_xtream_codes")
        }
        let task = try await TaskStart(services: services, request: request).start(
            TaskNames.refreshAccountInfo, [.int(id)], about: "profile \(id)")
        return TaskAnswer.accepted(
            task, isApplied: false, message: "Account info refresh initiated for profile \(profile.name).")
    }

    private func account(of request: APIRequest) async throws -> M3UAccount {
        guard let account = try await table.find(try request.id()) else { throw APIError.noSuchAccount }
        return account
    }
}

extension M3UProfileDraft {
    /// Takes over the fields that a request names.
    ///
    /// - Throws: 400 with every fault.
    fileprivate mutating func apply(_ fields: JSONObject, needs: [String], isDefault: Bool) throws(APIError) {
        var reader = FieldReader(fields)
        let old = self
        reader.text("name") { name = $0 ?? "" }
        reader.int("max_streams") { maxStreams = $0 }
        reader.bool("is_active") { isActive = $0 }
        reader.text("search_pattern") { searchPattern = $0 ?? "" }
        reader.text("replace_pattern") { replacePattern = $0 ?? "" }
        reader.properties("custom_properties") { customProperties = $0 }
        if fields["exp_date"]?.isNull ?? false { expiresAt = nil } else { reader.time("exp_date") { expiresAt = $0 } }
        for field in needs { reader.requires(field) }
        if reader.has("name"), !(1...255).contains(name.unicodeScalars.count) {
            reader.fault("name: a name has 1 to 255 characters")
        }
        for (field, pattern) in [("search_pattern", searchPattern), ("replace_pattern", replacePattern)]
        where reader.has(field) && !(isDefault ? 0...255 : 1...255).contains(pattern.unicodeScalars.count) {
            reader.fault("\(field): a pattern has 1 to 255 characters; only the default profile may have none")
        }
        if isDefault, (old.maxStreams, old.isActive) != (maxStreams, isActive) {
            reader.fault(
                "max_streams, is_active: default profiles can only modify name, notes, expiration, and URL patterns")
        }
        try reader.finish()
    }
}

extension M3UAccountProfile {
    /// What may hold a subscription's name and password: readers see null.
    static let secrets = ["search_pattern", "replace_pattern", "custom_properties"]

    /// As Dispatcharr's serializer writes it.
    func json(in account: M3UAccount) -> JSONValue {
        [
            "id": .int(id), "name": .string(name), "is_default": .bool(isDefault), "max_streams": .int(maxStreams),
            "is_active": .bool(isActive), "search_pattern": .string(searchPattern),
            "replace_pattern": .string(replacePattern), "current_viewers": .int(currentViewers),
            "custom_properties": .object(customProperties), "exp_date": JSONValue(expiresAt.map(APITime.text)),
            "account": [
                "id": .int(account.id), "name": .string(account.draft.name),
                "account_type": .string(account.draft.kind.rawValue),
                "is_xtream_codes": .bool(account.draft.kind == .xtream),
            ],
        ]
    }
}
