import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Guide refresh") struct GuideRefreshTests {
    private func channels(_ numbers: ClosedRange<Int>) -> [StagedGuideChannel] {
        numbers.map {
            StagedGuideChannel(id: "c.\($0)", name: "Channel \($0)", iconURL: "http://example.net/\($0).png")
        }
    }

    private func source(_ catalog: CatalogDatabase) async throws -> Int {
        try await catalog.epgSources.create(EPGSourceDraft(name: "G")).id
    }

    @discardableResult
    private func refresh(
        _ catalog: CatalogDatabase, _ source: Int, _ channels: [StagedGuideChannel],
        _ programmes: [StagedProgramme] = []
    ) async throws -> GuideRefreshCounts {
        let refresh = try await catalog.beginGuideRefresh(source: source)
        try await refresh.stage(channels: channels)
        try await refresh.stage(programmes: programmes)
        return try await refresh.commit()
    }

    @Test func `channels are created, then left alone, then updated`() async throws {
        try await withCatalog { catalog in
            let id = try await source(catalog)
            #expect(try await refresh(catalog, id, channels(1...3)) == GuideRefreshCounts(channelsCreated: 3))
            let before = try await catalog.dump("epg_epgdata")
            #expect(try await refresh(catalog, id, channels(1...3)) == GuideRefreshCounts(channelsUnchanged: 3))
            #expect(try await catalog.dump("epg_epgdata") == before)
            var changed = channels(1...3)
            changed[0].name = "Other"
            changed[1].iconURL = nil
            let counts = try await refresh(catalog, id, changed)
            #expect((counts.channelsUpdated, counts.channelsUnchanged) == (2, 1))
        }
    }

    @Test func `a channel that the guide has no more goes, unless somebody shows it`() async throws {
        try await withCatalog { catalog in
            let id = try await source(catalog)
            try await refresh(catalog, id, channels(1...3))
            try await catalog.addChannel(guide: 2)
            #expect(try await refresh(catalog, id, channels(1...1)).channelsDeleted == 1)
            #expect(try await catalog.count("SELECT count(*) FROM epg_epgdata") == 2)
            #expect(try await refresh(catalog, id, []).channelsDeleted == 0)
        }
    }

    @Test func `programmes are kept for mapped channels only, overrides included`() async throws {
        try await withCatalog { catalog in
            let id = try await source(catalog)
            try await refresh(catalog, id, channels(1...3))
            try await catalog.addChannel(guide: 1)
            let other = try await catalog.addChannel()
            try await catalog.run(
                """
                INSERT INTO dispatcharr_channels_channeloverride (channel_id, epg_data_id, created_at, updated_at)
                VALUES (\(other), 3, '2026-01-01 00:00:00', '2026-01-01 00:00:00')
                """)
            let refresh = try await catalog.beginGuideRefresh(source: id)
            #expect(refresh.mapped == ["c.1": 1, "c.3": 3])
            try await refresh.stage(channels: channels(1...3))
            let programmes = (0..<30).map { StagedProgramme.numbered($0, on: "c.\($0 % 3 + 1)") }
            #expect(try await refresh.stage(programmes: programmes) == 20)
            let counts = try await refresh.commit()
            #expect((counts.programmes, counts.guidesReplaced) == (20, 2))
            #expect(try await catalog.count("SELECT count(*) FROM epg_programdata") == 20)
            #expect(try await catalog.count("SELECT count(*) FROM epg_programdata WHERE epg_id = 2") == 0)
        }
    }

    @Test func `the same guide again touches no programme, a changed one replaces its channel's`() async throws {
        try await withCatalog { catalog in
            let id = try await source(catalog)
            try await refresh(catalog, id, channels(1...2))
            try await catalog.addChannel(guide: 1)
            try await catalog.addChannel(guide: 2)
            var programmes = (0..<40).map { StagedProgramme.numbered($0, on: "c.\($0 % 2 + 1)") }
            try await refresh(catalog, id, channels(1...2), programmes)
            let before = try await catalog.dump("epg_programdata")
            let same = try await refresh(catalog, id, channels(1...2), programmes)
            #expect((same.guidesReplaced, same.guidesUnchanged, same.programmes) == (0, 2, 40))
            #expect(try await catalog.dump("epg_programdata") == before)
            programmes[0].title = "Changed"
            programmes.removeLast(2)
            let changed = try await refresh(catalog, id, channels(1...2), programmes)
            #expect((changed.guidesReplaced, changed.programmes) == (2, 38))
            programmes[0].description = ""
            #expect(try await refresh(catalog, id, channels(1...2), programmes).guidesReplaced == 1)
            #expect(try await catalog.count("SELECT count(*) FROM epg_programdata") == 38)
        }
    }

    @Test func `a channel mapped while the refresh ran is reported`() async throws {
        try await withCatalog { catalog in
            let id = try await source(catalog)
            try await refresh(catalog, id, channels(1...2))
            let refresh = try await catalog.beginGuideRefresh(source: id)
            try await refresh.stage(channels: channels(1...2))
            try await catalog.addChannel(guide: 2)
            #expect(try await refresh.commit().mappedMeanwhile == [2])
        }
    }

    @Test func `a source deleted meanwhile stops the swap`() async throws {
        try await withCatalog { catalog in
            let id = try await source(catalog)
            let refresh = try await catalog.beginGuideRefresh(source: id)
            try await refresh.stage(channels: channels(1...2))
            try await catalog.epgSources.delete(id)
            await #expect(throws: CatalogError.self) { try await refresh.commit() }
            #expect(try await catalog.dump("epg_epgdata") == [])
        }
    }
}
