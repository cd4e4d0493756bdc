public import Catalog
public import PluginRuntime
public import Relay
public import Skirret
import SkirretRedis

/// What the routes stand on.
///
/// Made by the composition; the API opens nothing of its own.
public struct APIServices: Sendable {
    /// Where tasks are sent, and results read.
    public var queue: TaskQueue
    /// The database.
    public var catalog: CatalogDatabase
    /// Lists the plugins folder, without running anything in it.
    public var discovery: PluginDiscovery
    /// The same folder as this process knows it.
    public var folder: PluginFolder
    /// Where work is accepted, and what became of it.
    public var ledger: Ledger
    /// The sockets of this process.
    public var hub: RelayHub
    /// Where events are published.
    public var events: EventBus

    /// Gathers the services.
    public init(
        queue: TaskQueue, catalog: CatalogDatabase, ledger: Ledger, discovery: PluginDiscovery,
        folder: PluginFolder? = nil,
        hub: RelayHub, events: EventBus
    ) {
        self.queue = queue
        self.catalog = catalog
        self.ledger = ledger
        self.discovery = discovery
        self.folder = folder ?? PluginFolder(discovery)
        self.hub = hub
        self.events = events
    }

    var redis: RedisClient { queue.redis }
}
