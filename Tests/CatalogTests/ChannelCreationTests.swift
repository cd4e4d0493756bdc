import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Channels of streams and guides") struct ChannelCreationTests {
    /// An account with five streams, a guide with the channels of three of them, and one channel numbered 2.
    private func withStreams<R>(_ body: (CatalogDatabase, [Int]) async throws -> R) async throws -> R {
        try await withCatalog { catalog in
            let account = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            let refresh = try await catalog.beginStreamRefresh(account: account)
            try await refresh.stage((1...5).map { StagedStream.numbered($0) })
            _ = try await refresh.commit()
            let source = try await catalog.epgSources.create(EPGSourceDraft(name: "G")).id
            let guide = try await catalog.beginGuideRefresh(source: source)
            try await guide.stage(
                channels: (1...3).map {
                    StagedGuideChannel(id: "S.\($0)", name: "Guide \($0)", iconURL: "http://example.net/g\($0).png")
                })
            _ = try await guide.commit()
            let taken = try await catalog.addChannel()
            try await catalog.run("UPDATE dispatcharr_channels_channel SET channel_number = 2 WHERE id = \(taken)")
            let ids = try await catalog.pool.read {
                try Int.fetchAll($0, sql: "SELECT id FROM dispatcharr_channels_stream ORDER BY id")
            }
            return try await body(catalog, ids)
        }
    }

    private func numbers(_ catalog: CatalogDatabase, _ ids: [Int]) async throws -> [Double?] {
        let channels = try await catalog.channels.all(ids)
        return ids.map { id in channels.first { $0.id == id }?.number }
    }

    @Test func `a channel takes its stream's name, group, logo and guide`() async throws {
        try await withStreams { catalog, streams in
            let outcome = try await catalog.channels.create(fromStreams: streams + [99])
            #expect(outcome.created.count == 5)
            #expect(outcome.errors == ["Stream 99: there is no such stream."])
            let first = try #require(try await catalog.channels.find(outcome.created[0]))
            #expect(first.name == "Stream 1" && first.tvgID == "s.1" && first.groupID != nil && first.logoID != nil)
            #expect(outcome.newLogos == 3)
            // The guide spells the ids otherwise, which makes them no other ids.
            #expect(try await catalog.channels.all(outcome.created).compactMap(\.guideID).count == 3)
            #expect(outcome.guidesWithoutProgrammes.count == 3)
            let links = "SELECT count(*) FROM dispatcharr_channels_channelstream"
            #expect(try await catalog.count(links) == 5)
        }
    }

    @Test func `numbers are the provider's, the lowest free, or from a given one`() async throws {
        try await withStreams { catalog, streams in
            // Stream 2 wants the taken 2, stream 3 wants none.
            let provider = try await catalog.channels.create(fromStreams: streams)
            #expect(try await numbers(catalog, provider.created) == [1, 3, 4, 5, 6])
            try await catalog.run("DELETE FROM dispatcharr_channels_channelstream")
            try await catalog.run("DELETE FROM dispatcharr_channels_channel WHERE channel_number <> 2")
            let lowest = try await catalog.channels.create(
                fromStreams: Array(streams.prefix(3)), numbering: ChannelNumbering(startingAt: 0))
            #expect(try await numbers(catalog, lowest.created) == [1, 3, 4])
            let from = try await catalog.channels.create(
                fromStreams: Array(streams.prefix(2)), numbering: ChannelNumbering(startingAt: 100))
            #expect(try await numbers(catalog, from.created) == [100, 101])
        }
    }

    @Test(arguments: [(nil, 2), ([0], 2), ([], 0), ([1, 77], 1)] as [([Int]?, Int)])
    func `profiles that were named show the new channels`(profiles: [Int]?, count: Int) async throws {
        try await withStreams { catalog, streams in
            try await catalog.run("INSERT INTO dispatcharr_channels_channelprofile (name) VALUES ('one'), ('two')")
            _ = try await catalog.channels.create(fromStreams: [streams[0]], profiles: profiles)
            let rows = "SELECT count(*) FROM dispatcharr_channels_channelprofilemembership WHERE enabled"
            #expect(try await catalog.count(rows) == count)
        }
    }

    @Test func `names, logos and ids come from the guide that is in effect, and only where they differ`() async throws {
        try await withStreams { catalog, streams in
            let made = try await catalog.channels.create(fromStreams: streams).created
            let now = DjangoTime.text(Date())
            let guide = try await catalog.count("SELECT id FROM epg_epgdata WHERE tvg_id = 'S.3'")
            try await catalog.run(
                """
                INSERT INTO dispatcharr_channels_channeloverride (channel_id, epg_data_id, created_at, updated_at)
                VALUES (\(made[0]), \(guide), '\(now)', '\(now)')
                """)
            #expect(try await catalog.channels.adopt(.name, channels: made) == GuideAdoption(updated: 3, total: 5))
            let names = try await catalog.channels.all(made).sorted { $0.id < $1.id }.map(\.name)
            #expect(names == ["Guide 3", "Guide 2", "Guide 3", "Stream 4", "Stream 5"])
            #expect(try await catalog.channels.adopt(.name, channels: made).updated == 0)
            #expect(try await catalog.channels.adopt(.tvgID, channels: made).updated == 3)
            #expect(
                try await catalog.channels.adopt(.logo) == GuideAdoption(updated: 3, total: 3, newLogos: 2))
            #expect(try await catalog.channels.adopt(.logo, source: 999).total == 0)
        }
    }
}

@Suite("Hashing streams anew") struct StreamRehashTests {
    @Test func `streams that become the same are merged, and channels use the one that stays`() async throws {
        try await withCatalog { catalog in
            let account = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            let refresh = try await catalog.beginStreamRefresh(account: account)
            try await refresh.stage([
                .numbered(1, name: "Same"), .numbered(2, name: "Same"), .numbered(3, name: "Other"),
            ])
            _ = try await refresh.commit()
            try await catalog.run(
                """
                INSERT INTO dispatcharr_channels_stream (
                    name, m3u_account_id, current_viewers, updated_at, is_custom, stream_hash, last_seen, is_stale,
                    is_adult, is_catchup, catchup_days
                ) VALUES ('Same', 1, 0, '2026-01-01 00:00:00', 1, 'mine', '2026-01-01 00:00:00', 0, 0, 0, 0)
                """)
            let second = try await catalog.addChannel(stream: 2)
            let counts = try await catalog.rehashStreams { "by \($0.name) of \($0.accountID) in \($0.group ?? "")" }
            #expect(counts == RehashCounts(processed: 3, merged: 1, remaining: 2))
            let hashes = try await catalog.pool.read {
                try String.fetchAll($0, sql: "SELECT stream_hash FROM dispatcharr_channels_stream ORDER BY id")
            }
            // The one that a channel uses stays, though it is the younger.
            #expect(hashes == ["by Same of \(account) in News", "by Other of \(account) in News", "mine"])
            let link = "SELECT stream_id FROM dispatcharr_channels_channelstream WHERE channel_id = \(second)"
            #expect(try await catalog.count(link) == 2)
            // The same again changes nothing, and hashes that change places are no conflict.
            #expect(
                try await catalog.rehashStreams { "by \($0.name) of \($0.accountID) in \($0.group ?? "")" }.merged == 0)
            _ = try await catalog.rehashStreams {
                "by \($0.name == "Same" ? "Other" : "Same") of \($0.accountID) in \($0.group ?? "")"
            }
            let same = "SELECT id FROM dispatcharr_channels_stream WHERE stream_hash LIKE 'by Same%'"
            #expect(try await catalog.count(same) == 3)
        }
    }

    @Test func `a channel that used both uses the one that stays once`() async throws {
        try await withCatalog { catalog in
            let account = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            let refresh = try await catalog.beginStreamRefresh(account: account)
            try await refresh.stage([.numbered(1), .numbered(2)])
            _ = try await refresh.commit()
            let channel = try await catalog.addChannel(stream: 1)
            try await catalog.run(
                """
                INSERT INTO dispatcharr_channels_channelstream (channel_id, stream_id, "order")
                VALUES (\(channel), 2, 1)
                """)
            #expect(try await catalog.rehashStreams { _ in "one" }.merged == 1)
            #expect(try await catalog.count("SELECT count(*) FROM dispatcharr_channels_channelstream") == 1)
        }
    }
}
