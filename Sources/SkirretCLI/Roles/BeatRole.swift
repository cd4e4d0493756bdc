import API
import Catalog
import CeleryProtocol
import Foundation
import Logging
import Skirret

/// A beat over the schedules in the database.
struct BeatRole {
    let settings: Settings
    let logger = Logger(label: "skirret.beat")

    /// Beats until told to stop.
    func run(until signals: ShutdownSignals) async throws {
        let catalog = try await CatalogDatabase(path: settings.databasePath, checksIntegrity: false)
        let queue = settings.taskQueue("skirret-beat", logger: logger)
        let store = try await CatalogSchedules(catalog: catalog, logger: logger)
        let beat = Beat(queue, store: store, name: Settings.nodeName("beat-\(getpid())"), logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await beat.run() }
            group.addTask { await signals.first() }
            try await group.next()
            group.cancelAll()
            while let ended = await group.nextResult() { _ = ended }
        }
        await queue.close()
    }
}

/// `django_celery_beat`'s tables as beat reads them.
struct CatalogSchedules: ScheduleStore {
    private let catalog: CatalogDatabase
    private let watch: ScheduleWatch
    private let logger: Logger
    private let changes = ChangeCounter()

    init(catalog: CatalogDatabase, logger: Logger) async throws {
        self.catalog = catalog
        self.logger = logger
        watch = try await catalog.schedules.watch()
    }

    func changeMark() async throws -> String {
        if try await watch.hasChanged() { await changes.count() }
        return String(await changes.total)
    }

    func schedules() async throws -> [ScheduledTask] {
        try await catalog.schedules.all().compactMap { row in
            do {
                return try ScheduledTask(row)
            } catch {
                // One that cannot fire suspends only itself; the others go on.
                if row.isEnabled {
                    logger.error("a schedule cannot fire", metadata: ["schedule": "\(row.name)", "error": "\(error)"])
                }
                return nil
            }
        }
    }

    func record(_ runs: [ScheduleRun]) async throws {
        try await catalog.schedules.record(
            runs.map { ScheduleFirings(name: $0.name, lastRunAt: $0.lastRun, count: $0.count, isOver: $0.isOver) })
    }

    private actor ChangeCounter {
        var total = 0
        func count() { total += 1 }
    }
}
