import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

/// What a refresh from Schedules Direct leaves in the tables.
@Suite("Schedules Direct's guides") struct DirectGuideTests {
    /// 2026-11-22 10:00 UTC.
    private static let now = Date(timeIntervalSince1970: 1_795_341_600)
    private static let day = "2026-11-22"

    /// A source with two stations, of which somebody shows the first; returns the source.
    private func source(_ catalog: CatalogDatabase) async throws -> Int {
        var draft = EPGSourceDraft(name: "SD")
        draft.kind = .schedulesDirect
        let id = try await catalog.epgSources.create(draft).id
        let stations = try await catalog.beginGuideRefresh(source: id)
        try await stations.stage(channels: [
            StagedGuideChannel(id: "10", name: "Ten"), StagedGuideChannel(id: "20", name: "Twenty"),
        ])
        try await stations.commitChannels()
        try await catalog.addChannel(guide: 1)
        return id
    }

    private func schedule(_ digest: String, _ programmes: [(id: String, digest: String)]) -> StagedSchedule {
        StagedSchedule(
            day: StagedDay(station: "10", date: Self.day, digest: digest), modified: Self.now,
            airings: programmes.enumerated().map { index, programme in
                let start = Self.now.addingTimeInterval(Double(index) * 3600)
                return StagedSchedule.Airing(
                    programme: programme.id, digest: programme.digest, start: start,
                    end: start.addingTimeInterval(3600), flags: ["new": true])
            })
    }

    private func refresh(
        _ catalog: CatalogDatabase, _ source: Int, _ schedule: StagedSchedule, _ descriptions: [StagedDescription]
    ) async throws -> (asked: [String], count: Int) {
        let refresh = try await catalog.beginDirectRefresh(source: source, now: Self.now)
        #expect(refresh.stations == ["10"])
        let other = StagedDay(station: "20", date: Self.day, digest: "x")
        let changed = try await refresh.changed([schedule.day, other])
        if !changed.isEmpty { try await refresh.stage([schedule]) }
        let asked = try await refresh.missingProgrammes(after: 0, limit: 10).ids
        try await refresh.stage(descriptions.filter { asked.contains($0.id) })
        return (asked, try await refresh.commit())
    }

    private func rows(_ catalog: CatalogDatabase) async throws -> [String] {
        try await catalog.pool.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT program_id || ' ' || title || ' ' || ifnull(custom_properties, '-')
                    FROM epg_programdata ORDER BY start_time
                    """)
        }
    }

    private static let film = StagedDescription(
        id: "MV1", digest: "m1", title: "Film", customProperties: ["date": "1999"])
    private static let show = StagedDescription(id: "SH2", digest: "s1", title: "Show")

    @Test func `what has not changed is not asked for again, and keeps its description`() async throws {
        try await withCatalog { catalog in
            let id = try await source(catalog)
            let both = [("MV1", "m1"), ("SH2", "s1")]
            let first = try await refresh(catalog, id, schedule("d1", both), [Self.film, Self.show])
            #expect(first.asked == ["MV1", "SH2"] && first.count == 2)
            let seen = try await rows(catalog)
            #expect(seen == [#"MV1 Film {"date":"1999","new":true}"#, #"SH2 Show {"new":true}"#])
            #expect(try await refresh(catalog, id, schedule("d1", both), []) == ([], 0))
            #expect(try await rows(catalog) == seen)
            // The day has changed, the film has not: its description comes from here.
            var renamed = Self.show
            (renamed.digest, renamed.title) = ("s2", "Show, renamed")
            let second = try await refresh(catalog, id, schedule("d2", [("MV1", "m1"), ("SH2", "s2")]), [renamed])
            #expect(second.asked == ["SH2"] && second.count == 2)
            #expect(
                try await rows(catalog) == [
                    #"MV1 Film {"date":"1999","new":true}"#, #"SH2 Show, renamed {"new":true}"#,
                ])
            #expect(try await catalog.count("SELECT count(*) FROM epg_sdschedulemd5 WHERE md5 = 'd2'") == 1)
            #expect(try await catalog.count("SELECT count(*) FROM epg_sdprogrammd5") == 2)
        }
    }

    @Test func `a refresh that is given up leaves nothing`() async throws {
        try await withCatalog { catalog in
            let id = try await source(catalog)
            let refresh = try await catalog.beginDirectRefresh(source: id, now: Self.now)
            let new = schedule("d1", [("MV1", "m1")])
            _ = try await refresh.changed([new.day])
            try await refresh.stage([new])
            try await refresh.stage([Self.film])
            try await refresh.discard()
            #expect(try await rows(catalog).isEmpty)
            #expect(try await catalog.count("SELECT count(*) FROM epg_sdschedulemd5") == 0)
        }
    }

    @Test func `artwork is looked for once for each style, and outlives a new description`() async throws {
        try await withCatalog { catalog in
            let id = try await source(catalog)
            let sources = catalog.epgSources
            _ = try await refresh(catalog, id, schedule("d1", [("MV1", "m1"), ("SH2", "s1")]), [Self.film, Self.show])
            let without = try await sources.showingsWithoutArtwork(of: id, style: "a")
            #expect(without.map(\.programme) == ["MV1", "SH2"])
            #expect(try await sources.showingsWithoutArtwork(of: id, only: 2, style: "a").isEmpty)
            try await sources.keepArtwork(
                without.map { (showing: $0.id, url: $0.programme == "MV1" ? "http://i/1" : nil) }, style: "a")
            #expect(
                try await rows(catalog) == [
                    #"MV1 Film {"date":"1999","new":true,"sd_icon":"http://i/1","sd_poster_style":"a"}"#,
                    #"SH2 Show {"new":true,"sd_icon_missing":true,"sd_poster_style":"a"}"#,
                ])
            #expect(try await sources.showingsWithoutArtwork(of: id, style: "a").isEmpty)
            #expect(try await sources.showingsWithoutArtwork(of: id, style: "b").count == 2)

            var (film, show) = (Self.film, Self.show)
            (film.digest, film.title, show.digest) = ("m2", "Film 2", "s2")
            _ = try await refresh(catalog, id, schedule("d2", [("MV1", "m2"), ("SH2", "s2")]), [film, show])
            #expect(
                try await rows(catalog).first
                    == #"MV1 Film 2 {"date":"1999","sd_icon":"http://i/1","sd_poster_style":"a","new":true}"#)
            // What had none may have some by now.
            #expect(try await sources.showingsWithoutArtwork(of: id, style: "a").map(\.programme) == ["SH2"])
        }
    }

    @Test func `a log-in is kept until it is replaced, forgotten, or its source goes`() async throws {
        try await withCatalog { catalog in
            let id = try await source(catalog)
            let sources = catalog.epgSources
            #expect(try await sources.token(of: id) == nil)
            let token = KeptToken(text: "t", credentials: "c", expires: Self.now)
            try await sources.keep(token, of: id)
            #expect(try await sources.token(of: id) == token)
            try await sources.keep(nil, of: id)
            #expect(try await sources.token(of: id) == nil)
            try await sources.keep(token, of: id)
            try await sources.delete(id)
            #expect(try await catalog.count("SELECT count(*) FROM direct_token") == 0)
            try await sources.keep(token, of: id)
            #expect(try await sources.token(of: id) == nil)
        }
    }
}
