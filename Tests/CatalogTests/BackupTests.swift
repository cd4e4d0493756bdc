import CeleryProtocol
import Foundation
import Testing

@testable import Catalog

@Suite("Backups") struct BackupTests {
    private func withBackups<R>(
        _ body: (CatalogDatabase, BackupFolder, URL) async throws -> R
    ) async throws -> R {
        try await withTemporaryFolder { folder in
            let catalog = try await CatalogDatabase(path: folder + "/skirret.db")
            let place = URL(filePath: folder).appending(path: "backups")
            let result = try await body(catalog, BackupFolder(catalog, folder: place), place)
            try await catalog.close()
            return result
        }
    }

    @Test func `the schedule follows the settings, as Dispatcharr names it`() async throws {
        try await withCatalog { catalog in
            let settings = catalog.settings
            func schedule() async throws -> Schedule? {
                try await catalog.schedules.all().first { $0.name == "backup-scheduled-task" }
            }
            func times() async throws -> String? {
                guard case .crontab(let times, "UTC")? = try await schedule()?.recurrence else { return nil }
                return times.description
            }
            try await settings.scheduleBackups()
            let made = try #require(try await schedule())
            #expect(made.task == "apps.backups.tasks.scheduled_backup_task" && made.isEnabled)
            #expect(made.keywordArguments == ["retention_count": 3])
            #expect(try await times() == "0 3 * * *")
            let changes: [(JSONObject, String)] = [
                (["schedule_time": "23:05", "retention_count": 0], "5 23 * * *"),
                (["schedule_frequency": "weekly", "schedule_day_of_week": 5], "5 23 * * 5"),
                (["schedule_cron_expression": "*/30 2 1 * *"], "*/30 2 1 * *"),
                (["schedule_cron_expression": ""], "5 23 * * 5"),
            ]
            for (change, expected) in changes {
                try await settings.update(.backup, with: change)
                #expect(try await times() == expected)
            }
            let changed = try await schedule()
            #expect(changed?.id == made.id && changed?.keywordArguments == ["retention_count": 0])
            try await settings.update(.backup, with: ["schedule_enabled": false])
            #expect(try await schedule() == nil)
            try await settings.scheduleBackups()
            #expect(try await schedule() == nil, "switched off is switched off after a start, too")
            let wrong = await #expect(throws: CatalogError.self) {
                try await settings.update(.backup, with: ["schedule_cron_expression": "at night"])
            }
            #expect(wrong?.code == .invalidValue)
        }
    }

    @Test func `starting again leaves a schedule alone that somebody has changed, and adds one that is missing`()
        async throws
    {
        try await withCatalog { catalog in
            try await catalog.settings.scheduleBackups()
            try await catalog.run("UPDATE django_celery_beat_periodictask SET enabled = 0")
            let before = try await catalog.dump("django_celery_beat_periodictask")
            try await catalog.settings.scheduleBackups()
            #expect(try await catalog.dump("django_celery_beat_periodictask") == before)
            // As another program may write them: what cannot be meant has its usual value.
            try await catalog.run("DELETE FROM django_celery_beat_periodictask")
            try await catalog.run(
                """
                UPDATE core_coresettings SET value = '{"schedule_time":"noon","schedule_cron_expression":"at night"}'
                WHERE key = 'backup_settings'
                """)
            try await catalog.settings.scheduleBackups()
            let crontab = try await catalog.schedules.all().first?.recurrence
            guard case .crontab(let times, _) = crontab else {
                Issue.record("no crontab: \(String(describing: crontab))")
                return
            }
            #expect(times.description == "0 3 * * *")
        }
    }

    @Test func `a backup is a whole database of its own, for its owner only`() async throws {
        try await withBackups { catalog, backups, place in
            #expect(try await backups.all().isEmpty)
            let account = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "Kept")).id
            let backup = try await backups.create()
            #expect(backup.filename.hasPrefix("skirret-backup-") && backup.size > 4096)
            let path = place.appending(path: backup.filename).path
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == [backup.filename])
            let copy = try await CatalogDatabase(path: path)
            #expect(try await copy.m3uAccounts.find(account)?.draft.name == "Kept")
            try await copy.close()
        }
    }

    @Test func `restoring brings the old state back for every process, and keeps the new one`() async throws {
        try await withBackups { catalog, backups, _ in
            _ = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "Old"))
            let backup = try await backups.create()
            let other = try await CatalogDatabase(path: catalog.path, checksIntegrity: false)
            _ = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "New"))
            #expect(try await other.m3uAccounts.all().count == 3)
            let before = try await backups.restore(backup.filename)
            for database in [catalog, other] {
                #expect(try await database.m3uAccounts.all().map(\.draft.name) == ["custom", "Old"])
            }
            // Another process may write on at once.
            _ = try await other.m3uAccounts.create(M3UAccountDraft(name: "Later"))
            #expect(try await catalog.findings().isEmpty)
            try await backups.restore(before.filename)
            #expect(try await other.m3uAccounts.all().map(\.draft.name) == ["custom", "Old", "New"])
            try await other.close()
        }
    }

    @Test func `what is no sound backup is refused and changes nothing`() async throws {
        try await withBackups { catalog, backups, place in
            _ = try await backups.create()
            try Data("not a database, but long enough to be looked at".utf8)
                .write(to: place.appending(path: "broken.db"))
            for name in ["broken.db", "gone.db", "../skirret.db", ""] {
                await #expect(throws: CatalogError.self) { try await backups.restore(name) }
            }
            #expect(try await catalog.m3uAccounts.all().count == 1)
            #expect(try await backups.all().count == 2)
        }
    }

    @Test func `only the newest are kept, and what restoring kept stays`() async throws {
        try await withBackups { _, backups, _ in
            for _ in 1...4 { _ = try await backups.create() }
            _ = try await backups.create(label: "before-restore")
            #expect(try await backups.keep(newest: 0).isEmpty)
            #expect(try await backups.keep(newest: 2).count == 2)
            #expect(try await backups.all().count == 3)
        }
    }
}
