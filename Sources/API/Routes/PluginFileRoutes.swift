import Catalog
import CeleryProtocol
import Foundation
import Hummingbird
import NIOPosix

/// `POST /api/plugins/plugins/<key>/fields/<field>/upload/`: a file for a field of type `file`, by form field `file`.
struct PluginFileRoutes: Routes {
    let shelf: PluginShelf
    let configuration: APIConfiguration

    var endpoints: [Endpoint] {
        [
            .post("/api/plugins/plugins/:key/fields/:field/upload", .admin, upload).described(
                "Upload a file for a plugin's setting", .plugins
            ) {
                $0.details = """
                    Answers the file's path on the server, which is the field's value; it is used once the settings are saved \
                    with it. The plugin may read the file, and keeps it until another one is saved or the plugin is deleted.
                    """
                $0.form = Schema.form(["file": ["contentMediaType": "application/octet-stream"]], needs: ["file"])
                $0.needsBody = true
                $0.answers[200] = Schema.success([
                    "path": Schema.text, "value": Schema.text, "name": Schema.text, "size": Schema.integer,
                ])
            }
        ]
    }

    @Sendable private func upload(_ request: APIRequest) async throws -> Response {
        let key = try request.parameter("key"), id = try request.parameter("field")
        let row = try await shelf.row(key)
        guard let field = try await shelf.fields(of: key).first(where: { $0["id"]?.string == id }) else {
            throw APIError.notFound("Plugin '\(key)' has no field '\(id)'.", code: "field_not_found")
        }
        guard field["type"]?.string == "file" else {
            throw APIError.badRequest(
                "The field '\(id)' takes no file.", code: "not_a_file_field", hint: "Only fields of type file do.")
        }
        guard request.hasContentType("multipart/form-data") else { throw Self.missingFile }
        let form = try await MultipartForm.read(
            request, uploads: configuration.uploadsFolder, limits: .init(fileBytes: configuration.uploadBytes))
        defer { form.discard() }
        guard let file = form.files.first(where: { $0.field == "file" }) else { throw Self.missingFile }
        try Self.check(file.name, accept: field["accept"]?.string ?? "")
        let files = PluginFiles(folder: configuration.pluginFilesFolder), saved = row.settings[id]?.string
        let path = try await NIOThreadPool.singleton.runIfActive {
            try files.keep(file, of: key, field: id, except: saved)
        }
        return .success([
            "path": .string(path), "value": .string(path), "name": .string(file.name), "size": .int(file.size),
        ])
    }

    /// Refuses a name whose ending the field does not take; media types in the list say nothing about names.
    private static func check(_ name: String, accept: String) throws(APIError) {
        let endings = accept.split(separator: ",").map { $0.trimmingBlanks.lowercased() }.filter { !$0.isEmpty }
        guard !endings.isEmpty, endings.allSatisfy({ $0.hasPrefix(".") }),
            !endings.contains(where: { name.lowercased().hasSuffix($0) })
        else { return }
        throw .badRequest(
            "The field takes \(endings.joined(separator: ", ")), not '\(name.prefix(200))'.", code: "file_not_accepted")
    }

    private static let missingFile = APIError.badRequest(
        "Missing 'file' upload", code: "missing_file", hint: "Send the file as form field 'file'.")
}
