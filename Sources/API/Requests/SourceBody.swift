import CeleryProtocol
import Foundation

/// The body of a request that makes or changes a source: JSON, or a form with the playlist or guide itself.
struct SourceBody {
    /// The fields; of a form, all of them text.
    var fields: JSONObject
    /// Where an uploaded file now lies for good.
    var filePath: String?

    /// Reads a body; `folder` is `m3us` or `epgs`, below `uploads/`.
    static func read(_ request: APIRequest, folder: String, configuration: APIConfiguration) async throws -> SourceBody
    {
        guard request.hasContentType("multipart/form-data") else {
            return SourceBody(fields: try await request.jsonObject(), filePath: nil)
        }
        let form = try await MultipartForm.read(
            request, uploads: configuration.uploadsFolder, limits: .init(fileBytes: configuration.uploadBytes))
        defer { form.discard() }
        var fields = JSONObject()
        for (name, value) in form.fields { fields[name] = .string(value) }
        guard let file = form.files.first else { return SourceBody(fields: fields, filePath: nil) }
        let target = configuration.uploadsFolder.appending(path: folder)
        do {
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            // The identifier first: two files of one name are two files, and a name is never a path.
            let name = "\(UUID().uuidString.prefix(8).lowercased())-\(file.name)"
            let kept = target.appending(path: name)
            try FileManager.default.moveItem(at: URL(filePath: file.path), to: kept)
            return SourceBody(fields: fields, filePath: kept.path)
        } catch {
            throw APIError.storageFull
        }
    }
}
