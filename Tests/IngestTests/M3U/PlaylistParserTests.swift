import CeleryProtocol
import Testing

@testable import Ingest

@Suite("Playlist parser") struct PlaylistParserTests {
    @Test func `an entry has its attributes, name, group and URL`() {
        let (entries, problems) = parse(
            """
            #EXTM3U url-tvg="http://g/"
            #EXTINF:-1 xui-id="7" TVG-ID="a.us" tvg-logo='http://l/1.png' tvg-chno="12.5" group-title="US | News",US: A, B HD
            http://host/live/1.ts
            """)
        let entry = entries.first
        #expect(entries.count == 1 && problems.total == 0)
        #expect(entry?.name == "US: A, B HD" && entry?.url == "http://host/live/1.ts" && entry?.group == "US | News")
        #expect(entry?.tvgID == "a.us" && entry?.logo == "http://l/1.png" && entry?.channelNumber == 12.5)
        #expect(entry?.attributes.keys == ["xui-id", "tvg-id", "tvg-logo", "tvg-chno", "group-title"])
        #expect(entry?.line == 2)
    }

    @Test(arguments: [
        // content after #EXTINF:, name
        ("-1,Plain", "Plain"),
        ("-1,Plain, with comma", "Plain, with comma"),
        (#"-1 tvg-name="T","#, "T"),
        (#"-1 tvc-guide-title="G" tvg-name="T","#, "G"),
        ("-1", "-1"),
        (#"-1 tvg-name="FR:, "Silver HD" group-title="F",FR: Silver HD"#, "FR: Silver HD"),
        (#"-1 tvg-name="FR: \'Silver" group-title="F",FR: Silver"#, "FR: Silver"),
        (#"-1 group-title="F" Name without comma"#, "Name without comma"),
        (#"-1 a = "1" b= '2',Blanks"#, "Blanks"),
        (#"-1 a="1"b="2",Glued"#, "Glued"),
        (#"-1 radio=true group-title="F",Unquoted"#, "Unquoted"),
        ("-1 a=\"1\",\u{A0}Wide blanks\u{3000}", "Wide blanks"),
    ])
    func `the display name follows the last attribute`(content: String, name: String) {
        #expect(parse("#EXTINF:\(content)\nhttp://u/").entries.first?.name == name)
    }

    @Test func `of equal keys the last one wins, whatever their case`() {
        let entry = parse("#EXTINF:-1 Group-Title=\"A\" group-title=\"B\",N\nhttp://u/").entries.first
        #expect(entry?.group == "B" && entry?.attributes.count == 1)
    }

    @Test func `groups come from the attribute, then EXTGRP, then the default`() {
        let (entries, _) = parse(
            """
            #EXTINF:-1 group-title="A",1
            #EXTGRP:X
            http://u/1
            #EXTINF:-1,2
            #EXTGRP: X
            http://u/2
            #EXTINF:-1 group-title="",3
            http://u/3
            #EXTGRP:lost
            #EXTINF:-1,4
            http://u/4
            """)
        #expect(entries.map(\.group) == ["A", "X", "Default Group", "Default Group"])
        #expect(entries[1].attributes["group-title"] == "X")
    }

    @Test func `player options are kept in order and other tags are ignored`() {
        let (entries, problems) = parse(
            "#EXTINF:-1,N\n#EXTVLCOPT:http-user-agent=A\n#KODIPROP:x=y\n# note\n#EXTVLCOPT:b\nhttp://u/")
        #expect(entries.first?.vlcOptions == ["http-user-agent=A", "b"])
        #expect(entries.first?.customProperties["vlc_opts"] == ["http-user-agent=A", "b"])
        #expect(problems.total == 0)
    }

    @Test(arguments: [
        ("http://a/", true), ("https://a/", true), ("rtsp://a/", true), ("rtp://a/", true), ("udp://a/", true),
        ("HTTP://a/", false), ("rtmp://a/", false), ("mms://a/", false), ("file:///etc/passwd", false),
        ("javascript:alert(1)", false), ("stream.ts", false), ("httpx://a/", false),
    ])
    func `only known schemes are URLs`(url: String, isTaken: Bool) {
        let (entries, problems) = parse("#EXTINF:-1,N\n\(url)")
        #expect(entries.map(\.url) == (isTaken ? [url] : []))
        #expect(problems.counts == (isTaken ? [:] : [.refusedURL: 1, .entryWithoutURL: 1]))
    }

    @Test func `a multicast address loses its at sign`() {
        #expect(parse("#EXTINF:-1,N\nudp://@239.0.0.1:1234").entries.first?.url == "udp://239.0.0.1:1234")
    }

    @Test func `entries and URLs without each other are dropped and counted with their lines`() {
        let (entries, problems) = parse("http://lonely/\n#EXTINF:-1,a\n#EXTINF:-1,b\nhttp://u/\n#EXTINF:-1,c")
        #expect(entries.map(\.name) == ["b"])
        #expect(problems.counts == [.urlWithoutEntry: 1, .entryWithoutURL: 2])
        #expect(problems.samples.map(\.line) == [1, 2, 5])
    }

    @Test(arguments: ["1", " 1 "]) func `adult and catch-up flags are exactly one`(value: String) {
        let yes = parse("#EXTINF:-1 is_adult=\"\(value)\" tv_archive=\"1\" tv_archive_duration=\"7\",N\nhttp://u/")
        #expect(yes.entries.first.map { $0.isAdult && $0.isCatchup && $0.catchupDays == 7 } == true)
        let no = parse("#EXTINF:-1 is_adult=\"true\" tv_archive=\"0\" tvg-chno=\"0x10\",N\nhttp://u/")
        #expect(no.entries.first.map { !$0.isAdult && !$0.isCatchup && $0.channelNumber == nil } == true)
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func `every line end and every cut gives the same entries`(end: String) {
        let text = "\u{FEFF}#EXTM3U\n#EXTINF:-1 a=\"é\",Žlutý\nhttp://u/1\n\n#EXTINF:-1,東京\nhttp://u/2"
        let bytes = Array(text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: end).utf8)
        let whole = parse(bytes, by: bytes.count)
        #expect(whole.entries.map(\.name) == ["Žlutý", "東京"])
        #expect(whole.entries.map(\.line) == [2, 5])
        for size in 1..<bytes.count {
            let cut = parse(bytes, by: size)
            #expect(cut.entries == whole.entries && cut.problems == whole.problems, "pieces of \(size)")
        }
    }

    @Test func `an endless line costs no memory and loses only its entry`() {
        var parser = PlaylistParser()
        var names: [String] = []
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        func feed(_ bytes: [UInt8]) { parser.parse(bytes) { names.append($0.name) } }
        feed(Array("#EXTINF:-1,first\nhttp://u/1\n#EXTINF:-1 a=\"".utf8))
        for _ in 0..<100 { feed(block) }
        feed(Array("\",long\nhttp://u/2\n#EXTINF:-1,third\nhttp://u/3\n".utf8))
        parser.finish { names.append($0.name) }
        #expect(names == ["first", "third"])
        #expect(parser.problems.counts == [.tooLong: 1, .urlWithoutEntry: 1])
    }

    @Test func `a thousand attributes are cut at the limit`() {
        let many = (0..<1000).map { "k\($0)=\"\($0)\"" }.joined(separator: " ")
        let (entries, problems) = parse("#EXTINF:-1 \(many),N\nhttp://u/")
        #expect(entries.first?.attributes.count == 256 && entries.first?.name == "N")
        #expect(problems.counts == [.tooManyAttributes: 744])
    }

    @Test func `unclosed quotes cost linear time`() {
        let line = String(repeating: "a=\" b=' ", count: 2) + String(repeating: "x=\"", count: 1)
        let (entries, problems) = parse("#EXTINF:-1 \(line)\nhttp://u/")
        #expect(entries.count == 1 && problems.counts[.unclosedQuote] == 1)
        var worst = AttributeScannerProbe()
        #expect(worst.attributes(in: String(repeating: "k=", count: 30_000)) == 0)
    }

    @Test func `NULs and broken bytes become replacement characters`() {
        let bytes = Array("#EXTINF:-1,A".utf8) + [0, 0xFF] + Array("B\nhttp://u/\n".utf8)
        let (entries, problems) = parse(bytes, by: 5)
        #expect(entries.first?.name == "A\u{FFFD}\u{FFFD}B")
        #expect(problems.counts[.invalidText] == 1)
    }

    @Test func `entries beyond the limit are dropped and counted`() {
        var limits = PlaylistParser.Limits()
        limits.entries = 2
        var parser = PlaylistParser(limits: limits)
        var count = 0
        parser.parse(Array(String(repeating: "#EXTINF:-1,N\nhttp://u/\n", count: 5).utf8)) { _ in count += 1 }
        #expect(count == 2 && parser.problems.counts == [.tooManyRecords: 3])
    }
}

private struct AttributeScannerProbe {
    mutating func attributes(in text: String) -> Int {
        Array(text.utf8).withUnsafeBytes { bytes in
            var scanner = AttributeScanner(bytes)
            var count = 0
            while scanner.next() != nil { count += 1 }
            return count
        }
    }
}

func parse(_ text: String) -> (entries: [PlaylistEntry], problems: ParseProblems) {
    parse(Array(text.utf8), by: max(1, text.utf8.count))
}

func parse(_ bytes: [UInt8], by size: Int) -> (entries: [PlaylistEntry], problems: ParseProblems) {
    var parser = PlaylistParser()
    var entries: [PlaylistEntry] = []
    for piece in bytes.pieces(of: size) { parser.parse(Array(piece)) { entries.append($0) } }
    parser.finish { entries.append($0) }
    return (entries, parser.problems)
}
