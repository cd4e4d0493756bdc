import API
import Catalog
import CeleryProtocol
import Foundation
import Logging
import PluginRuntime
import Skirret
import SkirretRedis
import Synchronization

/// A worker with everything it can run: plugins and refreshes where the database is, samples when asked for.
struct WorkerRole {
    let settings: Settings
    var options: WorkerOptions
    var hasSamples = false
    /// Its place in a pool; nil for a worker by itself.
    var membership: PoolMembership?
    /// Retires when its process has grown beyond this.
    var mostMemoryKiB: Int?
    /// How results are compressed; nil for not at all.
    var resultCompression: CallOptions.Compression?
    let logger = Logger(label: "skirret.worker")

    /// Works until told to stop.
    func run(until signals: OperatorSignals) async throws {
        let queue = settings.taskQueue("skirret-worker", resultCompression: resultCompression, logger: logger)
        let samples = hasSamples ? SampleTasks.all : []
        guard FileManager.default.fileExists(atPath: settings.databasePath) else {
            logger.notice(
                "no database here: plugins and refreshes are left to other workers",
                metadata: ["path": "\(settings.databasePath)"])
            try await work(queue, TaskRegistry(samples), until: signals)
            return await queue.close()
        }
        let catalog = try await CatalogDatabase(path: settings.databasePath, checksIntegrity: false)
        let events = EventBus(redis: queue.redis, subscriber: queue.subscriber, logger: logger)
        let environment = settings.pythonEnvironment
        let teller = BackgroundTeller()
        let ledger = Ledger(catalog, queue: queue, limits: settings.ledgerLimits, logger: logger)
        let host = PluginHost(
            environment, options: settings.plugins.options, logger: logger,
            acceptance: { order, plugin in try await ledger.accept(order, of: plugin) },
            background: { plugin, event in await teller.tell(plugin, event) })
        let discovery = PluginDiscovery(environment), folder = PluginFolder(discovery)
        let suspensions = PluginSuspensions(redis: queue.redis)
        let pluginSignals = PluginSignals(redis: queue.redis, subscriber: queue.subscriber)
        let plugins = PluginTasks(
            catalog: catalog, discovery: discovery, folder: folder, host: host, events: events,
            suspensions: suspensions, signals: pluginSignals, isSafeMode: settings.plugins.isSafeMode)
        teller.plugins = plugins
        let refreshes = RefreshTasks(queue: queue, catalog: catalog, events: events)
        let builtIn = DispatcharrTasks(queue: queue, catalog: catalog, events: events, data: settings.dataDirectory)
        let pages = [PageFetch(catalog: catalog).registered]
        let writing = (refreshes.all + builtIn.all).map(\.waitingForDisk)
        let registry = TaskRegistry(samples + plugins.all + pages + writing) {
            plugins.task(named: $0)
        }
        if options.queues.contains(queue.defaultQueue) { await recoverRecordings(catalog, queue) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            if settings.plugins.isSafeMode {
                logger.notice("safe mode: no plugin runs here")
                try await work(queue, registry, until: signals)
            } else {
                EventHooks(catalog, ledger: ledger, folder: folder, logger: logger).attach(to: catalog)
                let care = PluginCare(
                    catalog: catalog, folder: folder, host: host, suspensions: suspensions, signals: pluginSignals,
                    tell: { event, plugin in await plugins.tell(event, of: plugin, nil) },
                    descriptions: PluginDescriptions(redis: queue.redis), learn: { plugins.learn($0) }, logger: logger)
                group.addTask { await host.run() }
                group.addTask { await care.run() }
                try await work(queue, registry, until: signals)
                await care.stopAll()
            }
            group.cancelAll()
        }
        await queue.close()
    }

    /// Has recordings gone on with that a stopped machine left.
    ///
    /// Every worker of a fleet asks when it starts: the task runs once at a time, and leaves alone what somebody records.
    private func recoverRecordings(_ catalog: CatalogDatabase, _ queue: TaskQueue) async {
        do {
            guard try await !catalog.recordings.unfinished().isEmpty else { return }
            try await queue.send(DispatcharrTasks.recoveryTask)
        } catch {
            // The worker is of use without it, and the next start asks again.
            logger.warning("recordings were not recovered", metadata: ["error": "\(error)"])
        }
    }

    private func work(_ queue: TaskQueue, _ registry: TaskRegistry, until signals: OperatorSignals) async throws {
        let worker = Worker(queue, registry: registry, options: options, logger: logger)
        let interrupts = Mutex(0)
        signals.listen { wish in
            switch wish {
            case .stop: worker.stop()
            case .interrupt:
                let isSecond = interrupts.withLock { count in
                    count += 1
                    return count > 1
                }
                if isSecond { worker.hurry() } else { worker.stop() }
            case .quiet: worker.quiet()
            case .resume: worker.resume()
            case .dump: Output.aside(worker.dump())
            }
        }
        membership?.tell(.ready)
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let membership, let mostMemoryKiB {
                group.addTask {
                    guard let size = await MemoryWatch(mostKiB: mostMemoryKiB).outgrown() else { return }
                    membership.tell(.retires("it has grown to \(size) KiB"))
                    worker.retire()
                }
            }
            try await worker.run()
            group.cancelAll()
        }
    }
}

/// Passes on what plugins say outside any call, once the tasks that know where to are there.
private final class BackgroundTeller: Sendable {
    private let known = Mutex<PluginTasks?>(nil)

    var plugins: PluginTasks? {
        get { known.withLock { $0 } }
        set { known.withLock { $0 = newValue } }
    }

    func tell(_ plugin: PluginIdentity, _ event: PluginEvent) async {
        await plugins?.tell(event, of: plugin.key, nil)
    }
}

extension Settings {
    /// What the processes that run plugins get to know.
    var pythonEnvironment: PythonEnvironment {
        let broker = plugins.redis ?? redis
        var environment = PythonEnvironment(
            executable: python, pluginsDirectory: pluginsDirectory.path, database: databasePath,
            brokerURL: broker.celeryText, dataDirectory: dataDirectory.path)
        environment.brokerOptions = JSONValue.object(broker.celeryTransportOptions).text
        if let namedBackend {
            environment.backendURL = namedBackend.celeryText
            environment.backendOptions = JSONValue.object(namedBackend.celeryTransportOptions).text
        }
        return environment
    }

    /// `name@host` as Celery's workers are named; `%h` stands for the host, `%n` for its first part, `%d` for the rest.
    static func nodeName(_ name: String?) -> String {
        let host = ProcessInfo.processInfo.hostName
        let pattern = name ?? "skirret-\(ProcessInfo.processInfo.processIdentifier)@%h"
        let parts = host.split(separator: ".", maxSplits: 1).map(String.init)
        let expanded = pattern.replacingOccurrences(of: "%h", with: host)
            .replacingOccurrences(of: "%n", with: parts.first ?? host)
            .replacingOccurrences(of: "%d", with: parts.dropFirst().first ?? "")
        return expanded.contains("@") ? expanded : "\(expanded)@\(host)"
    }
}
