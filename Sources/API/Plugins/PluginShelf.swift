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
    /// A scan starts Python, so several requests in a row share one.
    private static let scanLifetime: Duration = .seconds(1)
    /// How long a change waits for the workers' part in it (`stop`, `describe`), which is a courtesy.
    private static let courtesy: Duration = .seconds(5)

    private let services: APIServices
    private let logger: Logger
    private let lastScan = Mutex<(at: ContinuousClock.Instant, plugins: [PluginDescription])?>(nil)

    init(services: APIServices, logger: Logger) {
        self.services = services
        self.logger = logger
    }

    private var suspensions: PluginSuspensions { PluginSuspensions(redis: services.redis) }

    /// The folder's plugins, and rows for those that are new.
    ///
    /// `isFresh` says that a scan from within the last second is too old.
    func scan(isFresh: Bool = false) async throws -> [PluginDescription] {
        if !isFresh, let last = lastScan.withLock({ $0 }), .now - last.at < Self.scanLifetime { return last.plugins }
        let plugins = try await services.discovery.scan()
        try await services.catalog.plugins.synchronize(
            with: plugins.map {
                DiscoveredPlugin(key: $0.key, name: $0.name, version: $0.version, description: $0.description)
            })
        lastScan.withLock { $0 = (.now, plugins) }
        return plugins
    }

    /// Every plugin there is or was, by name.
    func rows() async throws -> [PluginView] {
        let found = Dictionary(try await scan().map { ($0.key, $0) }) { first, _ in first }
        let rows = try await services.catalog.plugins.all()
        let described = try await lastDescriptions()
        let suspended = try await suspensions.current()
        return rows.map {
            PluginView(row: $0, found: found[$0.key], described: described[$0.key], suspension: suspended[$0.key])
        }
    }

    /// One plugin.
    ///
    /// - Throws: 404 when there is neither row nor folder.
    func view(_ key: String) async throws -> PluginView {
        let found = try await scan().first { $0.key == key }
        guard let row = try await services.catalog.plugins.find(key) else { throw APIError.noSuchPlugin }
        return PluginView(
            row: row, found: found, described: try await lastDescriptions()[key],
            suspension: try await suspensions.current()[key])
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

    /// Asks a worker what the plugin's loaded code says of itself, and remembers the answer.
    func describe(_ key: String) async {
        guard let fingerprint = try? await scan().first(where: { $0.key == key })?.fingerprint else { return }
        guard let description = await courtesy(TaskNames.describe, [.string(key)], plugin: key)?.object else { return }
        let entry: JSONObject = ["fingerprint": .string(fingerprint), "description": .object(description)]
        do {
            _ = try await services.redis.send(
                "HSET", RedisArgument(Keys.pluginDescriptions), RedisArgument(key),
                RedisArgument(JSONValue.object(entry).encoded()))
        } catch {
            logger.info("Could not keep a plugin's description", metadata: ["plugin": "\(key)", "error": "\(error)"])
        }
    }

    /// Tells the plugin's loaded code to stop what it started.
    func stop(_ key: String, reason: String) async {
        _ = await courtesy(TaskNames.stop, [.string(key), .string(reason)], plugin: key)
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
        try await services.catalog.plugins.delete(key)
        // Without it the next plugin of that name would be shown with the old one's actions.
        _ = try await services.redis.send("HDEL", RedisArgument(Keys.pluginDescriptions), RedisArgument(key))
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

    private func lastDescriptions() async throws -> [String: JSONValue] {
        let flat = try await services.redis.send("HGETALL", RedisArgument(Keys.pluginDescriptions)).array ?? []
        var described: [String: JSONValue] = [:]
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            guard let key = flat[index].string, let bytes = flat[index + 1].bytes else { continue }
            described[key] = try? JSONValue(parsing: bytes)  // An entry that is none counts as never described.
        }
        return described
    }

    private func courtesy(_ task: String, _ args: [JSONValue], plugin: String) async -> JSONValue? {
        do {
            let id = try await services.queue.send(task, args: args)
            return try await services.queue.result(of: id, within: Self.courtesy).value()
        } catch {
            logger.info(
                "A plugin did not answer",
                metadata: ["plugin": "\(plugin)", "task_name": "\(task)", "error": "\(error)"])
            return nil
        }
    }
}

extension APIError {
    static let noSuchPlugin = notFound("Plugin not found", code: "plugin_not_found")
    static let pluginDisabled = APIError(
        .forbidden, code: "plugin_disabled", "Plugin is disabled", hint: "Enable it first.")
}
