import CeleryProtocol
import Foundation
import Testing

@testable import Catalog

@Suite("Recordings") struct RecordingTests {
    /// Monday, 23 November 2026, 05:00 UTC.
    private let monday = Date(timeIntervalSince1970: 1_795_410_000)

    /// A guide channel with programmes from tomorrow on, and a channel that shows it.
    private func withGuide<R>(
        _ programmes: [StagedProgramme], _ body: (CatalogDatabase, _ channel: Int) async throws -> R
    ) async throws -> R {
        try await withCatalog { catalog in
            let source = try await catalog.epgSources.create(EPGSourceDraft(name: "G")).id
            let first = try await catalog.beginGuideRefresh(source: source)
            try await first.stage(channels: [StagedGuideChannel(id: "one.uk", name: "One")])
            _ = try await first.commit()
            let channel = try await catalog.addChannel(guide: 1)
            let second = try await catalog.beginGuideRefresh(source: source)
            try await second.stage(channels: [StagedGuideChannel(id: "one.uk", name: "One")])
            try await second.stage(programmes: programmes)
            _ = try await second.commit()
            return try await body(catalog, channel)
        }
    }

    private func programme(_ title: String, hours: Double, _ properties: JSONObject? = nil) -> StagedProgramme {
        let start = monday.addingTimeInterval(hours * 3600)
        return StagedProgramme(
            channelID: "one.uk", start: start, end: start.addingTimeInterval(1800), title: title, description: nil,
            customProperties: properties?.encoded())
    }

    @Test func `a recording comes with the schedule that starts it, and goes with it`() async throws {
        try await withCatalog { catalog in
            let channel = try await catalog.addChannel()
            let start = Date(timeIntervalSinceNow: 3600)
            let made = try await catalog.recordings.create(
                channel: channel, start: start, end: start.addingTimeInterval(60), properties: ["a": 1])
            let schedule = try #require(try await catalog.schedules.find(named: "dvr-recording-\(made.id)"))
            #expect(made.scheduleName == nil || made.scheduleName == schedule.name)
            #expect(
                schedule.task == "apps.channels.tasks.run_recording" && schedule.queue == nil && schedule.isOneOff)
            #expect(schedule.arguments.prefix(2) == [.int(made.id), .int(channel)])
            #expect(schedule.arguments[2] == .string(DjangoTime.isoText(made.start)))
            let noted = try await catalog.recordings.note(made.id, ["b": 2, "a": nil])
            #expect(noted?.properties == ["b": 2])
            #expect(try await catalog.recordings.note(99, ["b": 2]) == nil)
        }
    }

    @Test func `what was begun and is not over is found again`() async throws {
        try await withCatalog { catalog in
            let channel = try await catalog.addChannel()
            let cases: [(start: Double, end: Double, status: String?, isFound: Bool)] = [
                (-60, 60, "recording", true), (-60, 60, nil, true), (-60, 60, "interrupted", true),
                (-60, 60, "completed", false), (-60, 60, "stopped", false), (-60, -30, "recording", true),
                (-60, -30, nil, false), (60, 120, nil, false),
            ]
            var expected: [Int] = []
            for (start, end, status, isFound) in cases {
                let made = try await catalog.recordings.create(
                    channel: channel, start: monday.addingTimeInterval(start), end: monday.addingTimeInterval(end),
                    properties: status.map { ["status": .string($0)] } ?? [:])
                if isFound { expected.append(made.id) }
            }
            #expect(try await catalog.recordings.unfinished(at: monday).map(\.id).sorted() == expected)
        }
    }

    @Test func `a recurring rule records on its days, over midnight too, and never twice`() async throws {
        try await withCatalog { catalog in
            let channel = try await catalog.addChannel()
            try await catalog.settings.update(.system, with: ["time_zone": "Europe/Berlin"])
            try await catalog.run(
                """
                INSERT INTO dispatcharr_channels_recurringrecordingrule (
                    channel_id, days_of_week, start_time, end_time, enabled, name, created_at, updated_at
                ) VALUES (\(channel), '[0, "2"]', '23:30:00', '00:15:00', 1, 'Late', '2026-01-01 00:00:00', '2026-01-01 00:00:00')
                """)
            let made = try await catalog.recurringRules.maintain(days: 7, at: monday)
            // Berlin is an hour ahead of UTC in November.
            #expect(
                made.map { DjangoTime.text($0.start) }
                    == ["2026-11-23 22:30:00", "2026-11-25 22:30:00", "2026-11-30 22:30:00"])
            #expect(made.allSatisfy { $0.end.timeIntervalSince($0.start) == 45 * 60 })
            #expect(try await catalog.recurringRules.maintain(days: 7, at: monday).isEmpty)
            #expect(try await catalog.recurringRules.rebuild(1, days: 2, at: monday).count == 2)
            #expect(try await catalog.recurringRules.purge(1, at: monday) == 2)
            #expect(try await catalog.recurringRules.purge(1, at: monday) == 0)
            #expect(try await catalog.schedules.all().allSatisfy { !$0.name.hasPrefix("dvr-recording") })
        }
    }

    @Test func `series rules record each episode once, new ones only when asked for that`() async throws {
        let programmes = [
            programme("Series", hours: 1, ["season": 1, "episode": 1, "new": true]),
            programme("Series", hours: 2, ["season": 1, "episode": 1]),
            programme("SERIES", hours: 3, ["season": 1, "episode": 2]), programme("Other", hours: 4),
            programme("Series", hours: 24 * 8, ["season": 1, "episode": 3]),
        ]
        try await withGuide(programmes) { catalog, channel in
            func rules(_ mode: String, _ title: String) async throws {
                try await catalog.settings.update(
                    .dvr,
                    with: [
                        "pre_offset_minutes": 2, "post_offset_minutes": 5,
                        "series_rules": [
                            ["tvg_id": "one.uk", "mode": .string(mode), "title": .string(title)],
                            ["tvg_id": "gone.uk", "mode": "all", "title": "x"],
                        ],
                    ])
            }
            try await rules("new", "Series")
            let first = try await catalog.recordings.evaluateSeriesRules(at: monday)
            #expect(first.scheduled.map { DjangoTime.text($0.start) } == ["2026-11-23 05:58:00"])
            #expect(first.scheduled.first?.channelID == channel)
            #expect(first.details.map { $0["status"]?.string } == ["created", "no_epg_match"])
            try await rules("all", "Series")
            let second = try await catalog.recordings.evaluateSeriesRules(at: monday)
            #expect(second.scheduled.map { $0.properties["program"]?["episode"] } == [2])
            #expect(try await catalog.recordings.evaluateSeriesRules(at: monday).scheduled.isEmpty)
            #expect(try await catalog.recordings.evaluateSeriesRules(tvgID: "two.uk", at: monday).details.isEmpty)
            // Another lead and trail moves what is to come.
            try await catalog.settings.update(.dvr, with: ["pre_offset_minutes": 0])
            let moved = try await catalog.recordings.applyOffsets(at: monday)
            #expect((moved.changed, moved.scanned, moved.pre, moved.post) == (2, 2, 0, 5))
            #expect(try await catalog.recordings.applyOffsets(at: monday).changed == 0)
        }
    }

    @Test func `artwork is the programme's, else the library's, else the channel's`() async throws {
        let images: JSONObject = [
            "images": [["url": "http://i/back", "type": "backdrop"], ["url": "http://i/p", "type": "poster"]]
        ]
        try await withGuide([programme("Film", hours: 1, images), programme("Bare", hours: 2)]) { catalog, channel in
            func made(_ title: String, _ hours: Double) async throws -> Recording {
                let start = monday.addingTimeInterval(hours * 3600)
                return try await catalog.recordings.create(
                    channel: channel, start: start, end: start.addingTimeInterval(2400),
                    properties: ["program": ["title": .string(title)]])
            }
            #expect(try await catalog.recordings.artwork(for: made("Film", 0.9))?.url == "http://i/p")
            let bare = try await made("Bare", 2)
            #expect(try await catalog.recordings.artwork(for: bare) == nil)
            try await catalog.run("INSERT INTO dispatcharr_channels_logo (name, url) VALUES ('l', 'http://l')")
            try await catalog.run("UPDATE dispatcharr_channels_channel SET logo_id = 1")
            #expect(
                try await catalog.recordings.artwork(for: bare)
                    == RecordingArtwork(url: "http://l", logoID: 1, origin: "channel"))
            try await catalog.run("INSERT INTO vod_vodlogo (name, url) VALUES ('v', 'http://v')")
            try await catalog.run(
                """
                INSERT INTO vod_movie (uuid, name, logo_id, is_adult, created_at, updated_at)
                VALUES ('a', 'bare', 1, 0, '2026-01-01 00:00:00', '2026-01-01 00:00:00')
                """)
            #expect(try await catalog.recordings.artwork(for: bare)?.origin == "library")
        }
    }

    @Test func `breaks become pieces to keep`() {
        let breaks = CommercialBreaks(edl: "10.0\t20.5 0\nnonsense\n15 30 0\n\n90 100.2 0\n5 4 0")
        #expect(breaks.breaks == [10...30, 90...100.2])
        #expect(breaks.kept(of: 100) == [0...10, 30...90])
        #expect(CommercialBreaks(edl: "0 5 0").kept(of: 10) == [5...10])
        #expect(CommercialBreaks(edl: "").kept(of: 10) == [0...10])
    }

    @Test func `a file's path follows the templates and stays below its folder`() async throws {
        try await withCatalog { catalog in
            let channel = try await catalog.addChannel()
            func path(_ program: JSONValue, _ settings: JSONObject = [:]) async throws -> String {
                let made = try await catalog.recordings.create(
                    channel: channel, start: monday, end: monday.addingTimeInterval(60),
                    properties: ["program": program])
                return RecordingPath(made, channel: "BBC/One").relative(settings)
            }
            #expect(try await path(["title": "A/B: C", "season": 2, "episode": 11]) == "TV_Shows/A-B C/S02E11.mkv")
            #expect(
                try await path(["title": "F", "categories": ["Movie"], "date": "19990102"]) == "Movies/F (1999).mkv")
            #expect(try await path([:]) == "TV_Shows/BBC-One/2026-11-23_05-00-00.mkv")
            #expect(
                try await path(["title": "../../etc"], ["tv_fallback_template": "../{show}/{nothing}/{channel}"])
                    == "-..-etc/BBC-One.mkv")
        }
    }
}
