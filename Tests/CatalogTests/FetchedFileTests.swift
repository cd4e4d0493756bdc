import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Fetched files") struct FetchedFileTests {
    private static let file = FetchedFile(version: ["tag": "\"v1\""], facts: ["processed": 3])
    private static let start = Date(timeIntervalSince1970: 1_800_000_000)

    private func playlist(
        _ catalog: CatalogDatabase, _ account: Int, at seconds: Double = 0, _ numbers: ClosedRange<Int> = 1...3
    ) async throws {
        let refresh = try await catalog.beginStreamRefresh(account: account, fingerprint: "f")
        try await refresh.stage(numbers.map { .numbered($0) })
        _ = try await refresh.commit(at: Self.start + seconds, file: Self.file)
    }

    private func known(_ catalog: CatalogDatabase, _ account: Int, fingerprint: String = "f") async throws
        -> FetchedFile?
    {
        let refresh = try await catalog.beginStreamRefresh(account: account, fingerprint: fingerprint)
        try await refresh.discard()
        return refresh.fetched
    }

    @Test func `a playlist's file is known after the refresh that stored it, and only with the same settings`()
        async throws
    {
        try await withCatalog { catalog in
            let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            #expect(try await known(catalog, id) == nil)
            try await playlist(catalog, id)
            #expect(try await known(catalog, id) == Self.file)
            #expect(try await known(catalog, id, fingerprint: "other") == nil)
            try await catalog.m3uAccounts.forgetFile(of: id)
            #expect(try await known(catalog, id) == nil)
        }
    }

    @Test(arguments: [
        "DELETE FROM dispatcharr_channels_stream WHERE id = (SELECT min(id) FROM dispatcharr_channels_stream)",
        "UPDATE dispatcharr_channels_stream SET is_stale = 1",
        "UPDATE dispatcharr_channels_channelgroupm3uaccount SET enabled = 0",
    ])
    func `what somebody else did to the rows makes the file be read again`(change: String) async throws {
        try await withCatalog { catalog in
            let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            try await playlist(catalog, id)
            try await catalog.run(change)
            #expect(try await known(catalog, id) == nil)
        }
    }

    @Test func `a confirmed file moves last_seen, and what it did not have ages and goes`() async throws {
        try await withCatalog { catalog in
            let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            try await playlist(catalog, id, 1...4)
            try await playlist(catalog, id, at: 60)
            func confirm(_ seconds: Double) async throws -> StreamRefreshCounts {
                let refresh = try await catalog.beginStreamRefresh(account: id, fingerprint: "f")
                #expect(refresh.fetched == Self.file)
                return try await refresh.confirm(at: Self.start + seconds)
            }
            #expect(try await confirm(120) == StreamRefreshCounts(unchanged: 3))
            let seen = DjangoTime.text(Self.start + 120)
            let stream = "SELECT count(*) FROM dispatcharr_channels_stream WHERE"
            #expect(try await catalog.count("\(stream) last_seen = '\(seen)' AND NOT is_stale") == 3)
            #expect(try await catalog.count("\(stream) is_stale") == 1)
            let week = 8.0 * 86_400
            #expect(try await confirm(week) == StreamRefreshCounts(unchanged: 3, deleted: 1))
            // What it deleted itself is no reason to read the file again.
            #expect(try await confirm(week + 60) == StreamRefreshCounts(unchanged: 3))
        }
    }

    @Test func `a guide's file is known until another channel is mapped`() async throws {
        try await withCatalog { catalog in
            let id = try await catalog.epgSources.create(EPGSourceDraft(name: "G")).id
            func refresh() async throws -> FetchedFile? {
                let refresh = try await catalog.beginGuideRefresh(source: id, fingerprint: "f")
                try await refresh.stage(channels: [.init(id: "a", name: "A"), .init(id: "b", name: "B")])
                try await refresh.stage(programmes: (0..<5).map { .numbered($0, on: "a") })
                _ = try await refresh.commit(file: Self.file)
                return refresh.fetched
            }
            #expect(try await refresh() == nil)
            #expect(try await refresh() == Self.file)
            let guide = try await catalog.count("SELECT id FROM epg_epgdata WHERE tvg_id = 'a'")
            try await catalog.addChannel(guide: guide)
            #expect(try await refresh() == nil)
            #expect(try await refresh() == Self.file)
            try await catalog.run("DELETE FROM epg_programdata WHERE id = (SELECT min(id) FROM epg_programdata)")
            #expect(try await refresh() == nil)
        }
    }

    @Test func `a source takes its file along when it goes`() async throws {
        try await withCatalog { catalog in
            let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            try await playlist(catalog, id)
            #expect(try await catalog.count("SELECT count(*) FROM fetched_file") == 1)
            try await catalog.m3uAccounts.delete(id)
            #expect(try await catalog.count("SELECT count(*) FROM fetched_file") == 0)
        }
    }

    @Test func `a user agent is the account's, else the default one`() async throws {
        try await withCatalog { catalog in
            let all = "SELECT user_agent FROM core_useragent"
            let texts = try await catalog.pool.read { try String.fetchAll($0, sql: "\(all) ORDER BY id") }
            #expect(try await catalog.settings.userAgent(2) == texts[1])
            #expect(try await catalog.settings.userAgent(nil) == texts[0])
            #expect(try await catalog.settings.userAgent(999) == texts[0])
        }
    }

    @Test func `what a provider says about the user is merged into the default profile`() async throws {
        try await withCatalog { catalog in
            let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            try await catalog.run(#"UPDATE m3u_m3uaccountprofile SET custom_properties = '{"mine": 1}'"#)
            try await catalog.m3uAccounts.saveInfo(of: id, ["user_info": ["status": "Active"]], expires: Self.start)
            let profile = try #require(try await catalog.m3uAccounts.profiles(of: id).first)
            #expect(profile.customProperties == ["mine": 1, "user_info": ["status": "Active"]])
            #expect(profile.expiresAt == Self.start)
        }
    }

    @Test(arguments: ["", " ", ",", "nonsense", "url,nonsense"])
    func `hash keys that name no fact are refused and change nothing`(keys: String) async throws {
        try await withCatalog { catalog in
            let error = await #expect(throws: CatalogError.self) {
                try await catalog.settings.update(.streams, with: ["m3u_hash_key": .string(keys)])
            }
            #expect(error?.code == .invalidValue)
            #expect(try await catalog.settings.streamHashKeys() == "url")
            try await catalog.settings.update(.streams, with: ["m3u_hash_key": "name, url"])
            #expect(try await catalog.settings.streamHashKeys() == "name, url")
        }
    }
}
