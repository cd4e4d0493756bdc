import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Logging
import PluginRuntime
import Skirret
import SkirretRedis
import Synchronization

/// The plugins as the API shows them: what their folders say, what was decided about them, and what their loaded code said last.
///
/// Reads and enqueues; no plugin's code runs in this process.
final class PluginShelf: Sendable {
    /// How long a change waits for the workers' part in it (`stop`, `describe`), which is a courtesy.
    private static let courtesy: Duration = .seconds(5)
    /// A plugin's farewell may take ten seconds, and its process one more to end.
    private static let farewell: Duration = .seconds(12)

    private let services: APIServices
    private let pluginFiles: URL
    private let logger: Logger
    private let lastSynchronized = Mutex<[PluginDescription]?>(nil)

    init(services: APIServices, pluginFiles: URL, logger: Logger) {
        self.services = services
        self.pluginFiles = pluginFiles
        self.logger = logger
    }

    private var suspensions: PluginSuspensions { PluginSuspensions(redis: services.redis) }
    private var descriptions: PluginDescriptions { PluginDescriptions(redis: services.redis) }
    private var signals: PluginSignals {
        PluginSignals(redis: services.redis, subscriber: services.queue.subscriber)
    }

    /// The folder's plugins, and rows for those that are new.
    ///
    /// `isFresh` has them read again in any case.
    func scan(isFresh: Bool = false) async throws -> [PluginDescription] {
        let plugins = try await services.folder.all(isFresh: isFresh)
        guard isFresh || lastSynchronized.withLock({ $0 }) != plugins else { return plugins }
        try await services.catalog.plugins.synchronize(
            with: plugins.map {
                DiscoveredPlugin(key: $0.key, name: $0.name, version: $0.version, description: $0.description)
            })
        lastSynchronized.withLock { $0 = plugins }
        return plugins
    }

    /// Every plugin there is or was, by name.
    func rows() async throws -> [PluginView] {
        let found = Dictionary(try await scan().map { ($0.key, $0) }) { first, _ in first }
        let rows = try await services.catalog.plugins.all()
        let described = try await descriptions.all()
        let suspended = try await suspensions.current()
        let origins = try await self.origins(of: rows)
        return rows.map {
            PluginView(
                row: $0, found: found[$0.key], described: described[$0.key], suspension: suspended[$0.key],
                origin: origins[$0.key])
        }
    }

    /// Where those that have one came from; no reading where none has.
    private func origins(of rows: [PluginRow]) async throws -> [String: PluginOrigin] {
        guard rows.contains(where: { $0.repository != nil }) else { return [:] }
        return try await services.catalog.pluginRepositories.origins()
    }

    /// One plugin.
    ///
    /// - Throws: 404 when there is neither row nor folder.
    func view(_ key: String) async throws -> PluginView {
        let found = try await scan().first { $0.key == key }
        guard let row = try await services.catalog.plugins.find(key) else { throw APIError.noSuchPlugin }
        return PluginView(
            row: row, found: found, described: try await descriptions.find(key),
            suspension: try await suspensions.current()[key], origin: try await origins(of: [row])[key])
    }

    /// A plugin's row, with a look into the folder for one that was put there a moment ago.
    ///
    /// - Throws: 404.
    func row(_ key: String) async throws -> PluginRow {
        if let row = try await services.catalog.plugins.find(key) { return row }
        _ = try await scan(isFresh: true)
        guard let row = try await services.catalog.plugins.find(key) else { throw APIError.noSuchPlugin }
        return row
    }

    /// Whether a plugin may be asked for a resource: asking while it is disabled is not enough, the plugin's own pages
    /// must say so, and somebody must have trusted its code once.
    func mayAnswer(_ row: PluginRow, _ resource: String, whileDisabled: Bool) async throws -> Bool {
        guard !row.isEnabled else { return true }
        guard whileDisabled, row.wasEverEnabled else { return false }
        return try await view(row.key).declaresAllowDisabled(resource)
    }

    /// The actions as the loaded code has them, else as the folder shows them; none when neither is known.
    func actions(of key: String) async -> [JSONValue] {
        async let said = descriptions.find(key)
        // try?: a call needs neither Python here nor what Redis remembers; it fails where it must.
        guard let found = try? await services.folder.find(key) else { return [] }
        let entry = try? await said
        let live = entry?.fingerprint == found.fingerprint ? entry?.description : nil
        return live?["actions"]?.array ?? found.actions
    }

    /// The fields, likewise.
    func fields(of key: String) async throws -> [JSONValue] {
        let view = try await view(key)
        return view.live?["fields"]?.array ?? view.found?.fields ?? []
    }

    /// Asks a worker what the plugin's loaded code says of itself, and remembers the answer, or why there is none.
    ///
    /// The other workers are told to look, as a plugin with leader hooks runs in each of them; and once more when there
    /// is something to learn of its tasks.
    func describe(_ key: String) async {
        do {
            guard let fingerprint = try await services.folder.find(key)?.fingerprint else { return }
            // Workers that look now would ask, too.
            try await descriptions.begin(key)
            try await signals.look()
            let id = try await services.queue.send(TaskNames.describe, args: [.string(key)])
            let result = try await services.queue.result(of: id, within: Self.courtesy)
            guard let entry = PluginDescriptions.Entry(fingerprint: fingerprint, result) else { return }
            try await descriptions.keep(entry, of: key)
            try await signals.look()
        } catch {
            unanswered("describe", key, error)
        }
    }

    /// Tells the plugin's loaded code to stop what it started, in every process that has it.
    func stop(_ key: String, reason: String) async {
        do {
            let answer = try await signals.stop(key, reason: reason, within: Self.farewell)
            if !answer.isComplete { unanswered("stop", key, "not every worker has answered") }
        } catch {
            unanswered("stop", key, error)
        }
    }

    private func unanswered(_ what: String, _ key: String, _ why: Any) {
        logger.info("A plugin did not answer", metadata: ["plugin": "\(key)", "call": "\(what)", "error": "\(why)"])
    }

    /// Removes folder and row.
    ///
    /// - Throws: 404; 400 for a folder that lies elsewhere; 500 with what could not be removed.
    func delete(_ key: String) async throws {
        let view = try await view(key)
        if view.row.isEnabled {
            try await services.catalog.plugins.setEnabled(key, false)
            await stop(key, reason: "delete")
        }
        if let path = view.found?.path { try removeFolder(path) }
        PluginFiles(folder: pluginFiles).removeAll(of: key)
        try await services.catalog.plugins.delete(key)
        // Without it the next plugin of that name would be shown with the old one's actions.
        try await descriptions.forget(key)
        _ = try await scan(isFresh: true)
    }

    private func removeFolder(_ path: String) throws {
        let folder = URL(filePath: path).standardizedFileURL
        guard !folder.lastPathComponent.isEmpty, folder.lastPathComponent != "/",
            !folder.lastPathComponent.hasPrefix(".")
        else {
            throw APIError.badRequest("Invalid plugin path", code: "invalid_plugin_path")
        }
        do {
            // A link is removed, never followed.
            try FileManager.default.removeItem(at: folder)
        } catch {
            throw APIError(
                .internalServerError, code: "plugin_not_deleted",
                "Failed to delete plugin files: \(error.localizedDescription)",
                hint: "Look at the permissions of the plugins folder.")
        }
    }
}

extension PluginDescriptions.Entry {
    /// From the answer of `describe`; nil when the answer says nothing about the plugin.
    init?(fingerprint: String, _ result: TaskResult) {
        if result.state == .success {
            guard result.result.object != nil else { return nil }
            self.init(fingerprint: fingerprint, description: result.result)
            return
        }
        guard result.state == .failure, let failure = result.failure, !failure.isOfSafeMode else { return nil }
        self.init(fingerprint: fingerprint, error: failure.sentence)
    }
}

extension APIError {
    static let noSuchPlugin = notFound("Plugin not found", code: "plugin_not_found")
    static let pluginDisabled = APIError(
        .forbidden, code: "plugin_disabled", "Plugin is disabled", hint: "Enable it first.")
    static let safeMode = APIError(
        .conflict, code: "safe_mode", "No plugin runs: this server was started with --safe-mode.",
        hint: "Start it without --safe-mode, or SKIRRET_SAFE_MODE=off, once the plugin at fault is switched off.")
}
