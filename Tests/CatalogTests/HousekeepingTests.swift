import CeleryProtocol
import Foundation
import Testing

@testable import Catalog

@Suite("Dropped files, groups, notices, library") struct HousekeepingTests {
    @Test func `a dropped file is taken in once for each of its states`() async throws {
        try await withTemporaryFolder { folder in
            let catalog = try await CatalogDatabase(path: folder + "/skirret.db")
            let data = URL(filePath: folder)
            try FileManager.default.createDirectory(atPath: folder + "/m3us", withIntermediateDirectories: true)
            for name in ["a.m3u", "b.M3U8", "notes.txt", ".hidden.m3u"] {
                try Data("#EXTM3U".utf8).write(to: data.appending(path: "m3us/\(name)"))
            }
            #expect(DroppedFile.found(.playlist, in: data).isEmpty)
            let later = Date(timeIntervalSinceNow: 60)
            let files = DroppedFile.found(.playlist, in: data, at: later)
            #expect(files.map(\.name) == ["a.m3u", "b.M3U8"])
            #expect(DroppedFile.found(.guide, in: data, at: later).isEmpty)
            #expect(try await catalog.take(files[0]) == nil)
            #expect(try await !catalog.knows(files[0]))
            let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "a", filePath: files[0].path)).id
            #expect(try await catalog.knows(files[0]))
            #expect(try await catalog.take(files[0]) == id)
            #expect(try await catalog.take(files[0]) == nil)
            let changed = DroppedFile(kind: .playlist, path: files[0].path, modifiedAt: later)
            #expect(try await catalog.take(changed) == id)
            try await catalog.m3uAccounts.update(id) { $0.isActive = false }
            #expect(try await catalog.take(files[0]) == nil)
            let logos = [DroppedFile(kind: .logo, path: "/data/logos/bbc one.png", modifiedAt: later)]
            #expect(try await catalog.takeLogos(logos) == 1)
            #expect(try await catalog.takeLogos(logos) == 0)
            try await catalog.close()
        }
    }

    @Test func `groups are noted without streams, and those that are gone become stale`() async throws {
        try await withCatalog { catalog in
            let account = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            let first = try await catalog.updateGroups(of: account, to: ["News", "Sport"])
            #expect(first.map(\.name) == ["News", "Sport"] && first.allSatisfy(\.isEnabled))
            let second = try await catalog.updateGroups(of: account, to: ["Sport", "Kids"], newGroupsEnabled: false)
            #expect(second.map(\.isEnabled) == [true, false])
            #expect(try await catalog.m3uAccounts.groups(of: account).filter(\.isStale).map(\.name) == ["News"])
            #expect(try await catalog.m3uAccounts.streamCount(of: account) == 0)
        }
    }

    @Test func `subscriptions that end are announced, more urgently as the day comes, once each`() async throws {
        try await withCatalog { catalog in
            let now = Date(timeIntervalSince1970: 1_800_000_000)
            for (name, days) in [("far", 30.0), ("week", 6), ("soon", 2), ("day", 0.5), ("over", -1)] {
                let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: name)).id
                let date = DjangoTime.text(now.addingTimeInterval(days * 86_400))
                try await catalog.run(
                    "UPDATE m3u_m3uaccountprofile SET exp_date = '\(date)' WHERE m3u_account_id = \(id)")
            }
            let due = try await catalog.m3uAccounts.expirations(at: now)
            #expect(due.map(\.priority) == [.critical, .high, .high, .normal])
            #expect(due[0].title == "M3U account expired: over")
            let posted = try await catalog.notifications.post(due[0])
            #expect(posted?["notification_key"] == .string(due[0].key))
            #expect(try await catalog.notifications.post(due[0]) == nil)
            var other = due[0]
            other.message = "Changed."
            #expect(try await catalog.notifications.post(other) != nil)
            _ = try await catalog.notifications.post(due[1])
            let prefix = M3UAccountTable.expirationPrefix
            #expect(try await catalog.notifications.withdraw(prefix: prefix, except: [due[0].key]) == [due[1].key])
            #expect(try await catalog.notifications.withdraw(prefix: prefix, except: [due[0].key]).isEmpty)
        }
    }

    @Test func `what no account offers any more leaves the library`() async throws {
        try await withCatalog { catalog in
            let one = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "1")).id
            let two = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "2")).id
            let (old, new) = ("'2026-01-01 00:00:00'", "'2026-03-01 00:00:00'")
            let stamps = "'2026-01-01 00:00:00', '2026-01-01 00:00:00'"
            for id in 1...3 {
                try await catalog.run(
                    "INSERT INTO vod_movie (id, uuid, name, is_adult, created_at, updated_at) VALUES (\(id), 'm\(id)', 'M\(id)', 0, \(stamps))"
                )
                try await catalog.run(
                    "INSERT INTO vod_series (id, uuid, name, created_at, updated_at) VALUES (\(id), 's\(id)', 'S\(id)', \(stamps))"
                )
                try await catalog.run(
                    "INSERT INTO vod_episode (id, uuid, name, series_id, season_number, episode_number, created_at, updated_at) VALUES (\(id), 'e\(id)', 'E', \(id), 1, 1, \(stamps))"
                )
            }
            // The first is offered by both, the second by one that has lost it, the third by nobody.
            for (account, work, seen) in [(one, 1, old), (two, 1, new), (one, 2, old)] {
                try await catalog.run(
                    "INSERT INTO vod_m3umovierelation (m3u_account_id, movie_id, stream_id, created_at, updated_at, last_seen) VALUES (\(account), \(work), '\(work)', \(stamps), \(seen))"
                )
                try await catalog.run(
                    "INSERT INTO vod_m3useriesrelation (id, m3u_account_id, series_id, external_series_id, created_at, updated_at, last_seen) VALUES (\(account * 10 + work), \(account), \(work), '\(work)', \(stamps), \(seen))"
                )
                try await catalog.run(
                    "INSERT INTO vod_m3uepisoderelation (m3u_account_id, episode_id, series_relation_id, stream_id, created_at, updated_at, last_seen) VALUES (\(account), \(work), \(account * 10 + work), '\(work)', \(stamps), \(new))"
                )
            }
            let start = try #require(DjangoTime.date("2026-02-01 00:00:00"))
            #expect(try await catalog.cleanLibrary(scanStart: start, staleDays: 60).movieRelations == 0)
            let counts = try await catalog.cleanLibrary(scanStart: start, account: one)
            var expected = LibraryCleanup()
            expected.movieRelations = 2
            expected.seriesRelations = 2
            expected.episodeRelations = 2
            // The third went the time before.
            expected.movies = 1
            expected.series = 1
            expected.episodes = 1
            #expect(counts == expected)
            #expect(try await catalog.count("SELECT count(*) FROM vod_movie") == 1)
            #expect(try await catalog.count("SELECT count(*) FROM vod_episode") == 1)
            #expect(try await catalog.findings().isEmpty)
        }
    }
}
