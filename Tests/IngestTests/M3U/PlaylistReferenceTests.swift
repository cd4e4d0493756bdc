import CeleryProtocol
import Testing

@testable import Ingest

/// Generated playlists, against an independent reading of them by Python's `re`.
@Suite("Playlists against Python", .enabled(if: Fixtures.isAvailable)) struct PlaylistReferenceTests {
    /// One JSON array a line: name, url, group, attributes, vlc options, hash by url, hash by all keys.
    static let reference = #"""
        import hashlib, json, re, sys
        PAIR = re.compile(r'([^\s=]+)\s*=\s*(["\'])(.*?)\2')
        def sha(o): return hashlib.sha256(json.dumps(o, sort_keys=True).encode()).hexdigest()
        head = None
        text = sys.stdin.buffer.read().decode("utf-8-sig")
        for line in re.split("\r\n|\r|\n", text):
            line = line.strip()
            if line.startswith("#EXTINF:"):
                raw = line[8:].strip()
                pairs = list(PAIR.finditer(raw))
                attributes = {m[1].lower(): m[3] for m in pairs}
                if pairs:
                    name = raw[pairs[-1].end():].strip()
                    if name.startswith(","): name = name[1:].strip()
                else:
                    name = raw.split(",", 1)[1].strip() if "," in raw else ""
                name = name or attributes.get("tvc-guide-title") or attributes.get("tvg-name") or raw
                head = [name, attributes, []]
            elif line.startswith("#EXTGRP:") and head:
                if not head[1].get("group-title"): head[1]["group-title"] = line[8:].strip()
            elif line.startswith("#EXTVLCOPT:") and head:
                head[2].append(line[11:].strip())
            elif head and re.match("https?://|rtsps?://|rtp://|udp://", line):
                name, a, options = head
                head, group = None, a.get("group-title") or "Default Group"
                every = {"name": name, "url": line, "tvg_id": a.get("tvg-id"), "m3u_id": 7, "group": group}
                print(json.dumps([name, line, group, a, options, sha({"url": line}), sha(every)]))
        """#

    @Test(arguments: [(20_000, 0.0), (3_000, 0.3)])
    func `twenty thousand entries are read as Python reads them`(count: Int, change: Double) throws {
        let file = try Fixtures.playlist(entries: count, change: change)
        let lines = String(decoding: try Python.run(Self.reference, input: file), as: UTF8.self).split(separator: "\n")
        let (entries, problems) = parse(file, by: 65_536)
        #expect(entries.count == count && lines.count == count)
        #expect(problems.total == 0, "\(problems.samples)")
        let byURL = StreamIdentity(setting: "url")
        let byAll = StreamIdentity(setting: "name,url,tvg_id,m3u_id,group")
        for (entry, line) in zip(entries, lines) {
            let ours: JSONValue = [
                .string(entry.name), .string(entry.url), .string(entry.group), .object(entry.attributes),
                .array(entry.vlcOptions.map(JSONValue.string)), .string(byURL.hash(of: entry, account: 7)),
                .string(byAll.hash(of: entry, account: 7)),
            ]
            let theirs = try JSONValue(parsing: String(line))
            guard ours != theirs else { continue }
            Issue.record("line \(entry.line): ours \(ours.text), Python's \(line)")
            return
        }
    }

    @Test(arguments: [1, 7, 1000, 4096]) func `the size of the chunks does not matter`(size: Int) throws {
        let file = try Fixtures.playlist(entries: 600)
        #expect(parse(file, by: size).entries == parse(file, by: file.count).entries)
    }
}

@Suite("Stream identity") struct StreamIdentityTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `SHA-256 agrees with the standard's examples`(text: String, digest: String) {
        #expect(SHA256.hexadecimal(Array(text.utf8)) == digest)
    }

    @Test func `SHA-256 agrees with Python at every length around a block`() throws {
        let source = "import hashlib\nfor n in range(200): print(hashlib.sha256(bytes(range(n))).hexdigest())"
        let expected = String(decoding: try Python.run(source), as: UTF8.self).split(separator: "\n").map(String.init)
        #expect((0..<200).map { SHA256.hexadecimal((0..<$0).map(UInt8.init)) } == expected)
    }

    @Test func `the hashed text is what Python's json writes`() throws {
        let name = "A\"\\/\u{8}\u{C}\n\r\t\u{1}\u{7F}é東🎬"
        var entry = try #require(parse("#EXTINF:-1,N\nhttp://u/").entries.first)
        entry.name = name
        let text = String(
            decoding: StreamIdentity(setting: "tvg_id, name,m3u_id").text(of: entry, account: 7), as: UTF8.self)
        #expect(
            text == #"{"m3u_id": 7, "name": "A\"\\/\b\f\n\r\t\u0001\u007f"#
                + #"\u00e9\u6771\ud83c\udfac", "tvg_id": null}"#)
    }

    @Test func `Python itself writes every character below 0x300 the same`() throws {
        let source = """
            import json
            name = "".join(map(chr, range(1, 0x300)))
            print(json.dumps({"name": name, "m3u_id": 7}, sort_keys=True), end="")
            """
        var entry = try #require(parse("#EXTINF:-1,N\nhttp://u/").entries.first)
        entry.name = String(String.UnicodeScalarView((1..<0x300).compactMap(UnicodeScalar.init)))
        let text = StreamIdentity(setting: "name,m3u_id").text(of: entry, account: 7)
        #expect(String(decoding: text, as: UTF8.self) == String(decoding: try Python.run(source), as: UTF8.self))
    }

    @Test(arguments: [("url,name,url", "name,url"), ("", "url"), ("nonsense", "url")])
    func `unknown and repeated keys are ignored`(setting: String, expected: String) {
        #expect(StreamIdentity(setting: setting).keys.map(\.rawValue).joined(separator: ",") == expected)
    }
}
