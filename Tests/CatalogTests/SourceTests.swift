import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Accounts and guides") struct SourceTests {
    @Test func `a new account has a default profile and a schedule, and an identifier from 2`() async throws {
        try await withCatalog { catalog in
            var draft = M3UAccountDraft(name: "Provider", serverURL: "http://example.net/a.m3u")
            draft.maxStreams = 3
            draft.refreshInterval = 12
            let account = try await catalog.m3uAccounts.create(draft)
            #expect(account.id == 2)
            #expect(account.status == .idle)
            #expect(account.draft == draft)
            let profiles = try await catalog.m3uAccounts.profiles(of: account.id)
            #expect(profiles.map(\.name) == ["Provider Default"])
            #expect(profiles.first?.isDefault == true && profiles.first?.maxStreams == 3)
            let schedule = try #require(try await catalog.schedules.find(named: "m3u_account-refresh-2"))
            #expect(schedule.id == account.refreshTaskID)
            #expect(schedule.task == "apps.m3u.tasks.refresh_single_m3u_account")
            #expect(schedule.keywordArguments == ["account_id": 2])
            #expect(schedule.recurrence == .interval(every: 12, period: .hours))
            #expect(schedule.isEnabled && schedule.problem == nil)
        }
    }

    @Test func `a cron expression wins over the interval and goes with the system's time zone`() async throws {
        try await withCatalog { catalog in
            try await catalog.settings.update(.system, with: ["time_zone": "Europe/Paris"])
            var draft = EPGSourceDraft(name: "Guide")
            draft.refreshInterval = 6
            draft.cron = try CronExpression(parsing: "0 4  * * 1-5")
            let source = try await catalog.epgSources.create(draft)
            let name = "epg_source-refresh-\(source.id)"
            let expression = try CronExpression(parsing: "0 4 * * 1-5")
            #expect(
                try await catalog.schedules.find(named: name)?.recurrence
                    == .crontab(expression, timeZone: "Europe/Paris"))
            #expect(try await catalog.epgSources.find(source.id)?.draft.cron == expression)
            try await catalog.settings.update(.system, with: ["time_zone": "Asia/Tokyo"])
            #expect(
                try await catalog.schedules.find(named: name)?.recurrence
                    == .crontab(expression, timeZone: "Asia/Tokyo"))
            try await catalog.epgSources.update(source.id) { $0.cron = nil }
            #expect(
                try await catalog.schedules.find(named: name)?.recurrence == .interval(every: 6, period: .hours))
            #expect(try await catalog.count("SELECT count(*) FROM django_celery_beat_crontabschedule") == 0)
        }
    }

    @Test func `without an interval the schedule is kept but off`() async throws {
        try await withCatalog { catalog in
            let account = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A"))
            let schedule = try await catalog.schedules.find(named: "m3u_account-refresh-\(account.id)")
            #expect(schedule?.isEnabled == false)
            #expect(schedule?.recurrence == .interval(every: 1, period: .hours))
            #expect(try await catalog.schedules.enabled().isEmpty)
        }
    }

    @Test func `switching off changes status and schedule`() async throws {
        try await withCatalog { catalog in
            var draft = M3UAccountDraft(name: "A")
            draft.refreshInterval = 1
            let id = try await catalog.m3uAccounts.create(draft).id
            #expect(try await catalog.m3uAccounts.update(id) { $0.isActive = false }.status == .disabled)
            #expect(try await catalog.schedules.enabled().isEmpty)
            #expect(try await catalog.m3uAccounts.refreshableIDs().isEmpty)
            #expect(try await catalog.m3uAccounts.update(id) { $0.isActive = true }.status == .idle)
            #expect(try await catalog.m3uAccounts.refreshableIDs() == [id])
            #expect(try await catalog.schedules.enabled().count == 1)
        }
    }

    @Test func `names are unique and values are checked`() async throws {
        try await withCatalog { catalog in
            _ = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A"))
            let other = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "B"))
            let taken = await #expect(throws: CatalogError.self) {
                try await catalog.m3uAccounts.update(other.id) { $0.name = "A" }
            }
            #expect(taken?.code == .duplicate)
            let negative = await #expect(throws: CatalogError.self) {
                try await catalog.m3uAccounts.update(other.id) { $0.staleStreamDays = -1 }
            }
            #expect(negative?.place == "m3u_m3uaccount.stale_stream_days")
            let cron = #expect(throws: CatalogError.self) { try CronExpression(parsing: "* * *") }
            #expect(cron?.hint == "Cron expression must have 5 parts: minute hour day month weekday")
        }
    }

    @Test func `reports change what they name and nothing else`() async throws {
        try await withCatalog { catalog in
            let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            try await catalog.m3uAccounts.report(id, status: .fetching)
            let when = Date(timeIntervalSince1970: 1_800_000_000)
            try await catalog.m3uAccounts.report(id, status: .success, message: "Done", updatedAt: when)
            try await catalog.m3uAccounts.report(id, message: "Again")
            let account = try #require(try await catalog.m3uAccounts.find(id))
            #expect(account.status == .success && account.lastMessage == "Again" && account.updatedAt == when)
        }
    }

    @Test func `deleting an account leaves no orphan`() async throws {
        try await withCatalog { catalog in
            let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            try await catalog.m3uAccounts.addFilter(to: id, target: .name, pattern: "x")
            let refresh = try await catalog.beginStreamRefresh(account: id)
            try await refresh.stage([.numbered(1)])
            _ = try await refresh.commit()
            try await catalog.addChannel(stream: 1, autoCreatedBy: id)
            try await catalog.m3uAccounts.delete(id)
            for table in [
                "dispatcharr_channels_stream", "dispatcharr_channels_channelstream", "m3u_m3ufilter",
                "m3u_m3uaccountprofile", "dispatcharr_channels_channelgroupm3uaccount",
                "django_celery_beat_periodictask", "django_celery_beat_intervalschedule",
            ] {
                #expect(try await catalog.dump(table) == [], "\(table)")
            }
            #expect(try await catalog.count("SELECT count(*) FROM dispatcharr_channels_channel") == 1)
            #expect(try await catalog.count("SELECT count(*) FROM pragma_foreign_key_check") == 0)
            let locked = await #expect(throws: CatalogError.self) { try await catalog.m3uAccounts.delete(1) }
            #expect(locked?.code == .locked)
        }
    }

    @Test func `deleting a guide takes its programmes and frees its channels`() async throws {
        try await withCatalog { catalog in
            let id = try await catalog.epgSources.create(EPGSourceDraft(name: "G")).id
            try await catalog.run(
                """
                INSERT INTO epg_epgdata (id, tvg_id, name, epg_source_id) VALUES (1, 'a', 'A', \(id));
                INSERT INTO epg_programdata (epg_id, start_time, end_time, title)
                VALUES (1, '2026-01-01 00:00:00', '2026-01-01 01:00:00', 'T');
                """)
            try await catalog.addChannel(guide: 1)
            #expect(try await catalog.epgSources.find(id)?.isMapped == true)
            try await catalog.epgSources.delete(id)
            #expect(try await catalog.dump("epg_programdata") == [])
            #expect(
                try await catalog.count("SELECT count(*) FROM dispatcharr_channels_channel WHERE epg_data_id IS NULL")
                    == 1)
            #expect(try await catalog.count("SELECT count(*) FROM pragma_foreign_key_check") == 0)
        }
    }

    @Test func `a dummy guide has no schedule and is never refreshed`() async throws {
        try await withCatalog { catalog in
            var draft = EPGSourceDraft(name: "D", kind: .dummy)
            draft.refreshInterval = 5
            _ = try await catalog.epgSources.create(draft)
            #expect(try await catalog.schedules.all().isEmpty)
            #expect(try await catalog.epgSources.refreshableIDs().isEmpty)
        }
    }

    @Test func `a dummy guide has its one channel at once, under the name that Dispatcharr gives it`() async throws {
        try await withCatalog { catalog in
            let id = try await catalog.epgSources.create(EPGSourceDraft(name: "My Dummy-Guide (é)!", kind: .dummy)).id
            func guides() async throws -> [String] {
                try await catalog.pool.read { db in
                    try String.fetchAll(
                        db, sql: #"SELECT "id" || ' ' || "tvg_id" || ' ' || "name" FROM "epg_epgdata" ORDER BY "id""#)
                }
            }
            #expect(try await guides() == ["1 dummy_my_dummy_guide_é My Dummy-Guide (é)!"])
            #expect(try await catalog.epgSources.dummyGuide(of: id) == 1)
            // Another spelling of the same name is the same channel, so that those who show it keep it.
            try await catalog.epgSources.update(id) { $0.name = "my dummy guide é" }
            #expect(try await guides() == ["1 dummy_my_dummy_guide_é my dummy guide é"])
            let other = try await catalog.epgSources.create(EPGSourceDraft(name: "X")).id
            #expect(try await catalog.epgSources.dummyGuide(of: other) == nil)
            try await catalog.epgSources.update(other) { $0.kind = .dummy }
            let second = try #require(try await catalog.epgSources.dummyGuide(of: other))
            #expect(second != 1)
        }
    }

    @Test func `filters come in the order in which they were added`() async throws {
        try await withCatalog { catalog in
            let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            try await catalog.m3uAccounts.addFilter(to: id, target: .group, pattern: "^News", excludes: false)
            try await catalog.m3uAccounts.addFilter(to: id, target: .url, pattern: ".*", isCaseSensitive: false)
            let filters = try await catalog.m3uAccounts.filters(of: id)
            #expect(filters.map(\.order) == [0, 1])
            #expect(filters.map(\.isCaseSensitive) == [true, false])
            #expect(filters.map(\.excludes) == [false, true])
        }
    }
}
