import Foundation

/// What was uploaded for plugins' fields of type `file`: `<plugin>/<field>/<upload>/<name>`.
///
/// Plugins read it and cannot write here, so that no plugin can put a link in the server's way.
struct PluginFiles: Sendable {
    let folder: URL

    /// Moves an upload to its place and gives its path; earlier ones of the field go, except `kept`, which may be in use.
    ///
    /// Blocks for the disk.
    ///
    /// - Throws: 507 when the disk does not take it.
    func keep(_ file: UploadedFile, of plugin: String, field: String, except kept: String?) throws(APIError) -> String {
        // A field's id may be any text.
        let place = folder.appending(path: plugin).appending(path: Fingerprint(field).text)
        let target = place.appending(path: UUID().uuidString.lowercased())
        // Longer than file systems take: the ending is what a plugin may go by.
        let ending = String((file.name as NSString).pathExtension.prefix(20))
        let name = file.name.utf8.count <= 200 ? file.name : ending.isEmpty ? "file" : "file.\(ending)"
        let path = target.appending(path: name).path
        do {
            try FileManager.default.createDirectory(
                at: target, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
            try FileManager.default.moveItem(atPath: file.path, toPath: path)
            for old in try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)
            where old.lastPathComponent != target.lastPathComponent && !(kept ?? "").hasPrefix(old.path + "/") {
                try FileManager.default.removeItem(at: old)
            }
        } catch {
            throw .storageFull
        }
        return path
    }

    /// Removes all that was uploaded for a plugin.
    func removeAll(of plugin: String) {
        // try?: mostly there is nothing, and what is left harms nobody.
        try? FileManager.default.removeItem(at: folder.appending(path: plugin))
    }
}
