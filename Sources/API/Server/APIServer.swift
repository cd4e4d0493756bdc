import Catalog
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOHTTP1
import Relay

/// The REST API, the web app and, unless told otherwise, the relay, on one port.
public struct APIServer: Sendable {
    private let configuration: APIConfiguration
    private let services: APIServices
    private let logger: Logger
    private let onRunning: @Sendable (_ port: Int) async -> Void
    /// Asks what pages watch.
    let poller: DataSourcePoller
    /// Tells of tasks that change.
    let taskNews: TaskNews
    let taskReports: TaskReports
    /// Ends sockets of those who may listen no longer.
    let listeners: ListenerWatch
    let gate: Gate

    /// Puts the routes together.
    ///
    /// Nothing is opened yet.
    ///
    /// - Parameters:
    ///   - configuration: Where to listen and what to serve.
    ///   - services: What the routes stand on.
    ///   - logger: Where requests that fail for our own reasons are told.
    ///   - onRunning: Told the port once it is open; with port 0 the system has chosen one.
    public init(
        configuration: APIConfiguration, services: APIServices, logger: Logger,
        onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.services = services
        self.logger = logger
        self.onRunning = onRunning
        poller = DataSourcePoller(services: services, runDeadline: configuration.runDeadline, logger: logger)
        taskNews = TaskNews(services: services, logger: logger)
        taskReports = TaskReports(services: services, logger: logger)
        gate = Self.makeGate(configuration, services)
        listeners = ListenerWatch(gate: gate, services: services, logger: logger)
    }

    /// Listens and serves until cancelled or asked to shut down, then says goodbye to the sockets.
    public func run() async throws {
        OldUploads.sweep(configuration.uploadsFolder)
        let application = try makeApplication()
        let (poller, listeners) = (self.poller, self.listeners)
        let (taskNews, taskReports) = (self.taskNews, self.taskReports)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await poller.run() }
            if configuration.isRelayMounted {
                group.addTask { await taskNews.run() }
                group.addTask { await taskReports.run() }
                group.addTask { await listeners.run() }
            }
            defer { group.cancelAll() }
            do {
                try await application.run()
            } catch {
                await services.hub.shutdown()
                throw error
            }
            await services.hub.shutdown()
        }
    }

    func makeApplication() throws -> some ApplicationProtocol {
        let door = makeDoor()
        let limits = configuration.connectionLimits
        return Application(
            router: try makeRouter(door: door),
            server: HTTPServerBuilder { UpgradableChannel(responder: $0, limits: limits, socket: door) },
            configuration: .init(address: .hostname(configuration.host, port: configuration.port)),
            onServerRunning: { [onRunning] channel in await onRunning(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    /// Every endpoint with its right, for the test that leaves none unguarded.
    var allEndpoints: [Endpoint] { endpoints(door: makeDoor(), traffic: TrafficCounters()) }

    private static func makeGate(_ configuration: APIConfiguration, _ services: APIServices) -> Gate {
        let sessions = SessionStore(redis: services.redis)
        return Gate(
            authenticator: Authenticator(
                adminToken: configuration.adminToken, signingKey: configuration.signingKey,
                users: services.catalog.users, sessions: sessions),
            trustedOrigins: configuration.trustedOrigins,
            networks: NetworkAccess(settings: services.catalog.settings, proxies: configuration.trustedProxies),
            changes: configuration.changes.budget)
    }

    private func makeDoor() -> SocketDoor? {
        configuration.isRelayMounted ? SocketDoor(hub: services.hub, gate: gate, logger: logger) : nil
    }

    private func makeRouter(door: SocketDoor?) throws -> Router<APIContext> {
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        let traffic = TrafficCounters()
        router.add(middleware: TrafficMiddleware(counters: traffic))
        router.add(middleware: SecurityHeadersMiddleware())
        router.add(middleware: CompressionMiddleware())
        router.add(middleware: ErrorMiddleware())
        router.add(middleware: WebAppMiddleware(app: try WebApp(folder: configuration.webFolder)))
        RouteTable(endpoints: endpoints(door: door, traffic: traffic), gate: gate).install(in: router)
        return router
    }

    private func endpoints(door: SocketDoor?, traffic: TrafficCounters) -> [Endpoint] {
        let shelf = PluginShelf(
            services: services, pluginFiles: configuration.pluginFilesFolder, logger: logger)
        let hub = PluginHub(services.catalog, logger: logger)
        let hasher = PasswordHasher(iterations: configuration.passwordIterations)
        let login = Login(
            users: services.catalog.users, events: services.catalog.systemEvents, hasher: hasher,
            throttle: LoginThrottle(redis: services.redis))
        let routes: [any Routes] = [
            HealthRoutes(services: services, traffic: traffic),
            SessionRoutes(authenticator: gate.authenticator, login: login),
            TokenRoutes(authenticator: gate.authenticator, login: login),
            SetupRoutes(services: services, authenticator: gate.authenticator, hasher: hasher),
            UserRoutes(
                services: services, authenticator: gate.authenticator, hasher: hasher, listeners: listeners),
            APIKeyRoutes(services: services, sessions: gate.authenticator.sessions),
            SocketRoutes(door: door),
            PluginRoutes(services: services, shelf: shelf, runDeadline: configuration.runDeadline),
            PluginImportRoutes(services: services, shelf: shelf, configuration: configuration),
            PluginRunRoutes(services: services, shelf: shelf, configuration: configuration),
            PluginWatchRoutes(
                services: services, shelf: shelf, poller: poller, runDeadline: configuration.runDeadline),
            PluginFileRoutes(shelf: shelf, configuration: configuration),
            PluginRequirementsRoutes(services: services, shelf: shelf),
            NetworkRoutes(),
            GroupRoutes(services: services),
            HubRoutes(services: services, hub: hub),
            HubPluginRoutes(services: services, shelf: shelf, hub: hub, configuration: configuration),
            M3URoutes(services: services, configuration: configuration),
            M3UFilterRoutes(services: services),
            M3UProfileRoutes(services: services),
            M3UGroupRoutes(services: services),
            EPGRoutes(services: services, configuration: configuration),
            StreamRoutes(services: services),
            TaskRoutes(services: services),
            QueueRoutes(services: services),
            WorkerRoutes(services: services),
            ScheduleRoutes(services: services),
            DeadRoutes(services: services),
            SettingsRoutes(services: services, listeners: listeners),
            ServerRoutes(services: services),
        ]
        let endpoints = routes.flatMap(\.endpoints)
        return endpoints + SchemaRoutes(described: endpoints).endpoints
    }
}
