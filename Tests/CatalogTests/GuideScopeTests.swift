import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

/// Which programmes a refresh keeps: those of channels that somebody shows or all, and those that are over.
@Suite("Guide scope") struct GuideScopeTests {
    private static let midnight = (Date().timeIntervalSince1970 / 86_400).rounded(.down) * 86_400

    /// A programme of an hour that begins so many hours from today's midnight.
    private func programme(_ hour: Int, on channel: String = "a", _ title: String? = nil) -> StagedProgramme {
        let start = Date(timeIntervalSince1970: Self.midnight + Double(hour) * 3600)
        return StagedProgramme(
            channelID: channel, start: start, end: start.addingTimeInterval(3600), title: title ?? "at \(hour)")
    }

    private func refresh(
        _ catalog: CatalogDatabase, _ source: Int, _ scope: GuideRefresh.Scope, channels: [String] = ["a", "b"],
        _ programmes: [StagedProgramme]
    ) async throws -> GuideRefreshCounts {
        let refresh = try await catalog.beginGuideRefresh(source: source, scope: scope)
        try await refresh.stage(channels: channels.map { StagedGuideChannel(id: $0, name: $0) })
        _ = try await refresh.stage(programmes: programmes)
        return try await refresh.commit()
    }

    private func titles(_ catalog: CatalogDatabase) async throws -> [String] {
        try await catalog.pool.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT guide.tvg_id || ' ' || programme.title FROM epg_programdata AS programme
                    JOIN epg_epgdata AS guide ON guide.id = programme.epg_id ORDER BY guide.tvg_id, start_time
                    """)
        }
    }

    @Test func `programmes of all channels are kept where that is wished, also of channels never seen before`()
        async throws
    {
        try await withCatalog { catalog in
            let id = try await catalog.epgSources.create(EPGSourceDraft(name: "G")).id
            let all = GuideRefresh.Scope(keepsAll: true)
            // "x" is named by programmes only, and has no row to hang them on.
            let programmes = [programme(1), programme(2, on: "b"), programme(3), programme(4, on: "x")]
            let first = try await refresh(catalog, id, all, programmes)
            #expect((first.channelsCreated, first.guidesReplaced, first.mappedMeanwhile) == (2, 3, []))
            #expect(try await titles(catalog) == ["a at 1", "a at 3", "b at 2"])
            let rows = try await catalog.dump("epg_programdata")
            let again = try await refresh(catalog, id, all, programmes)
            #expect((again.guidesReplaced, again.guidesUnchanged) == (1, 2))
            #expect(try await catalog.dump("epg_programdata") == rows)
            _ = try await refresh(catalog, id, all, channels: ["a", "b", "c"], programmes + [programme(5, on: "c")])
            #expect(try await titles(catalog) == ["a at 1", "a at 3", "b at 2", "c at 5"])
        }
    }

    @Test func `what is over stays for as many days as were asked for`() async throws {
        try await withCatalog { catalog in
            let id = try await catalog.epgSources.create(EPGSourceDraft(name: "G")).id
            let scope = GuideRefresh.Scope(historyDays: 2)
            _ = try await refresh(catalog, id, scope, [])
            try await catalog.addChannel(guide: 1)
            _ = try await refresh(catalog, id, scope, [-80, -20, -3, -2, 0, 1].map { programme($0) })
            #expect(try await titles(catalog).count == 6)
            // The guide begins later now; what ran over its beginning is replaced by it.
            let next = [programme(-2, on: "a", "new"), programme(1)]
            #expect(try await refresh(catalog, id, scope, next).guidesReplaced == 1)
            #expect(try await titles(catalog) == ["a at -20", "a at -3", "a new", "a at 1"])
            let rows = try await catalog.dump("epg_programdata")
            #expect(try await refresh(catalog, id, scope, next).guidesUnchanged == 1)
            #expect(try await catalog.dump("epg_programdata") == rows)
            // A guide that has nothing for a channel any more leaves what is over.
            _ = try await refresh(catalog, id, scope, [])
            #expect(try await titles(catalog).prefix(2) == ["a at -20", "a at -3"])
            _ = try await refresh(catalog, id, .init(), [programme(1)])
            #expect(try await titles(catalog) == ["a at 1"])
        }
    }
}
