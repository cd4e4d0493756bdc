import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import PluginRuntime
import Skirret

/// `/api/plugins/plugins/`: what there is, what may run, and the requests that make it run.
struct PluginRoutes: Routes {
    let services: APIServices
    let shelf: PluginShelf
    let runDeadline: Duration
    private let path = "/api/plugins/plugins"

    var endpoints: [Endpoint] {
        [
            .get(path, .standard, list).described("All plugins", .plugins) {
                $0.answers[200] = Schema.answer(["plugins": Schema.list(of: Schema.anyObject)])
            },
            .post("\(path)/reload", .admin, reload).described("Read the plugins folder again", .plugins) {
                $0.answers[200] = Schema.success(["count": Schema.integer])
            },
            .post("\(path)/:key/settings", .admin, saveSettings).described("Save a plugin's settings", .plugins) {
                $0.body = Schema.object(["settings": Schema.anyObject], needs: ["settings"])
                $0.needsBody = true
                $0.answers[200] = Schema.success(["settings": Schema.anyObject])
            },
            .post("\(path)/:key/enabled", .admin, setEnabled).described("Switch a plugin on or off", .plugins) {
                $0.body = Schema.object(["enabled": Schema.flag], needs: ["enabled"])
                $0.needsBody = true
                $0.answers[200] = Schema.success(["enabled": Schema.flag])
            },
            .post("\(path)/:key/ui/resource", .admin, resolveResource).described(
                "Ask a plugin for data of a page", .plugins
            ) {
                $0.body = Schema.object(
                    [
                        "resource": Schema.text(atMost: 1000, atLeast: 1), "params": Schema.any,
                        "allow_disabled": Schema.flag,
                    ], needs: ["resource"])
                $0.needsBody = true
                $0.answers = [200: Schema.success(["result": Schema.any]), 202: Schema.accepted]
            },
            .get("\(path)/:key/logo", .standard, logo).described("A plugin's picture", .plugins) {
                $0.mediaType = "image/png"
                $0.answers[200] = Schema.any
            },
            .delete("\(path)/:key/delete", .admin, delete).described("Remove a plugin", .plugins) {
                $0.answers[200] = Schema.success()
            },
        ]
    }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        let rows = try await shelf.rows()
        return .json([
            "plugins": .array(rows.map { request.visible($0.json(origin: request.origin), without: ["settings"]) })
        ])
    }

    /// Every enabled plugin is told to stop, then the folder is read again and the new code asked what it is.
    @Sendable private func reload(_ request: APIRequest) async throws -> Response {
        let enabled = try await services.catalog.plugins.all().filter(\.isEnabled).map(\.key)
        await forEach(enabled) { await shelf.stop($0, reason: "reload") }
        let plugins = try await shelf.scan(isFresh: true)
        await forEach(enabled) { await shelf.describe($0) }
        return .success(["count": .int(plugins.count)])
    }

    @Sendable private func saveSettings(_ request: APIRequest) async throws -> Response {
        let key = try request.parameter("key")
        guard let settings = try await request.jsonObject()["settings"]?.object else {
            throw APIError.badRequest("Missing 'settings' object", code: "missing_settings")
        }
        _ = try await shelf.row(key)
        let row = try await services.catalog.plugins.replaceSettings(of: key, with: settings)
        return .success(["settings": .object(row.settings)])
    }

    @Sendable private func setEnabled(_ request: APIRequest) async throws -> Response {
        let key = try request.parameter("key")
        guard let value = try await request.jsonObject()["enabled"] else {
            throw APIError.badRequest("Missing 'enabled' boolean", code: "missing_enabled")
        }
        guard let isEnabled = value.boolean else {
            throw APIError.badRequest("Invalid 'enabled' boolean", code: "invalid_enabled")
        }
        let old = try await shelf.row(key)
        let row = try await services.catalog.plugins.setEnabled(key, isEnabled)
        if isEnabled { await shelf.describe(key) } else if old.isEnabled { await shelf.stop(key, reason: "disable") }
        return .success([
            "enabled": .bool(row.isEnabled), "ever_enabled": .bool(row.wasEverEnabled),
            "plugin": try await shelf.view(key).json(origin: request.origin),
        ])
    }

    @Sendable private func resolveResource(_ request: APIRequest) async throws -> Response {
        let key = try request.parameter("key")
        let body = try await request.jsonObject()
        guard let resource = (body["resource"] ?? body["id"])?.string, !resource.isEmpty else {
            throw APIError.badRequest("Missing 'resource' identifier", code: "missing_resource")
        }
        let row = try await shelf.row(key)
        let wantsDisabled = body["allow_disabled"]?.boolean ?? false
        guard try await shelf.mayAnswer(row, resource, whileDisabled: wantsDisabled) else {
            throw APIError(
                .forbidden, code: "plugin_disabled",
                "Plugin '\(key)' is disabled and cannot resolve resource '\(resource)'")
        }
        let id = try await services.queue.send(
            TaskNames.resolveResource,
            args: [.string(key), .string(resource), (body["params"] ?? [:]).parameters, .bool(wantsDisabled)])
        return try await TaskAnswer(services: services).answer(id, to: request, within: runDeadline).0
    }

    @Sendable private func logo(_ request: APIRequest) async throws -> Response {
        let view = try await shelf.view(try request.parameter("key"))
        let absent = APIError.notFound("The plugin has no logo.", code: "no_logo")
        guard let path = view.found?.logoPath else { throw absent }
        // Not followed if it is a link: it could point at anything.
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)  // Unreadable is as good as absent.
        guard attributes?[.type] as? FileAttributeType == .typeRegular,
            let size = attributes?[.size] as? Int, size <= 2 * 1024 * 1024
        else { throw absent }
        let headers: HTTPFields = [.contentType: "image/png", .cacheControl: "private, max-age=300"]
        return Response(
            status: .ok, headers: headers, body: try await FileIO().loadFile(path: path, context: request.context))
    }

    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        try await shelf.delete(try request.parameter("key"))
        return .success()
    }

    private func forEach(_ keys: [String], _ body: @escaping @Sendable (String) async -> Void) async {
        await withDiscardingTaskGroup { group in
            for key in keys { group.addTask { await body(key) } }
        }
    }
}

extension JSONValue {
    /// A truth value in any of the spellings that forms send; nil for anything else.
    var boolean: Bool? {
        switch self {
        case .bool(let value): value
        case .number(let number): number.int == 1 ? true : number.int == 0 ? false : nil
        case .string(let text):
            switch text.lowercased() {
            case "true", "1", "yes", "y", "on": true
            case "false", "0", "no", "n", "off": false
            default: nil
            }
        default: nil
        }
    }

    /// Parameters of an action, as plugins expect them: an object, whatever was sent.
    var parameters: JSONValue {
        switch self {
        case .object: return self
        case .null: return [:]
        case .array(let pairs):
            var object = JSONObject()
            for pair in pairs {
                guard let key = pair[0]?.string, let value = pair[1], pair.array?.count == 2 else {
                    return ["value": self]
                }
                object[key] = value
            }
            return .object(object)
        case .string(let text):
            // try?: text that is no JSON object is a plain value.
            if let parsed = try? JSONValue(parsing: text), parsed.object != nil { return parsed }
            return text.isEmpty ? [:] : ["value": self]
        case .bool, .number: return ["value": self]
        }
    }
}
