public import Catalog
import CeleryProtocol
public import Logging
public import PluginRuntime
import Skirret

/// Tells plugins of system events: every action of an enabled plugin that names the event in its `events` is run with it.
///
/// Each is a task of its own, accepted as everybody's work is, so that a hook outlives this process and shows in the
/// task history. It has an hour, like the refreshes that it follows. Plugins' own events go the same way, from the host.
public struct EventHooks: Sendable {
    /// Seconds that a hook may take.
    static let limit = 3600.0

    private let plugins: PluginTable
    private let ledger: Ledger
    private let folder: PluginFolder
    private let logger: Logger

    /// Gathers what is needed to know who listens.
    public init(_ catalog: CatalogDatabase, ledger: Ledger, folder: PluginFolder, logger: Logger) {
        plugins = catalog.plugins
        self.ledger = ledger
        self.folder = folder
        self.logger = logger
    }

    /// Hears of every event that this process inserts into the system's log.
    public func attach(to catalog: CatalogDatabase) {
        catalog.onSystemEvent { type, channelName, details in
            await tell(type, channelName: channelName, details: details)
        }
    }

    /// Runs the hooks of one event.
    ///
    /// Never fails: what an event reports has happened, whoever hears of it.
    func tell(_ type: String, channelName: String?, details: JSONObject) async {
        do {
            let listeners = try await listeners(to: type)
            guard !listeners.isEmpty else { return }
            let params: JSONValue = [
                "event": .string(type), "payload": .object(Self.payload(details, channelName: channelName)),
            ]
            for (plugin, action) in listeners { await start(action, of: plugin, with: params, type) }
        } catch {
            logger.error(
                "Plugins were not told of a system event", metadata: ["event": "\(type)", "error": "\(error)"])
        }
    }

    private func start(_ action: String, of plugin: String, with params: JSONValue, _ type: String) async {
        var order = Ledger.Order(
            task: TaskNames.runAction, args: [.string(plugin), .string(action), params, [:]])
        order.options.timeLimits = TimeLimits(hard: Self.limit)
        order.plugin = plugin
        order.about = "\(plugin): \(action)"
        order.origin = "event \(type)"
        do {
            _ = try await ledger.start(order)
        } catch {
            logger.error(
                "A plugin was not told of a system event",
                metadata: ["plugin": "\(plugin)", "event": "\(type)", "error": "\(error)"])
        }
    }

    /// The details without what is empty, zero or false, as Dispatcharr's plugins know them.
    static func payload(_ details: JSONObject, channelName: String?) -> JSONObject {
        var payload = details
        if let channelName { payload["channel_name"] = .string(channelName) }
        return JSONObject(payload.filter { !$0.value.isFalsy })
    }

    /// Key and action of everybody who listens, by key; computed actions are known from what the loaded code said.
    private func listeners(to type: String) async throws -> [(plugin: String, action: String)] {
        let enabled = try await plugins.all().filter(\.isEnabled).map(\.key).sorted()
        guard !enabled.isEmpty else { return [] }
        // Without Redis those are told that declare their hooks as literals; the ledger keeps their tasks until it is back.
        let said = (try? await PluginDescriptions(redis: ledger.queue.redis).all()) ?? [:]
        var found: [(String, String)] = []
        for key in enabled {
            guard let plugin = try await folder.find(key) else { continue }
            let live = said[key]?.fingerprint == plugin.fingerprint ? said[key]?.description : nil
            for action in live?["actions"]?.array ?? plugin.actions {
                guard let id = action["id"]?.string,
                    action["events"]?.array?.contains(.string(type)) ?? false
                else { continue }
                found.append((key, id))
            }
        }
        return found
    }
}

extension JSONValue {
    /// Whether Python counts it as nothing.
    fileprivate var isFalsy: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .number: double == 0
        case .string(let text): text.isEmpty
        case .array(let items): items.isEmpty
        case .object(let members): members.isEmpty
        }
    }
}
