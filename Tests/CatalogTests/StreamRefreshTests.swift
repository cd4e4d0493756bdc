import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Playlist refresh") struct StreamRefreshTests {
    private static let table = "dispatcharr_channels_stream"

    @discardableResult
    private func refresh(
        _ catalog: CatalogDatabase, _ account: Int, _ entries: [StagedStream], at seconds: Double,
        groupsEnabled: Bool = true
    ) async throws -> StreamRefreshCounts {
        let refresh = try await catalog.beginStreamRefresh(account: account)
        for start in stride(from: 0, to: entries.count, by: 100) {
            try await refresh.stage(Array(entries[start..<min(start + 100, entries.count)]))
        }
        return try await refresh.commit(
            at: Date(timeIntervalSince1970: 1_800_000_000 + seconds), newGroupsEnabled: groupsEnabled)
    }

    private func account(_ catalog: CatalogDatabase, staleDays: Int = 7, name: String = "A") async throws -> Int {
        var draft = M3UAccountDraft(name: name)
        draft.staleStreamDays = staleDays
        return try await catalog.m3uAccounts.create(draft).id
    }

    @Test func `a refresh gives way to readers`() async throws {
        try await withCatalog { catalog in
            let refresh = try await catalog.beginStreamRefresh(account: try await account(catalog))
            let thisThread = Int32(PRIO_PROCESS.rawValue)
            let ours = try await refresh.queue.writeWithoutTransaction { _ in getpriority(thisThread, 0) }
            let readers = try await catalog.pool.read { _ in getpriority(thisThread, 0) }
            #expect(ours >= 2 && ours >= readers)
        }
    }

    @Test func `the first refresh creates streams, groups and relations in the order of the file`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            let entries = (1...250).map { StagedStream.numbered($0, group: $0 % 2 == 0 ? "News" : "Sport") }
            let counts = try await refresh(catalog, id, entries, at: 0)
            #expect(counts == StreamRefreshCounts(created: 250, newGroups: 2))
            #expect(try await catalog.m3uAccounts.groups(of: id).map(\.name) == ["News", "Sport"])
            #expect(try await catalog.m3uAccounts.streamCount(of: id) == 250)
            let names = try await catalog.pool.read {
                try String.fetchAll($0, sql: "SELECT name FROM dispatcharr_channels_stream ORDER BY id LIMIT 3")
            }
            #expect(names == ["Stream 1", "Stream 2", "Stream 3"])
            #expect(
                try await catalog.count(
                    "SELECT count(*) FROM \(Self.table) WHERE json_extract(custom_properties, '$.n') = id")
                    == 250)
        }
    }

    @Test func `a second refresh of the same file changes nothing but last_seen`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            let entries = (1...250).map { StagedStream.numbered($0) }
            try await refresh(catalog, id, entries, at: 0)
            let before = try await catalog.dump(Self.table, without: ["last_seen"])
            let groups = try await catalog.dump("dispatcharr_channels_channelgroupm3uaccount", without: ["last_seen"])
            let counts = try await refresh(catalog, id, entries, at: 60)
            #expect(counts == StreamRefreshCounts(unchanged: 250))
            #expect(try await catalog.dump(Self.table, without: ["last_seen"]) == before)
            #expect(
                try await catalog.dump("dispatcharr_channels_channelgroupm3uaccount", without: ["last_seen"]) == groups)
            let seen = DjangoTime.text(Date(timeIntervalSince1970: 1_800_000_060))
            #expect(try await catalog.count("SELECT count(*) FROM \(Self.table) WHERE last_seen = '\(seen)'") == 250)
        }
    }

    @Test func `a refresh that makes an index again leaves all of them as they were`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            let entries = (1...20_500).map { StagedStream.numbered($0) }
            let indexes = try await catalog.dump("sqlite_master", without: ["rootpage"])
            try await refresh(catalog, id, entries, at: 0)
            #expect(try await refresh(catalog, id, entries, at: 60).unchanged == entries.count)
            #expect(try await catalog.dump("sqlite_master", without: ["rootpage"]).sorted() == indexes.sorted())
            let seen = DjangoTime.text(Date(timeIntervalSince1970: 1_800_000_060))
            #expect(
                try await catalog.count("SELECT count(*) FROM \(Self.table) WHERE last_seen = '\(seen)'")
                    == entries.count)
            let damage = try await catalog.pool.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
            #expect(damage == ["ok"])
        }
    }

    @Test func `properties that Django has spelt anew are the same properties`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            try await refresh(catalog, id, [.numbered(1)], at: 0)
            try await catalog.run(
                #"UPDATE dispatcharr_channels_stream SET custom_properties = '{"tvg-id": "s.1", "tvg-name": "Gr\u00f6\u00dfe", "n": 1}'"#
            )
            #expect(try await refresh(catalog, id, [.numbered(1)], at: 1).unchanged == 1)
            try await catalog.run(#"UPDATE dispatcharr_channels_stream SET custom_properties = '{"n": 2}'"#)
            #expect(try await refresh(catalog, id, [.numbered(1)], at: 2).updated == 1)
        }
    }

    @Test func `any compared field makes a stream changed`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            try await refresh(catalog, id, [.numbered(1)], at: 0)
            let changes: [@Sendable (inout StagedStream) -> Void] = [
                { $0.name = "Other" }, { $0.url = "http://example.net/other" }, { $0.logoURL = nil },
                { $0.guideID = nil }, { $0.customProperties = Array("{}".utf8) }, { $0.isAdult = true },
                { $0.streamID = 9 }, { $0.channelNumber = 2.5 }, { $0.group = "Other" }, { $0.isCatchup = true },
                { $0.catchupDays = 3 },
            ]
            var entry = StagedStream.numbered(1)
            for (index, change) in changes.enumerated() {
                change(&entry)
                let counts = try await refresh(catalog, id, [entry], at: Double(index + 1))
                #expect((counts.created, counts.updated, counts.unchanged) == (0, 1, 0), "change \(index)")
                #expect(
                    try await refresh(catalog, id, [entry], at: Double(index + 1)).unchanged == 1, "change \(index)")
            }
        }
    }

    @Test func `the last of several entries with one hash wins`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            let refresh = try await catalog.beginStreamRefresh(account: id)
            try await refresh.stage([.numbered(1, name: "first"), .numbered(1, name: "second")])
            try await refresh.stage([.numbered(1, name: "third")])
            #expect(try await refresh.commit().created == 1)
            #expect(try await catalog.count("SELECT count(*) FROM \(Self.table) WHERE name = 'third'") == 1)
        }
    }

    @Test func `a missing stream becomes stale, comes back, and goes after the account's days`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog, staleDays: 1)
            let both: [StagedStream] = [.numbered(1), .numbered(2, group: "Gone")]
            try await refresh(catalog, id, both, at: 0)
            try await catalog.addChannel(stream: 2)
            #expect(try await refresh(catalog, id, [.numbered(1)], at: 10).stale == 1)
            #expect(try await refresh(catalog, id, [.numbered(1)], at: 20).stale == 0)
            #expect(try await catalog.m3uAccounts.groups(of: id).filter(\.isStale).map(\.name) == ["Gone"])
            let back = try await refresh(catalog, id, both, at: 30)
            #expect((back.unchanged, back.created) == (2, 0))
            #expect(try await catalog.count("SELECT count(*) FROM \(Self.table) WHERE is_stale") == 0)
            let gone = try await refresh(catalog, id, [.numbered(1)], at: 40 + 86400)
            #expect((gone.deleted, gone.unchanged) == (1, 1))
            #expect(try await catalog.dump("dispatcharr_channels_channelstream") == [])
            #expect(try await catalog.m3uAccounts.groups(of: id).map(\.name) == ["News"])
        }
    }

    @Test func `zero days delete at once`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog, staleDays: 0)
            try await refresh(catalog, id, [.numbered(1), .numbered(2)], at: 0)
            #expect(try await refresh(catalog, id, [.numbered(1)], at: 1).deleted == 1)
        }
    }

    @Test func `streams of groups that nobody wants are not stored, and removed when that changes`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            let entries: [StagedStream] = [.numbered(1), .numbered(2, group: "Sport")]
            let none = try await refresh(catalog, id, entries, at: 0, groupsEnabled: false)
            #expect((none.created, none.unwanted, none.newGroups) == (0, 2, 2))
            let groups = try await catalog.m3uAccounts.groups(of: id)
            for group in groups { try await catalog.m3uAccounts.setGroups(of: id, enabled: [group.groupID: true]) }
            #expect(try await refresh(catalog, id, entries, at: 1).created == 2)
            let sport = try #require(groups.first { $0.name == "Sport" })
            try await catalog.m3uAccounts.setGroups(of: id, enabled: [sport.groupID: false])
            let fewer = try await refresh(catalog, id, entries, at: 2)
            #expect((fewer.deleted, fewer.unchanged) == (1, 1))
        }
    }

    @Test func `two accounts with one stream share the row, which keeps its owner`() async throws {
        try await withCatalog { catalog in
            let first = try await account(catalog)
            let second = try await account(catalog, name: "B")
            try await refresh(catalog, first, [.numbered(1)], at: 0)
            let counts = try await refresh(catalog, second, [.numbered(1), .numbered(2)], at: 1)
            #expect((counts.created, counts.unchanged) == (1, 1))
            #expect(try await catalog.m3uAccounts.streamCount(of: first) == 1)
            #expect(try await catalog.m3uAccounts.streamCount(of: second) == 1)
        }
    }

    @Test func `staging holds up no other writer and shows nothing to readers`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            let refresh = try await catalog.beginStreamRefresh(account: id)
            try await refresh.stage((1...500).map { .numbered($0) })
            try await catalog.systemEvents.insert("while_staging")
            #expect(try await catalog.m3uAccounts.streamCount(of: id) == 0)
            try await refresh.discard()
            #expect(try await catalog.m3uAccounts.streamCount(of: id) == 0)
        }
    }

    @Test func `an account deleted meanwhile stops the swap`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            let refresh = try await catalog.beginStreamRefresh(account: id)
            try await refresh.stage([.numbered(1)])
            try await catalog.m3uAccounts.delete(id)
            let error = await #expect(throws: CatalogError.self) { try await refresh.commit() }
            #expect(error?.code == .notFound)
            #expect(try await catalog.dump("dispatcharr_channels_channelgroup") == [])
        }
    }

    @Test func `a row deleted between comparison and swap is made again`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            try await refresh(catalog, id, [.numbered(1), .numbered(2)], at: 0)
            let refresh = try await catalog.beginStreamRefresh(account: id)
            try await refresh.stage([.numbered(1), .numbered(2)])
            let swap = StreamSwap(account: id, date: Date(), newGroupsEnabled: true)
            try await refresh.queue.writeWithoutTransaction { try swap.compare($0) }
            try await catalog.run("DELETE FROM dispatcharr_channels_stream WHERE id = 2")
            let counts = try await refresh.queue.write { try swap.run($0) }
            #expect((counts.created, counts.unchanged) == (1, 1))
            #expect(try await catalog.m3uAccounts.streamCount(of: id) == 2)
        }
    }

    @Test func `catch-up of a channel follows its streams`() async throws {
        try await withCatalog { catalog in
            let id = try await account(catalog)
            try await refresh(catalog, id, [.numbered(1)], at: 0)
            try await catalog.addChannel(stream: 1)
            var entry = StagedStream.numbered(1)
            entry.isCatchup = true
            entry.catchupDays = 5
            try await refresh(catalog, id, [entry], at: 1)
            let with = "SELECT count(*) FROM dispatcharr_channels_channel WHERE is_catchup AND catchup_days = 5"
            #expect(try await catalog.count(with) == 1)
            try await refresh(catalog, id, [.numbered(1)], at: 2)
            #expect(try await catalog.count(with) == 0)
        }
    }

    @Test func `a process killed in the middle of the swap leaves the old rows whole`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/skirret.db"
            let catalog = try await CatalogDatabase(path: path)
            let id = try await account(catalog)
            try await refresh(catalog, id, (1...300).map { .numbered($0) }, at: 0)
            let before = try await catalog.dump(Self.table)
            setenv("SKIRRET_KILL_TEST_DATABASE", path, 1)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                let path = try #require(ProcessInfo.processInfo.environment["SKIRRET_KILL_TEST_DATABASE"])
                let catalog = try await CatalogDatabase(path: path)
                let refresh = try await catalog.beginStreamRefresh(account: 2)
                try await refresh.stage((200...900).map { .numbered($0, name: "half") })
                let swap = StreamSwap(account: 2, date: Date(), newGroupsEnabled: true)
                try await refresh.queue.writeWithoutTransaction { db in
                    try swap.compare(db)
                    try db.inTransaction(.immediate) {
                        _ = try swap.run(db)
                        kill(getpid(), SIGKILL)
                        return .commit
                    }
                }
            }
            #expect(try await catalog.dump(Self.table) == before)
            #expect(try await catalog.findings().isEmpty)
            #expect(try await refresh(catalog, id, (1...300).map { .numbered($0) }, at: 9).unchanged == 300)
            try await catalog.close()
        }
    }
}
