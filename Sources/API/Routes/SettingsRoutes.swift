import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret

/// `/api/core/settings/`: the groups of settings, one row each.
///
/// A row goes by its number, as Dispatcharr's clients have it, or by its key: `/api/core/settings/system_settings/`.
struct SettingsRoutes: Routes {
    let services: APIServices
    let listeners: ListenerWatch
    private let path = "/api/core/settings"

    private static let key = Schema.text(pattern: "^[A-Za-z0-9_.-]{1,255}$")
    private static let name = Schema.text(atMost: 255, atLeast: 1)
    private static let row = Schema.answer([
        "id": Schema.integer, "key": Schema.text, "name": Schema.text, "value": Schema.anyObject,
    ])

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list).described("All groups of settings", .server) {
                $0.details = "Of `network_access` only the list `UI` has a door here; see /api/core/settings/check/."
                $0.answers[200] = Schema.list(of: Self.row)
                $0.isPolled()
            },
            .post(path, .admin, create).described("Add a group of settings", .server) {
                $0.body = Schema.object(
                    ["key": Self.key, "name": Self.name, "value": Schema.anyObject], needs: ["key", "value"])
                $0.needsBody = true
                $0.answers[201] = Self.row
            },
            .get("\(path)/:id", .standard, show).described("One group of settings", .server) {
                $0.path = ["id": Self.key]
                $0.answers[200] = Self.row
            },
            .put("\(path)/:id", .admin) { try await change($0, isMerged: false) }
                .described("Replace a group of settings", .server) {
                    $0.details = "Settings that \"value\" does not name are gone afterwards."
                    $0.path = ["id": Self.key]
                    $0.body = Schema.object(["name": Self.name, "value": Schema.anyObject], needs: ["value"])
                    $0.needsBody = true
                    $0.answers[200] = Self.row
                },
            .patch("\(path)/:id", .admin) { try await change($0, isMerged: true) }
                .described("Change some settings of a group", .server) {
                    $0.details = "Settings that \"value\" does not name stay as they are."
                    $0.path = ["id": Self.key]
                    $0.body = Schema.object(
                        ["name": Self.name, "value": Schema.anyObject], needsOneOf: ["name", "value"])
                    $0.needsBody = true
                    $0.answers[200] = Self.row
                },
            .delete("\(path)/:id", .admin, delete).described("Remove a group of settings", .server) {
                $0.details = "Not one of the server's own."
                $0.path = ["id": Self.key]
                $0.answers[204] = .null
            },
        ]
    }

    private var table: SettingsTable { services.catalog.settings }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        request.polled(.array(try await table.all().map(\.json)))
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response { .json(try await row(request).json) }

    @Sendable private func create(_ request: APIRequest) async throws -> Response {
        let body = try await request.jsonObject()
        var reader = FieldReader(body)
        var key = "", name: String?
        reader.plainText("key", atMost: 255, isAllowed: Self.isKeyLetter) { key = $0 }
        Self.readName(&reader) { name = $0 }
        if body["key"] == nil { reader.fault("key: required") }
        let group = SettingsGroup(rawValue: key)
        let value = Self.readValue(&reader)
        if body["value"] == nil { reader.fault("value: required") }
        try reader.finish()
        try Self.check(value, of: group)
        let row = try await table.insert(group, name: name, value: value ?? [:])
        if group == .network { await listeners.changed() }
        return .json(row.json, status: .created)
    }

    private func change(_ request: APIRequest, isMerged: Bool) async throws -> Response {
        let body = try await request.jsonObject()
        let row = try await row(request)
        if let key = body["key"]?.string, key != row.group.rawValue {
            throw APIError(
                .unprocessableContent, code: "key_fixed", "key: this group is \"\(row.group.rawValue)\" and stays so",
                hint: "POST /api/core/settings/ makes a group of another key.")
        }
        var reader = FieldReader(body)
        var name: String?
        Self.readName(&reader) { name = $0 }
        let value = Self.readValue(&reader)
        if body["value"] == nil, !isMerged || name == nil { reader.fault("value: required") }
        try reader.finish()
        try Self.check(value, of: row.group)
        if let value {
            let settings = isMerged ? row.value.merging(value) : value
            try NetworkLists.refuseLockOut(settings, of: row.group, for: request)
        }
        let (before, after) = try await table.change(row.id, name: name, value: value, isMerged: isMerged)
        try await follow(before, after, for: request)
        return .json(after.json)
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        try await table.delete(try await row(request).id)
        return Response(status: .noContent)
    }

    /// Starts what Dispatcharr starts: what was computed by the old settings is computed anew.
    private func follow(_ before: SettingsRow, _ after: SettingsRow, for request: APIRequest) async throws {
        func changed(_ name: String) -> Bool { before.value[name] != after.value[name] }
        if after.group == .network, before.value != after.value { await listeners.changed() }
        let start = TaskStart(services: services, request: request)
        if after.group == .streams, changed("m3u_hash_key"), let keys = after.value["m3u_hash_key"]?.string {
            let names = keys.split(separator: ",").map { JSONValue.string(String($0.trimmingBlanks)) }
            _ = try await start.start(TaskNames.rehashStreams, [.array(names)], about: "settings: m3u_hash_key")
        }
        if after.group == .dvr, changed("pre_offset_minutes") || changed("post_offset_minutes") {
            _ = try await start.start(TaskNames.rescheduleRecordings, about: "settings: recording offsets")
        }
    }

    private func row(_ request: APIRequest) async throws -> SettingsRow {
        let text = try request.parameter("id")
        let row =
            if let id = Int(text) { try await table.find(id) } else {
                try await table.find(SettingsGroup(rawValue: text))
            }
        guard let row else {
            throw APIError(
                .notFound, code: "settings_not_found", "No group of settings is called \"\(text.prefix(80))\".",
                hint: "GET /api/core/settings/ lists them.")
        }
        return row
    }

    private static func readName(_ reader: inout FieldReader, _ assign: (String) -> Void) {
        guard let value = reader.object["name"] else { return }
        guard let name = value.string, 1...255 ~= name.unicodeScalars.count, !name.contains("\0") else {
            return reader.fault("name: expected text of 1 to 255 characters")
        }
        assign(name)
    }

    private static func readValue(_ reader: inout FieldReader) -> JSONObject? {
        var settings: JSONObject?
        reader.strictObject("value") { settings = $0 }
        return settings
    }

    /// - Throws: 422 naming every setting that cannot be in this group, and what it may be.
    private static func check(_ value: JSONObject?, of group: SettingsGroup) throws(APIError) {
        let faults = SettingsRules.faults(value ?? [:], of: group)
        guard !faults.isEmpty else { return }
        throw APIError(.unprocessableContent, code: "invalid_fields", faults.joined(separator: "; "))
    }

    private static func isKeyLetter(_ byte: UInt8) -> Bool {
        CallReader.isQueueLetter(byte) && byte != UInt8(ascii: ":") && byte != UInt8(ascii: "@")
    }
}

extension SettingsRow {
    fileprivate var json: JSONValue {
        ["id": .int(id), "key": .string(group.rawValue), "name": .string(name), "value": .object(value)]
    }
}
