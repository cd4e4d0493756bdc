import CeleryProtocol
import Foundation
import Testing

@testable import Ingest

/// Generated guides, against an independent reading of them by Python's ElementTree.
@Suite("Guides against Python", .enabled(if: Fixtures.isAvailable)) struct GuideReferenceTests {
    /// One JSON array a line: a channel's id, name, icon; or a programme's fields.
    static let reference = #"""
        import datetime, json, re, sys
        import xml.etree.ElementTree as ET
        def when(s):
            return int(datetime.datetime.strptime(s, "%Y%m%d%H%M%S %z").timestamp())
        def texts(e, tag): return [t.strip() for t in (c.text or "" for c in e.findall(tag)) if t.strip()]
        def last(e, tag): return (texts(e, tag) or [None])[-1]
        def properties(e, desc):
            p = {}
            if texts(e, "category"): p["categories"] = texts(e, "category")
            for n in e.findall("episode-num"):
                if n.get("system") == "xmltv_ns":
                    s, ep, _ = n.text.split(".")
                    p["season"], p["episode"] = int(s) + 1, int(ep) + 1
                else: p["onscreen_episode"] = n.text
            if e.find("rating") is not None:
                p["rating"], p["rating_system"] = e.find("rating/value").text, e.find("rating").get("system")
            stars = [{"value": s.find("value").text} for s in e.findall("star-rating")]
            if stars: p["star_ratings"] = stars
            credits = {}
            for c in e.findall("credits/*"):
                entry = {"name": c.text, "role": c.get("role")} if c.tag == "actor" else c.text
                credits.setdefault(c.tag, []).append(entry)
            if credits: p["credits"] = credits
            if e.find("date") is not None: p["date"] = e.find("date").text
            if e.find("video") is not None: p["video"] = {"quality": e.find("video/quality").text}
            if e.find("audio") is not None: p["audio"] = {"stereo": e.find("audio/stereo").text}
            if e.find("subtitles") is not None: p["subtitles"] = [{"type": e.find("subtitles").get("type")}]
            if e.find("icon") is not None: p["icon"] = e.find("icon").get("src")
            for tag, key in (("previously-shown", "previously_shown"), ("premiere", "premiere"), ("new", "new"), ("live", "live")):
                if e.find(tag) is not None: p[key] = True
            return p or None
        for _, e in ET.iterparse(sys.stdin.buffer):
            if e.tag == "channel":
                print(json.dumps([e.get("id"), texts(e, "display-name")[0], e.find("icon").get("src")]))
            elif e.tag == "programme":
                desc = last(e, "desc")
                print(json.dumps([e.get("channel"), when(e.get("start")), when(e.get("stop")), (last(e, "title") or "No Title")[:255],
                    last(e, "sub-title"), desc, properties(e, desc)]))
                e.clear()
        """#

    @Test func `a hundred channels and ten thousand programmes are read as Python reads them`() throws {
        let file = try Fixtures.guide(channels: 100, programmes: 10_000)
        let lines = String(decoding: try Python.run(Self.reference, input: file), as: UTF8.self).split(separator: "\n")
        let guide = try read(file, by: 65_536)
        #expect(guide.channels.count == 100 && guide.programmes.count == 10_000 && lines.count == 10_100)
        #expect(guide.error == nil && guide.problems.total == 0, "\(guide.problems.samples)")
        let channels = guide.channels.map { [.string($0.id), .string($0.name), JSONValue($0.icon)] as JSONValue }
        let programmes = guide.programmes.map { programme in
            [
                .string(programme.channel), .int(Int(programme.start.timeIntervalSince1970)),
                .int(Int(programme.stop.timeIntervalSince1970)), .string(programme.title),
                JSONValue(programme.subTitle), JSONValue(programme.description),
                programme.customProperties.map(JSONValue.object) ?? .null,
            ] as JSONValue
        }
        for (ours, line) in zip(channels + programmes, lines) {
            let theirs = try JSONValue(parsing: String(line))
            guard ours != theirs else { continue }
            Issue.record("ours \(ours.text), Python's \(line)")
            return
        }
    }

    @Test(arguments: [1, 13, 4096]) func `the size of the chunks does not matter`(size: Int) throws {
        let file = try Fixtures.guide(channels: 12, programmes: 150)
        #expect(try read(file, by: size) == read(file, by: file.count))
    }
}
