import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import Skirret

/// `POST /api/plugins/plugins/<key>/run/`: one action, from the click to its result.
struct PluginRunRoutes: Routes {
    let services: APIServices
    let shelf: PluginShelf
    let configuration: APIConfiguration
    /// Seconds for an action that nobody waits for: what `dispatch_task` gives one, too.
    private static let asyncLimit = 3600.0

    var endpoints: [Endpoint] {
        [
            .post("/api/plugins/plugins/:key/run", .admin, run).described("Run an action of a plugin", .plugins) {
                $0.details = """
                    Waits for the result; 202 when it takes too long, with Prefer: respond-async, and for actions that declare \
                    "async": true, which have an hour.
                    """
                let action = Schema.text(atMost: 1000, atLeast: 1)
                $0.body = Schema.object(["action": action, "params": Schema.any], needs: ["action"])
                $0.form = Schema.form(["action": action, "params": Schema.text], needs: ["action"])
                $0.needsBody = true
                $0.answers = [200: Schema.success(["result": Schema.any]), 202: Schema.accepted]
                $0.headers.append(.init("Prefer", Schema.text, "respond-async answers 202 at once."))
                $0.startsWork()
            }
        ]
    }

    @Sendable private func run(_ request: APIRequest) async throws -> Response {
        let key = try request.parameter("key")
        // Asked for while the body comes in.
        async let actions = shelf.actions(of: key)
        // Before the body: files for a plugin that cannot run are not even read.
        guard try await shelf.row(key).isEnabled else { throw APIError.pluginDisabled }
        guard request.hasContentType("multipart/form-data") else {
            let body = try await request.jsonObject()
            return try await run(key, body["action"], body["params"] ?? [:], files: [:], await actions, for: request).0
        }
        let form = try await MultipartForm.read(
            request, uploads: configuration.uploadsFolder, limits: .init(fileBytes: configuration.uploadBytes))
        do {
            let params = form.fields["params"].map(JSONValue.string) ?? form.otherFields
            let (response, isOver) = try await run(
                key, form.fields["action"].map(JSONValue.string), params, files: form.filesByField, await actions,
                for: request)
            // A task that goes on still needs its files; old uploads are swept by age.
            if isOver { form.discard() }
            return response
        } catch {
            form.discard()
            throw error
        }
    }

    private func run(
        _ key: String, _ action: JSONValue?, _ params: JSONValue, files: JSONObject, _ actions: [JSONValue],
        for request: APIRequest
    ) async throws -> (Response, isOver: Bool) {
        guard let action = action?.string, !action.isEmpty else {
            throw APIError.badRequest("Missing 'action'", code: "missing_action")
        }
        let args: [JSONValue] = [.string(key), .string(action), params.parameters, .object(files)]
        // Every upload has a path of its own; the same request again is one with the same names and sizes.
        let uploads = files.values.flatMap { $0.array ?? [] }.map { file -> JSONValue in
            [file["name"] ?? .null, file["size"] ?? .null]
        }
        let isAsync = actions.first { $0["id"]?.string == action }?["async"]?.boolean ?? false
        var order = Ledger.Order(task: TaskNames.runAction, args: args)
        order.plugin = key
        order.about = "\(key): \(action)"
        if isAsync { order.options.timeLimits = TimeLimits(hard: Self.asyncLimit) }
        order = try TaskStart(services: services, request: request).signed(
            order, sameness: .array(args.dropLast() + [.array(uploads)]))
        let answer = TaskAnswer(services: services)
        guard isAsync || request.prefersAsync else {
            return try await answer.answer(starting: order, to: request, within: configuration.runDeadline)
        }
        return (TaskAnswer.accepted(try await services.ledger.start(order), isApplied: request.prefersAsync), false)
    }
}

extension MultipartForm {
    /// As the plugin's `context["files"]` is built from: field to its files.
    fileprivate var filesByField: JSONObject {
        var object = JSONObject()
        for file in files { object[file.field] = .array((object[file.field]?.array ?? []) + [file.json]) }
        return object
    }

    /// A plain form's fields are the parameters.
    fileprivate var otherFields: JSONValue {
        var object = JSONObject()
        for (name, value) in fields where name != "action" { object[name] = .string(value) }
        return .object(object)
    }
}
