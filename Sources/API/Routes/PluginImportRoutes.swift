import Catalog
import CeleryProtocol
import Hummingbird

/// `POST /api/plugins/plugins/import/`: a plugin as a zip, by form field `file`; `overwrite` replaces one of its key.
struct PluginImportRoutes: Routes {
    let services: APIServices
    let shelf: PluginShelf
    let configuration: APIConfiguration

    var endpoints: [Endpoint] {
        [
            .post("/api/plugins/plugins/import", .admin, importArchive).described("Add a plugin as a zip", .plugins) {
                $0.form = Schema.form(
                    ["file": ["contentMediaType": "application/zip"], "overwrite": Schema.text], needs: ["file"])
                $0.needsBody = true
                $0.answers[200] = Schema.success(["plugin": Schema.anyObject, "was_managed": Schema.flag])
            }
        ]
    }

    @Sendable private func importArchive(_ request: APIRequest) async throws -> Response {
        guard request.hasContentType("multipart/form-data") else { throw Self.missingFile }
        let form = try await MultipartForm.read(
            request, uploads: configuration.uploadsFolder, limits: .init(fileBytes: configuration.uploadBytes))
        defer { form.discard() }
        guard let file = form.files.first(where: { $0.field == "file" }) else { throw Self.missingFile }
        let overwrites = JSONValue.string(form.fields["overwrite"] ?? "").boolean ?? false
        let key = try await PluginArchives(services: services, shelf: shelf).install(
            file.path, name: file.name, overwriting: overwrites ? .any : .none)
        // Whatever came from a repository before, this one came by hand.
        let wasManaged = try await services.catalog.plugins.unlink(key)
        return .success([
            "plugin": try await shelf.view(key).json(origin: request.origin), "was_managed": .bool(wasManaged),
        ])
    }

    private static let missingFile = APIError.badRequest(
        "Missing 'file' upload", code: "missing_file", hint: "Send the archive as form field 'file'.")
}
