import Catalog
import Foundation
import PluginRuntime

/// Puts plugins that come as archives into the plugins folder, whoever brings them.
struct PluginArchives {
    /// Which plugins an archive may take the place of.
    enum Overwriting: Equatable {
        case none
        case any
        /// Of that key, and no other, whatever is in the archive.
        case only(String)
    }

    let services: APIServices
    let shelf: PluginShelf

    /// Installs an archive, stopping what it replaces and asking the new code what it is.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - name: What a plugin that lies at the archive's root is called like.
    ///   - overwriting: Which plugins it may take the place of.
    /// - Returns: The plugin's key.
    /// - Throws: ``APIError`` 400 with the reason; what there was is still there then.
    func install(_ path: String, name: String, overwriting: Overwriting) async throws -> String {
        do {
            return try await put(path, name, overwriting)
        } catch let refusal as PluginInstaller.Refusal {
            throw APIError.badRequest(refusal.description, code: refusal.code, hint: Self.hint(for: refusal.code))
        }
    }

    private func put(_ path: String, _ name: String, _ overwriting: Overwriting) async throws -> String {
        let installer = services.discovery.installer
        let staged = try await installer.stage(archive: path, name: name)
        do {
            let overwrites = overwriting == .any || overwriting == .only(staged.key)
            if staged.exists, overwrites { await stopRunning(staged.folder) }
            try await installer.install(staged, overwriting: overwrites)
        } catch {
            // What is left of it goes with the next import; the error that matters is the first.
            try? await installer.discard(staged)
            throw error
        }
        let found = try await shelf.scan(isFresh: true)
        let key = found.first { Self.folder(of: $0) == staged.folder }?.key ?? staged.key
        if try await shelf.row(key).isEnabled { await shelf.describe(key) }
        return key
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
