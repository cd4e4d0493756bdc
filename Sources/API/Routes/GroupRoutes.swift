import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird

/// `/api/accounts/groups/` and `/api/accounts/permissions/`: Django's own, for programs that use them.
///
/// What people may do here follows their level; a group gives nobody a right in this API.
struct GroupRoutes: Routes {
    let services: APIServices
    private let path = "/api/accounts/groups"

    private static let members: JSONObject = [
        "name": Schema.text(atMost: 150, atLeast: 1), "permissions": Schema.list(of: Schema.integer),
    ]
    private static let group = Schema.answer([
        "id": Schema.integer, "name": Schema.text, "permissions": Schema.list(of: Schema.integer),
    ])

    var endpoints: [Endpoint] {
        [
            .get(path, .admin, list).described("Django's groups", .accounts) {
                $0.details = "They give nobody a right here: that is the user's level."
                $0.answers[200] = Schema.list(of: Self.group)
            },
            .post(path, .admin, create).described("Add a group", .accounts) {
                $0.body = Schema.object(Self.members, needs: ["name", "permissions"])
                $0.needsBody = true
                $0.answers[201] = Self.group
            },
            .get("\(path)/:id", .admin, show).described("One group", .accounts) { $0.answers[200] = Self.group },
            .put("\(path)/:id", .admin) { try await update($0, isWhole: true) }
                .described("Replace a group", .accounts) {
                    $0.body = Schema.object(Self.members, needs: ["name", "permissions"])
                    $0.needsBody = true
                    $0.answers[200] = Self.group
                },
            .patch("\(path)/:id", .admin) { try await update($0, isWhole: false) }
                .described("Change a group", .accounts) {
                    $0.body = Schema.object(Self.members)
                    $0.answers[200] = Self.group
                },
            .delete("\(path)/:id", .admin, delete).described("Remove a group", .accounts) { $0.answers[204] = .null },
            .get("/api/accounts/permissions", .admin, permissions).described("Django's permissions", .accounts) {
                $0.answers[200] = Schema.list(
                    of: Schema.answer(["id": Schema.integer, "name": Schema.text, "codename": Schema.text]))
            },
        ]
    }

    private var table: GroupTable { services.catalog.groups }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        .json(.array(try await table.all().map(\.json)))
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        guard let group = try await table.find(request.id()) else { throw APIError.notFound("Not found.") }
        return .json(group.json)
    }

    @Sendable private func create(_ request: APIRequest) async throws -> Response {
        let body = try Self.body(try await request.jsonObject(), isWhole: true)
        let group = try await table.insert(name: body.name ?? "", permissions: body.permissions ?? [])
        return .json(group.json, status: .created)
    }

    private func update(_ request: APIRequest, isWhole: Bool) async throws -> Response {
        let body = try Self.body(try await request.jsonObject(), isWhole: isWhole)
        return .json(try await table.update(request.id(), name: body.name, permissions: body.permissions).json)
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        try await table.delete(request.id())
        return Response(status: .noContent)
    }

    @Sendable private func permissions(_ request: APIRequest) async throws -> Response {
        .json(
            .array(
                try await table.permissions().map {
                    ["id": .int($0.id), "name": .string($0.name), "codename": .string($0.codename)]
                }))
    }

    private static func body(
        _ object: JSONObject, isWhole: Bool
    ) throws(APIError) -> (name: String?, permissions: [Int]?) {
        var reader = FieldReader(object)
        var name: String?
        var permissions: [Int]?
        reader.text("name") { name = ($0 ?? "").trimmingSpace }
        if name == "" { reader.fault("name: this field may not be blank") }
        reader.list("permissions") { list in permissions = list.compactMap(\.wholeNumber) }
        if permissions?.count != object["permissions"]?.array?.count {
            reader.fault("permissions: expected a list of identifiers")
        }
        if isWhole {
            for field in ["name", "permissions"] where !reader.has(field) {
                reader.fault("\(field): this field is required")
            }
        }
        try reader.finish()
        return (name, permissions)
    }
}

extension GroupRow {
    fileprivate var json: JSONValue {
        ["id": .int(id), "name": .string(name), "permissions": .array(permissions.map(JSONValue.int))]
    }
}
