import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Schedules") struct ScheduleTests {
    private func hourly(_ catalog: CatalogDatabase) async throws -> Schedule {
        var draft = M3UAccountDraft(name: "A")
        draft.refreshInterval = 1
        _ = try await catalog.m3uAccounts.create(draft)
        return try #require(try await catalog.schedules.all().first)
    }

    @Test func `a firing is counted and is no change`() async throws {
        try await withCatalog { catalog in
            let schedule = try await hourly(catalog)
            let watch = try await catalog.schedules.watch()
            #expect(try await watch.hasChanged())
            let due = Date(timeIntervalSince1970: 1_800_000_000)
            try await catalog.schedules.record([
                ScheduleFirings(name: schedule.name, lastRunAt: due.addingTimeInterval(3600), count: 2),
                ScheduleFirings(name: "deleted meanwhile", lastRunAt: due, count: 1),
            ])
            let after = try #require(try await catalog.schedules.find(schedule.id))
            #expect(after.totalRunCount == 2)
            #expect(after.lastRunAt == due.addingTimeInterval(3600))
            #expect(after.changedAt == schedule.changedAt)
            #expect(try await watch.hasChanged() == false)
        }
    }

    @Test func `the watch sees changes by others and ignores other tables`() async throws {
        try await withCatalog { catalog in
            let schedule = try await hourly(catalog)
            let watch = try await catalog.schedules.watch()
            #expect(try await watch.hasChanged())
            #expect(try await watch.hasChanged() == false)
            try await catalog.systemEvents.insert("m3u_refresh")
            #expect(try await watch.hasChanged() == false)
            // A plugin's queryset update: no signal, no date_changed.
            try await catalog.run("UPDATE django_celery_beat_periodictask SET enabled = 0")
            #expect(try await watch.hasChanged())
            try await catalog.schedules.update(schedule.id, isEnabled: true)
            #expect(try await watch.hasChanged())
            try await catalog.schedules.delete(named: schedule.name)
            #expect(try await watch.hasChanged())
            #expect(try await watch.hasChanged() == false)
        }
    }

    @Test func `the last firing of a one-off switches it off and sets its counter back`() async throws {
        try await withCatalog { catalog in
            let schedule = try await hourly(catalog)
            try await catalog.run("UPDATE django_celery_beat_periodictask SET one_off = 1")
            let watch = try await catalog.schedules.watch()
            #expect(try await watch.hasChanged())
            try await catalog.schedules.record([
                ScheduleFirings(name: schedule.name, lastRunAt: Date(), count: 1, isOver: true)
            ])
            #expect(try await catalog.schedules.enabled().isEmpty)
            #expect(try await catalog.schedules.find(schedule.id)?.totalRunCount == 0)
            #expect(try await watch.hasChanged(), "it is a change that others must see")
        }
    }

    @Test func `a schedule whose end has come is switched off and keeps its counter`() async throws {
        try await withCatalog { catalog in
            let schedule = try await hourly(catalog)
            let due = Date(timeIntervalSince1970: 1_800_000_000)
            try await catalog.schedules.record([ScheduleFirings(name: schedule.name, lastRunAt: due, count: 3)])
            try await catalog.schedules.record([
                ScheduleFirings(name: schedule.name, lastRunAt: .distantPast, count: 0, isOver: true)
            ])
            let after = try await catalog.schedules.find(schedule.id)
            #expect(after?.totalRunCount == 3 && after?.lastRunAt == due && after?.isEnabled == false)
        }
    }

    @Test func `definitions are shared and dropped with their last user`() async throws {
        try await withCatalog { catalog in
            var draft = M3UAccountDraft(name: "A")
            draft.refreshInterval = 6
            let first = try await catalog.m3uAccounts.create(draft)
            draft.name = "B"
            let second = try await catalog.m3uAccounts.create(draft)
            let count = "SELECT count(*) FROM django_celery_beat_intervalschedule"
            #expect(try await catalog.count(count) == 1)
            let id = try #require(second.refreshTaskID)
            let changed = try await catalog.schedules.update(id, recurrence: .interval(every: 90, period: .seconds))
            #expect(changed.recurrence == .interval(every: 90, period: .seconds))
            #expect(try await catalog.count(count) == 2)
            try await catalog.m3uAccounts.delete(first.id)
            #expect(try await catalog.count(count) == 1)
        }
    }

    @Test(arguments: [
        Recurrence.clocked(Date(timeIntervalSince1970: 1_800_000_000.5)),
        .solar(event: "sunrise", latitude: 48.85, longitude: 2.35),
        .crontab(
            CronExpression(minute: "*/5", hour: "*", dayOfMonth: "*", monthOfYear: "*", dayOfWeek: "mon-fri"),
            timeZone: "Europe/Berlin"),
    ])
    func `every kind of definition survives the table`(recurrence: Recurrence) async throws {
        try await withCatalog { catalog in
            let id = try await hourly(catalog).id
            #expect(try await catalog.schedules.update(id, recurrence: recurrence).recurrence == recurrence)
        }
    }

    @Test func `a row that nobody can run says why`() async throws {
        try await withCatalog { catalog in
            let schedule = try await hourly(catalog)
            try await catalog.run("UPDATE django_celery_beat_periodictask SET kwargs = '[1'")
            #expect(
                try await catalog.schedules.find(schedule.id)?.problem == "its keyword arguments are not a JSON object")
            try await catalog.run("UPDATE django_celery_beat_periodictask SET kwargs = '{}', interval_id = NULL")
            #expect(try await catalog.schedules.find(schedule.id)?.problem?.contains("no interval") == true)
        }
    }

    @Test func `schedules that are missing are added, the others stay as people left them`() async throws {
        try await withCatalog { catalog in
            var draft = ScheduleDraft(name: "scan", task: "t", recurrence: .interval(every: 20, period: .seconds))
            draft.headers = ["skirret": ["overlap": "skip"]]
            #expect(try await catalog.schedules.addMissing([draft]) == ["scan"])
            let id = try #require(try await catalog.schedules.find(named: "scan")).id
            let changed = try await catalog.schedules.update(
                id, isEnabled: false, recurrence: .interval(every: 1, period: .hours))
            var other = draft
            other.name = "other"
            #expect(try await catalog.schedules.addMissing([draft, other]) == ["other"])
            #expect(try await catalog.schedules.find(named: "scan") == changed)
        }
    }

    @Test func `sources that are due by the clock are spread, unless somebody says otherwise`() async throws {
        try await withCatalog { catalog in
            func headers() async throws -> JSONObject? { try await catalog.schedules.all().first?.headers }
            var draft = EPGSourceDraft(name: "G")
            draft.cron = try CronExpression(parsing: "0 3 * * *")
            let id = try await catalog.epgSources.create(draft).id
            #expect(try await headers() == ["skirret": ["jitter_seconds": 30]])
            try await catalog.epgSources.update(id) { ($0.cron, $0.refreshInterval) = (nil, 6) }
            #expect(try await headers() == [:])
            try await catalog.settings.update(.system, with: ["refresh_jitter_seconds": 0])
            try await catalog.epgSources.update(id) { [cron = draft.cron] in $0.cron = cron }
            #expect(try await headers() == [:])
            try await catalog.settings.update(.system, with: ["refresh_jitter_seconds": 120])
            try await catalog.run(#"UPDATE django_celery_beat_periodictask SET headers = '{"mine": 1}'"#)
            try await catalog.epgSources.update(id) { $0.isActive = false }
            #expect(try await headers() == ["mine": 1])
        }
    }

    @Test func `unknown schedules are reported`() async throws {
        try await withCatalog { catalog in
            let error = await #expect(throws: CatalogError.self) {
                try await catalog.schedules.update(99, isEnabled: true)
            }
            #expect(error?.code == .notFound)
            let deleted = try await catalog.schedules.delete(named: "none")
            #expect(!deleted)
        }
    }
}

@Suite("Settings and events") struct SettingsTests {
    @Test func `a fresh database has every group with its defaults`() async throws {
        try await withCatalog { catalog in
            let keys = try await catalog.settings.streamHashKeys()
            #expect(keys == "url")
            #expect(try await catalog.settings.timeZone() == "UTC")
            #expect(try await catalog.settings.values(of: .proxy)["buffering_speed"]?.text == "1.0")
            #expect(try await catalog.settings.all().count == 9)
        }
    }

    @Test func `an update merges, and makes a group that is new`() async throws {
        try await withCatalog { catalog in
            let after = try await catalog.settings.update(.streams, with: ["m3u_hash_key": "name,url"])
            #expect(after["default_stream_profile"] == 1)
            let own = SettingsGroup(rawValue: "my_plugin")
            #expect(try await catalog.settings.update(own, with: ["a": 1]) == ["a": 1])
            #expect(try await catalog.settings.values(of: own) == ["a": 1])
        }
    }

    @Test func `events are kept up to the limit of the settings`() async throws {
        try await withCatalog { catalog in
            try await catalog.settings.update(.system, with: ["max_system_events": 3])
            let channel = UUID()
            for n in 1...5 {
                try await catalog.systemEvents.insert("event_\(n)", channelID: channel, details: ["n": .int(n)])
            }
            let events = try await catalog.systemEvents.latest()
            #expect(events.map(\.type) == ["event_5", "event_4", "event_3"])
            #expect(events.first?.channelID == channel)
            #expect(events.first?.details == ["n": 5])
        }
    }
}
