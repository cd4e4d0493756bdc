import API
import CSpawn
import Catalog
import Foundation
import Logging
import PluginRuntime
import Relay
import ServiceLifecycle
import Skirret

/// The REST API, the web app and the relay of this process.
struct APIRole {
    let settings: Settings
    var hasRelay = true
    let logger = Logger(label: "skirret.api")

    /// Names the descriptor on which the port is told once it is open.
    static let readyVariable = "SKIRRET_READY_FD"

    /// Serves until told to stop.
    func run(until signals: ShutdownSignals) async throws {
        let catalog = try await CatalogDatabase(path: settings.databasePath, checksIntegrity: false)
        let queue = settings.taskQueue("skirret-api", logger: logger)
        let events = EventBus(redis: queue.redis, subscriber: queue.subscriber, logger: logger)
        let hub = RelayHub(logger: logger)
        var configuration = APIConfiguration(
            dataFolder: settings.dataDirectory, adminToken: try AdminToken.load(settings).text)
        configuration.signingKey = try SigningKey.load(settings)
        configuration.host = settings.host
        configuration.port = settings.port
        configuration.isRelayMounted = hasRelay
        configuration.trustedOrigins = settings.trustedOrigins
        configuration.trustedProxies = settings.trustedProxies
        let ledger = Ledger(catalog, queue: queue, limits: settings.ledgerLimits, logger: logger)
        let keeper = LedgerKeeper(ledger, name: Settings.nodeName("api-\(getpid())"), logger: logger)
        let discovery = PluginDiscovery(settings.pythonEnvironment), folder = PluginFolder(discovery)
        if !settings.plugins.isSafeMode {
            EventHooks(catalog, ledger: ledger, folder: folder, logger: logger).attach(to: catalog)
        }
        let services = APIServices(
            queue: queue, catalog: catalog, ledger: ledger, discovery: discovery, folder: folder, hub: hub,
            events: events)
        let server = APIServer(configuration: configuration, services: services, logger: logger) { port in
            logger.info("API is ready", metadata: ["host": "\(settings.host)", "port": "\(port)"])
            Self.tellSupervisor(port: port)
        }
        let serving = ServiceGroup(
            services: [Listener(server: server)],
            logger: Logger(label: "skirret.services") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await serving.run() }
            group.addTask { try await events.run(into: hub) }
            group.addTask { await keeper.run() }
            group.addTask {
                await signals.first()
                await serving.triggerGracefulShutdown()
                // Longer than any answer takes; a listener that will not let go must not keep us.
                try await Task.sleep(for: .seconds(3))
            }
            // Whichever ends first takes the others along: the server's end, or a failure.
            try await group.next()
            group.cancelAll()
            while let ended = await group.nextResult() { _ = ended }
        }
        await queue.close()
    }

    /// The server as a service that can be asked to end.
    private struct Listener: Service {
        let server: APIServer
        func run() async throws { try await server.run() }
    }

    private static func tellSupervisor(port: Int) {
        guard let text = ProcessInfo.processInfo.environment[readyVariable], let descriptor = Int32(text) else {
            return
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        handle.write(Data("\(port)\n".utf8))
        _ = cspawn_close(descriptor)
    }
}
