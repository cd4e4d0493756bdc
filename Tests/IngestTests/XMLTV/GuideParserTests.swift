import CeleryProtocol
import Foundation
import Testing

@testable import Ingest

@Suite("Guide parser") struct GuideParserTests {
    @Test func `channels have the first name, and their id when there is none`() throws {
        let guide = try read(
            """
            <tv><channel id=" a "><display-name lang="x"> First </display-name><display-name>Second</display-name>
            <icon src="http://l/?a=1&amp;b=2&eacute;"/></channel><channel id="b"/><channel/></tv>
            """)
        #expect(
            guide.channels == [
                GuideChannel(id: "a", name: "First", icon: "http://l/?a=1&b=2é"), GuideChannel(id: "b", name: "b"),
            ])
        #expect(guide.problems.counts == [.missingField: 1])
    }

    @Test(arguments: [
        ([], "Drei", "last"), (["de"], "Zwei", "unten"), (["DE", "en"], "Zwei", "unten"),
        (["en", "de"], "One", "unten"),
        (["it", "fr"], "Drei", "last"), (["e"], "Drei", "last"),
    ])
    func `of several languages the first preferred one counts`(languages: [String], title: String, text: String) throws
    {
        let parser = try GuideParser(languages: languages)
        var programmes: [Programme] = []
        func keep(_ record: GuideRecord) { if case .programme(let found) = record { programmes.append(found) } }
        let guide = """
            <tv><programme start="20261122183000" stop="20261122190000" channel="a"><title lang="en_GB">One</title>
            <title lang="de">Zwei</title><title lang="de"> </title><title>Drei</title><desc lang="de-AT">unten</desc>
            <desc>last</desc></programme></tv>
            """
        try parser.parse(Array(guide.utf8), keep)
        try parser.finish(keep)
        #expect(programmes.map(\.title) == [title] && programmes.first?.description == text)
    }

    @Test func `a programme has times, the last texts, and everything else by name`() throws {
        let guide = try read(
            """
            <tv><programme start="20261122183000 +0100" stop="20261122190000 +0100" channel="a">
            <title lang="en">One</title><title lang="fr">Deux &nbsp;<b>trois</b> &amp; &hellip;</title>
            <sub-title>Sub</sub-title><desc><![CDATA[x < y & z]]> more</desc>
            <credits><director>D</director><actor role="R">A &amp; B</actor><actor guest="yes">C</actor></credits>
            <date>2001</date><category>News</category><category>Talk</category><keyword>k</keyword>
            <language>en</language><orig-language>fr</orig-language><length units="minutes">90</length>
            <icon src="http://i/1.jpg"/><country>UK</country>
            <episode-num system="xmltv_ns">2 . 4/13 . 0/1</episode-num><episode-num system="onscreen">S03E05</episode-num>
            <episode-num system="dd_progid">EP1.2</episode-num><episode-num system="imdb.com">title/tt1</episode-num>
            <video><aspect>16:9</aspect><quality>HDTV</quality></video><audio><stereo>stereo</stereo></audio>
            <previously-shown start="19990101" channel="z"/><premiere>First!</premiere><last-chance/><new/>
            <subtitles type="teletext"><language>de</language></subtitles>
            <rating system="VCHIP"><value>TV-PG</value></rating><star-rating system="s"><value>7/10</value></star-rating>
            <review type="text" source="S" reviewer="W">Good</review><image type="poster" size="2">http://i/p.jpg</image>
            </programme></tv>
            """)
        let programme = try #require(guide.programmes.first)
        #expect(programme.start == Date(timeIntervalSince1970: 1_795_368_600))
        #expect(programme.stop.timeIntervalSince(programme.start) == 1800)
        #expect(programme.title == "Deux \u{A0}trois & …" && programme.subTitle == "Sub")
        #expect(programme.description == "x < y & z more")
        let expected: JSONObject = [
            "categories": ["News", "Talk"], "keywords": ["k"], "season": 3, "episode": 5, "onscreen_episode": "S03E05",
            "dd_progid": "EP1.2", "imdb.com_id": "title/tt1", "rating": "TV-PG", "rating_system": "VCHIP",
            "star_ratings": [["value": "7/10", "system": "s"]],
            "credits": ["director": ["D"], "actor": [["name": "A & B", "role": "R"], ["name": "C", "guest": true]]],
            "date": "2001", "country": "UK", "language": "en", "original_language": "fr",
            "length": ["units": "minutes", "value": 90], "icon": "http://i/1.jpg",
            "video": ["aspect": "16:9", "quality": "HDTV"], "audio": ["stereo": "stereo"],
            "subtitles": [["type": "teletext", "language": "de"]],
            "reviews": [["type": "text", "source": "S", "reviewer": "W", "content": "Good"]],
            "images": [["url": "http://i/p.jpg", "type": "poster", "size": "2"]],
            "previously_shown": true, "previously_shown_details": ["start": "19990101", "channel": "z"],
            "premiere": true, "premiere_text": "First!", "new": true, "last_chance": true,
        ]
        #expect(programme.customProperties == expected)
        #expect(guide.problems.total == 0)
    }

    @Test func `a bare programme has no title of its own and no properties`() throws {
        let programme = try #require(read("<tv>\(Self.programme("<title> </title>"))</tv>").programmes.first)
        #expect(programme.title == "No Title" && programme.customProperties == nil && programme.description == nil)
    }

    @Test(arguments: [
        ("S02E05", 2, 5), ("s1 e3 - Pilot", 1, 3), ("Show S10 Ep07", 10, 7),
    ])
    func `seasons and episodes are read from what people see`(text: String, season: Int, episode: Int) throws {
        let onscreen = try read("<tv>\(Self.programme("<episode-num>\(text)</episode-num>"))</tv>").programmes.first
        #expect(onscreen?.customProperties?["season"] == .int(season))
        #expect(onscreen?.customProperties?["episode"] == .int(episode))
    }

    @Test func `season and episode come from the description when nothing else says them`() throws {
        let first = try read("<tv>\(Self.programme("<desc>S2 E11: Things happen.</desc>"))</tv>").programmes.first
        #expect(first?.customProperties == ["season": 2, "episode": 11, "season_episode_source": "description"])
        let second = try read("<tv>\(Self.programme("<desc>Sense and sensibility</desc>"))</tv>").programmes.first
        #expect(second?.customProperties == nil)
    }

    @Test func `programmes of channels that nobody wants are counted and passed over`() throws {
        let text =
            "<tv>" + ["a", "b", "b", "c"].map { Self.programme("<title>\($0)</title>", channel: $0) }.joined() + "</tv>"
        let parser = try GuideParser(wantedChannels: ["a"])
        let guide = try read(Array(text.utf8), by: 10, parser)
        #expect(guide.programmes.map(\.title) == ["a"])
        #expect(parser.skippedProgrammes == 3 && parser.skippedChannels == 2)
    }

    @Test func `missing, unreadable and backward times are counted and dropped`() throws {
        func programme(_ start: String, _ stop: String) -> String {
            "<programme start='\(start)' stop='\(stop)' channel='a'/>"
        }
        let guide = try read(
            "<tv>" + programme("20261122100000", "20261122090000") + programme("00000101000000", "20261122090000")
                + programme("20261122100000", "99991231235959") + programme("20261122100000 +9999", "20261122110000")
                + programme("", "20261122110000") + programme("20261122100000", "20261122100000") + "</tv>")
        #expect(guide.programmes.count == 1)
        #expect(guide.problems.counts == [.endsBeforeStart: 1, .invalidTime: 3, .missingField: 1])
    }

    @Test func `text is cut at the columns' lengths without breaking a character`() throws {
        let long = String(repeating: "é", count: 70_000)
        let guide = try read("<tv>\(Self.programme("<title>\(long)</title><desc>\(long)</desc>"))</tv>")
        #expect(guide.programmes.first?.title == String(repeating: "é", count: 255))
        #expect(guide.programmes.first?.description == String(repeating: "é", count: 32_768))
        #expect((guide.problems.counts[.tooLong] ?? 0) >= 2)
    }

    static func programme(_ inner: String, channel: String = "a") -> String {
        "<programme start='20261122100000' stop='20261122110000' channel='\(channel)'>\(inner)</programme>"
    }
}

@Suite("Guide times") struct GuideTimeTests {
    @Test(arguments: [
        ("20261122183000 +0100", 1_795_368_600), ("20261122183000+0100", 1_795_368_600),
        ("20261122183000 +01:00", 1_795_368_600), ("20261122173000", 1_795_368_600),
        ("20261122173000 UTC", 1_795_368_600), ("20261122173000 Z", 1_795_368_600),
        ("20261122123000 EST", 1_795_368_600), ("202611221730", 1_795_368_600),
        ("20261122230000 +0530", 1_795_368_600), ("20261122143000 -0300", 1_795_368_600),
        ("20261122", 1_795_305_600), ("20240229000000", 1_709_164_800), ("19700101000000", 0),
    ])
    func `every spelling is understood`(text: String, seconds: Int64) {
        #expect(GuideTime.unixSeconds(text) == seconds)
    }

    @Test(arguments: [
        "", "x", "2026", "20261322000000", "20261132000000", "20230229000000", "20261122240000", "20261122106000",
        "00000101000000", "99990101000000", "22000101000000", "20261122100000 +9999", "20261122100000 +1",
        "20261122100000 +1a00", "2026112210000", "19700101000000 +0100",
    ])
    func `what is no time is refused`(text: String) {
        #expect(GuideTime.unixSeconds(text) == nil)
    }

    @Test func `every day of two centuries agrees with the calendar`() throws {
        let source = """
            import datetime
            d = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
            while d.year < 2200:
                print(d.strftime("%Y%m%d%H%M%S"), int(d.timestamp())); d += datetime.timedelta(days=1, seconds=3661)
            """
        let lines = String(decoding: try Python.run(source), as: UTF8.self).split(separator: "\n")
        let wrong = lines.filter { line in
            let parts = line.split(separator: " ").map(String.init)
            return GuideTime.unixSeconds(parts[0]).map(String.init) != parts[1]
        }
        #expect(wrong.isEmpty && lines.count > 80_000)
    }
}

struct ReadGuide: Equatable {
    var channels: [GuideChannel] = []
    var programmes: [Programme] = []
    var problems = ParseProblems()
    var error: GuideParseError?
}

func read(_ text: String) throws -> ReadGuide { try read(Array(text.utf8), by: 4096) }

/// Reads to the end; a `GuideParseError` is part of the answer.
func read(_ bytes: [UInt8], by size: Int, _ parser: GuideParser? = nil) throws -> ReadGuide {
    let parser = try parser ?? GuideParser()
    var guide = ReadGuide()
    func take(_ record: GuideRecord) {
        switch record {
        case .channel(let channel): guide.channels.append(channel)
        case .programme(let programme): guide.programmes.append(programme)
        }
    }
    do {
        for piece in bytes.pieces(of: size) { try parser.parse(Array(piece), take) }
        try parser.finish(take)
    } catch let error as GuideParseError {
        guide.error = error
    }
    guide.problems = parser.problems
    return guide
}
