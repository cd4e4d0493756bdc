import GRDB
import Synchronization

/// Tells whether any schedule changed, without reading them.
///
/// Two steps, because most commits to the file are about other things: SQLite's `data_version` of this connection says
/// whether another connection committed anything at all; only then the few numbers below are read. They also see what
/// never touches `PeriodicTasks.last_update`: a plugin's `PeriodicTask.objects.filter(…).update(enabled=False)`.
public final class ScheduleWatch: Sendable {
    private struct Seen: Equatable {
        var dataVersion = -1
        var fingerprint = ""
    }

    private let queue: DatabaseQueue
    private let seen = Mutex(Seen())

    init(path: String) throws {
        queue = try CatalogFile.dedicatedConnection(path: path, temporaryStore: "MEMORY")
    }

    /// Whether schedules changed since the last call; true the first time.
    ///
    /// Costs microseconds when nothing was written.
    public func hasChanged() async throws -> Bool {
        let before = seen.withLock { $0 }
        let now = try await queue.writeWithoutTransaction { db in
            let version = try Int.fetchOne(db, sql: "PRAGMA data_version") ?? 0
            guard version != before.dataVersion else { return before }
            return Seen(dataVersion: version, fingerprint: try Self.fingerprint(db))
        }
        seen.withLock { $0 = now }
        return now.fingerprint != before.fingerprint
    }

    static func fingerprint(_ db: Database) throws -> String {
        try String.fetchOne(
            db,
            sql: """
                SELECT (SELECT ifnull(max("last_update"), '') FROM "django_celery_beat_periodictasks") || ' '
                    || count(*) || ' ' || total("enabled") || ' ' || ifnull(max("date_changed"), '') || ' '
                    || total("id" * "enabled") || ' ' || total("interval_id") || ' ' || total("crontab_id") || ' '
                    || total("solar_id") || ' ' || total("clocked_id") || ' '
                    || total(length("args") + length("kwargs") + length("headers"))
                FROM "django_celery_beat_periodictask"
                """) ?? ""
    }
}
