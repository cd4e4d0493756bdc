import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Guide channels for channels") struct GuideMatcherTests {
    @Test(
        arguments: [
            ("UK| BBC ONE ᶠᴴᴰ", "bbc1", "uk", 0), ("|UK| BBC One HD", "bbc1", "uk", 0), ("ITV2 +1", "itv2", nil, 1),
            ("DE: Das Erste UHD", "daserste", "de", 0), ("[FR] CANAL+ Sport (1080p)", "canalplussport", "fr", 0),
            ("Sky Sports F1 FHD 50FPS", "skysportf1", nil, 0), ("101. Film4", "film4", nil, 0),
            ("Discovery (US)", "discovery", "us", 0), ("La 1 de TVE", "la1detve", nil, 0),
            ("TV 2 Zulu DK", "tv2zulu", "dk", 0),
            ("E4 Full HD", "e4", nil, 0), ("Télé‑Québec", "telequbec", nil, 0), ("4Seven", "47", nil, 0),
            ("Channel 4+1 HD", "channel4", nil, 1), ("A&E", "aande", nil, 0),
        ] as [(String, String, String?, Int)])
    func `a name is taken apart`(text: String, squashed: String, region: String?, shift: Int) {
        let name = ChannelName(text)
        #expect(name.squashed == squashed)
        #expect(name.region == region)
        #expect(name.shift == shift)
    }

    @Test func `an id wins over the name, a Gracenote station over names too`() {
        let matcher = GuideMatcher([
            .init(id: 1, tvgID: "one.uk", name: "Something"), .init(id: 2, tvgID: "12345", name: "Other"),
            .init(id: 3, tvgID: "x", name: "BBC One"),
        ])
        #expect(matcher.match(.init(name: "BBC One", tvgID: "ONE.uk"))?.guideID == 1)
        #expect(matcher.match(.init(name: "BBC One", tvgID: "gone", stationID: "12345"))?.reason == .stationID)
        #expect(matcher.match(.init(name: "BBC 1 HD"))?.reason == .sameName)
    }

    @Test func `of namesakes the channel's country counts, then the preferred one, then the source's priority`() {
        let entries: [GuideMatcher.Entry] = [
            .init(id: 1, tvgID: "discovery.us", name: "Discovery", priority: 9),
            .init(id: 2, tvgID: "discovery.de", name: "Discovery"),
            .init(id: 3, tvgID: "discovery.uk", name: "Discovery"),
            .init(id: 4, tvgID: "discovery.uk2", name: "Discovery"),
        ]
        #expect(GuideMatcher(entries).match(.init(name: "DE: Discovery"))?.guideID == 2)
        #expect(GuideMatcher(entries).match(.init(name: "Discovery"))?.guideID == 1)
        #expect(GuideMatcher(entries, preferredRegion: "uk").match(.init(name: "Discovery HD"))?.guideID == 3)
    }

    @Test func `what a person wants left out is left out`() {
        var ignored = ChannelName.Ignored()
        ignored.prefixes = ["Prime: "]
        ignored.suffixes = [" - East"]
        ignored.anywhere = ["(Multi-Sub)"]
        let matcher = GuideMatcher([.init(id: 1, tvgID: "a", name: "Nova Sport 1")], ignoring: ignored)
        #expect(matcher.match(.init(name: "prime: Nova Sport 1 (multi-sub) - EAST"))?.reason == .sameName)
    }

    /// The figures that the documentation quotes; see `Support/GuideNames.swift` for the list.
    @Test func `noisy names find their guide channels, and names without one find none`() {
        let matcher = GuideMatcher(GuideNames.entries)
        var (right, wrong, missed, invented) = (0, [String](), [String](), [String]())
        for label in GuideNames.labels {
            let found = matcher.match(.init(name: label.name)).map { match in
                GuideNames.entries.first { $0.id == match.guideID }?.tvgID ?? ""
            }
            switch (found, label.guide) {
            case (nil, nil): right += 1
            case (nil, _): missed.append(label.name)
            case (let found?, nil): invented.append("\(label.name) -> \(found)")
            case (let found?, let guide?) where found == guide: right += 1
            case (let found?, _): wrong.append("\(label.name) -> \(found)")
            }
        }
        let total = GuideNames.labels.count
        // Of the answers that were given how many are right, and of those that should have been given.
        let hits = GuideNames.labels.count { $0.guide != nil } - missed.count - wrong.count
        let precision = Double(hits) / Double(hits + wrong.count + invented.count)
        let recall = Double(hits) / Double(hits + wrong.count + missed.count)
        print(
            "guide matching: \(right) of \(total) right, precision \(String(format: "%.3f", precision)), recall "
                + "\(String(format: "%.3f", recall)); missed \(missed); wrong \(wrong); invented \(invented)")
        #expect(Double(right) / Double(total) >= 0.95)
        // A wrong guide is worse than none.
        #expect(Double(wrong.count + invented.count) / Double(total) <= 0.02)
    }

    @Test func `names that nothing was chosen after are matched nearly as well, and none wrongly`() {
        let matcher = GuideMatcher(GuideNames.entries)
        let answers = GuideNames.unseen.map { label in
            let found = matcher.match(.init(name: label.name))?.guideID
            return (found: GuideNames.entries.first { $0.id == found }?.tvgID, label: label)
        }
        let right = answers.count { $0.found == $0.label.guide }
        print("guide matching, unseen names: \(right) of \(answers.count) right")
        #expect(answers.allSatisfy { $0.found == nil || $0.found == $0.label.guide })
        #expect(right >= answers.count * 85 / 100)
    }

    @Test func `matching maps channels without a guide, and given ones in any case`() async throws {
        try await withCatalog { catalog in
            let source = try await catalog.epgSources.create(EPGSourceDraft(name: "G")).id
            let guide = try await catalog.beginGuideRefresh(source: source)
            try await guide.stage(channels: [
                StagedGuideChannel(id: "a.uk", name: "Alpha News"), StagedGuideChannel(id: "b.uk", name: "Beta Sport"),
            ])
            _ = try await guide.commit()
            let alpha = try await catalog.addChannel()
            let beta = try await catalog.addChannel(guide: 1)
            try await catalog.run(
                "UPDATE dispatcharr_channels_channel SET name = 'UK: ALPHA NEWS HD' WHERE id = \(alpha)")
            try await catalog.run("UPDATE dispatcharr_channels_channel SET name = 'Beta Sport' WHERE id = \(beta)")
            let first = try await catalog.channels.matchGuides()
            #expect(first.total == 1 && first.updated == 1)
            #expect(first.associations.first?.guideName == "Alpha News")
            #expect(first.guidesWithoutProgrammes == [1])
            let second = try await catalog.channels.matchGuides(channels: [alpha, beta])
            #expect(second.total == 2 && second.updated == 1)
            #expect(try await catalog.channels.find(beta)?.guideID == 2)
            #expect(try await catalog.channels.matchGuides().total == 0)
        }
    }
}
