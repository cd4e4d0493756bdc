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
        let queue = TaskQueue(settings.redis, name: "skirret-beat", logger: logger)
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
        try await catalog.schedules.enabled().compactMap { row in
            guard let schedule = rule(of: row) else { return nil }
            let expiry = row.expireSeconds.map { Duration.seconds($0) }
            return ScheduledTask(
                name: row.name, schedule: schedule, anchor: row.startTime ?? row.changedAt, lastRun: row.lastRunAt,
                start: row.startTime,
                call: ScheduledCall(
                    task: row.task, args: row.arguments, kwargs: row.keywordArguments,
                    queue: row.queue.map(QueueName.init(rawValue:)), priority: row.priority, expiresAfter: expiry))
        }
    }

    /// Nil, and one line in the log, for a rule that can never fire; the others go on.
    private func rule(of row: Catalog.Schedule) -> Skirret.Schedule? {
        do {
            if let recurrence = row.recurrence { return try Skirret.Schedule(recurrence) }
            logger.error(
                "a schedule cannot fire",
                metadata: ["schedule": "\(row.name)", "error": "\(row.problem ?? "it has no rule")"])
        } catch {
            logger.error("a schedule cannot fire", metadata: ["schedule": "\(row.name)", "error": "\(error)"])
        }
        return nil
    }

    func recordRun(of name: String, at date: Date) async throws {
        guard let row = try await catalog.schedules.find(named: name) else { return }
        try await catalog.schedules.recordRun(row.id, at: date, isLast: row.isOneOff)
    }

    private actor ChangeCounter {
        var total = 0
        func count() { total += 1 }
    }
}
