import API
import Catalog
import CeleryProtocol
import Foundation
import Logging
import Skirret

/// Beats over the schedules in Redis and, where there is a database, over those in it.
///
/// Two beats rather than one over both: each home of schedules has a leader of its own, so that a beat that has no
/// database never leads, and so silences, those that have.
struct BeatRole {
    let settings: Settings
    /// Whether the schedules in the database are this process's too.
    let hasDatabase: Bool
    let logger = Logger(label: "skirret.beat")

    /// Beats until told to stop.
    func run(until signals: ShutdownSignals) async throws {
        let queue = settings.taskQueue("skirret-beat", logger: logger)
        let name = Settings.nodeName("beat-\(getpid())")
        var beats = [Beat(queue, store: RedisScheduleStore(queue, logger: logger), name: name, logger: logger)]
        var keeper: LedgerKeeper?
        if hasDatabase {
            let catalog = try await CatalogDatabase(path: settings.databasePath, checksIntegrity: false)
            try await catalog.pluginRepositories.schedule()
            try await catalog.settings.scheduleBackups()
            let added = try await catalog.schedules.addMissing(StandingSchedules.all)
            if !added.isEmpty { logger.info("schedules were added", metadata: ["schedules": "\(added)"]) }
            let store = try await CatalogSchedules(catalog: catalog, logger: logger)
            let ledger = Ledger(catalog, queue: queue, limits: settings.ledgerLimits, logger: logger)
            beats.append(Beat(queue, store: store, ledger: ledger, name: name, logger: logger))
            keeper = LedgerKeeper(ledger, name: name, logger: logger)
        }
        try await withThrowingTaskGroup(of: Void.self) { [keeper] group in
            if let keeper { group.addTask { await keeper.run() } }
            for beat in beats { group.addTask { try await beat.run() } }
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
