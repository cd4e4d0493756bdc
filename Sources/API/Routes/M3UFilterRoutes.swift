import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Ingest

/// `/api/m3u/accounts/<id>/filters/`: which entries of a playlist are wanted.
struct M3UFilterRoutes: Routes {
    let services: APIServices
    private let path = "/api/m3u/accounts/:id/filters"

    private static let members: JSONObject = [
        "filter_type": Schema.choice(["group", "name", "url"]), "regex_pattern": Schema.text(atMost: 200, atLeast: 1),
        "exclude": Schema.looseFlag, "order": Schema.looseInteger(0...Int(Int32.max)),
        "custom_properties": Schema.optional(Schema.anyObject),
    ]
    private static let row = Schema.answer([
        "id": Schema.integer, "filter_type": Schema.text, "regex_pattern": Schema.text, "exclude": Schema.flag,
        "order": Schema.integer, "custom_properties": Schema.anyObject,
    ])

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list).described("The filters of a playlist", .sources) {
                $0.details = "In the order in which they are asked; the first that is found in an entry decides."
                $0.path = ["id": Schema.integer]
                $0.answers[200] = Schema.list(of: Self.row)
            },
            .post(path, .admin, create).described("Add a filter to a playlist", .sources) {
                $0.details = "Without `order` it is asked after all others."
                $0.path = ["id": Schema.integer]
                $0.body = Schema.object(Self.members, needs: ["regex_pattern"])
                $0.needsBody = true
                $0.answers[201] = Self.row
            },
            .get("\(path)/:part", .standard, show).described("One filter of a playlist", .sources) {
                $0.path = Self.both
                $0.answers[200] = Self.row
            },
            .put("\(path)/:part", .admin) { try await update($0, isWhole: true) }
                .described("Replace a filter of a playlist", .sources) {
                    $0.path = Self.both
                    $0.body = Schema.object(Self.members, needs: ["regex_pattern"])
                    $0.needsBody = true
                    $0.answers[200] = Self.row
                },
            .patch("\(path)/:part", .admin) { try await update($0, isWhole: false) }
                .described("Change a filter of a playlist", .sources) {
                    $0.path = Self.both
                    $0.body = Schema.object(Self.members)
                    $0.answers[200] = Self.row
                },
            .delete("\(path)/:part", .admin, delete).described("Remove a filter of a playlist", .sources) {
                $0.path = Self.both
                $0.answers[204] = .null
            },
        ]
    }

    private static let both: [String: JSONValue] = ["id": Schema.integer, "part": Schema.integer]

    private var table: M3UAccountTable { services.catalog.m3uAccounts }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        guard let account = try await table.find(try request.id()) else { throw APIError.noSuchAccount }
        return .json(.array(try await table.filters(of: account.id).map(\.json)))
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        guard let filter = try await table.filter(try request.id("part"), of: try request.id()) else {
            throw APIError.notFound("Not found.")
        }
        return .json(filter.json)
    }

    @Sendable private func create(_ request: APIRequest) async throws -> Response {
        let fields = try await request.jsonObject()
        var draft = M3UFilterDraft(pattern: "")
        try draft.apply(fields, isWhole: true)
        return .json(try await table.addFilter(to: try request.id(), draft).json, status: .created)
    }

    private func update(_ request: APIRequest, isWhole: Bool) async throws -> Response {
        let fields = try await request.jsonObject()
        let filter = try await table.updateFilter(try request.id("part"), of: try request.id()) { draft in
            try draft.apply(fields, isWhole: isWhole)
        }
        return .json(filter.json)
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        try await table.deleteFilter(try request.id("part"), of: try request.id())
        return Response(status: .noContent)
    }
}

extension M3UFilterDraft {
    /// Takes over the fields that a request names.
    ///
    /// - Throws: 400 with every fault.
    fileprivate mutating func apply(_ fields: JSONObject, isWhole: Bool) throws(APIError) {
        var reader = FieldReader(fields)
        reader.choice("filter_type", of: M3UFilter.Target.self) { target = $0 }
        reader.text("regex_pattern") { pattern = $0 ?? "" }
        reader.bool("exclude") { excludes = $0 }
        reader.int("order") { order = $0 }
        reader.properties("custom_properties") { customProperties = $0 }
        if isWhole { reader.requires("regex_pattern") }
        if reader.has("regex_pattern"), !(1...200).contains(pattern.unicodeScalars.count) {
            reader.fault("regex_pattern: a pattern has 1 to 200 characters")
        } else if reader.has("regex_pattern") {
            // A refresh fails as a whole on a pattern that it cannot read.
            do throws(RefreshError) {
                try PlaylistAccount.Filter(target: .group, pattern: pattern).validate()
            } catch {
                reader.fault("regex_pattern: not a regular expression")
            }
        }
        try reader.finish()
    }
}

extension FieldReader {
    /// A field that must be there.
    mutating func requires(_ name: String) {
        if !has(name) { fault("\(name): this field is required") }
    }
}

extension M3UFilter {
    /// As Dispatcharr's serializer writes it.
    var json: JSONValue {
        [
            "id": .int(id), "filter_type": .string(target.rawValue), "regex_pattern": .string(pattern),
            "exclude": .bool(excludes), "order": .int(order),
            "custom_properties": .object(
                (["case_sensitive": .bool(isCaseSensitive)] as JSONObject)
                    .merging(customProperties)),
        ]
    }
}
