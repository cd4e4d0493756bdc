import Catalog
import CeleryProtocol
import Foundation
import Hummingbird
import PluginRuntime

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
                $0.answers[200] = Schema.success(["plugin": Schema.anyObject])
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
        do {
            let plugin = try await install(file, overwriting: overwrites)
            return .success(["plugin": plugin.json(origin: request.origin), "was_managed": false])
        } catch let refusal as PluginInstaller.Refusal {
            throw APIError.badRequest(refusal.description, code: refusal.code, hint: Self.hint(for: refusal.code))
        }
    }

    private func install(_ file: UploadedFile, overwriting: Bool) async throws -> PluginView {
        let installer = services.discovery.installer
        let staged = try await installer.stage(archive: file.path, name: file.name)
        do {
            if staged.exists, overwriting { await stopRunning(staged.folder) }
            try await installer.install(staged, overwriting: overwriting)
        } catch {
            // What is left of it goes with the next import; the error that matters is the first.
            try? await installer.discard(staged)
            throw error
        }
        let found = try await shelf.scan(isFresh: true)
        let key = found.first { Self.folder(of: $0) == staged.folder }?.key ?? staged.key
        if try await shelf.row(key).isEnabled { await shelf.describe(key) }
        return try await shelf.view(key)
    }

    /// The code that is about to be replaced gets to say goodbye.
    private func stopRunning(_ folder: String) async {
        // Not listed, not enabled, no answer: then nothing of it runs that could be stopped.
        guard let found = try? await shelf.scan(isFresh: true).first(where: { Self.folder(of: $0) == folder }),
            let row = try? await shelf.row(found.key), row.isEnabled
        else { return }
        await shelf.stop(found.key, reason: "overwrite")
    }

    private static func folder(of plugin: PluginDescription) -> String {
        URL(filePath: plugin.path).lastPathComponent
    }

    private static let missingFile = APIError.badRequest(
        "Missing 'file' upload", code: "missing_file", hint: "Send the archive as form field 'file'.")

    private static func hint(for code: String) -> String? {
        switch code {
        case "plugin_exists": "Send overwrite=true to replace it; its settings are kept."
        case "unsafe_path": "Every name must be a plain relative path, in UTF-8, and another file on every system."
        case "invalid_zip": "Only stored and deflated files and folders are taken: no encryption, no links."
        case "archive_too_many_files", "archive_file_too_large", "archive_too_large":
            "The limits are DISPATCHARR_PLUGIN_IMPORT_MAX_FILES, …_MAX_FILE_BYTES and …_MAX_BYTES."
        default: nil
        }
    }
}
