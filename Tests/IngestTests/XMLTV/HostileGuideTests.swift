import Foundation
import Testing

@testable import Ingest

@Suite("Hostile guides") struct HostileGuideTests {
    private let good = GuideParserTests.programme("<title>Good</title>")

    @Test func `billion laughs are refused at once`() throws {
        let definitions = (1...9).map { level in
            "<!ENTITY l\(level) \"\(String(repeating: "&l\(level - 1);", count: 10))\">"
        }
        let text =
            "<!DOCTYPE tv [<!ENTITY l0 \"lol\">\(definitions.joined())]><tv>"
            + GuideParserTests.programme("<title>&l9;!</title><desc x='&l9;'>d</desc>") + "</tv>"
        let clock = ContinuousClock()
        var guide = ReadGuide()
        let time = try clock.measure { guide = try read(text) }
        #expect(guide.error == nil && guide.programmes.first?.title == "!")
        #expect(guide.problems.counts[.entityDefinition] == 10 && guide.problems.counts[.unknownEntity] ?? 0 > 0)
        #expect(time < .seconds(5))
    }

    @Test func `external entities and document types are never opened`() throws {
        let folder = try TemporaryFolder()
        let secret = try folder.write(Array("secret".utf8), to: "secret")
        let dtd = try folder.write(Array("<!ENTITY d 'from dtd'>".utf8), to: "x.dtd")
        let text = """
            <!DOCTYPE tv SYSTEM "file://\(dtd)" [<!ENTITY e SYSTEM "file://\(secret)"><!ENTITY % p SYSTEM "file://\(dtd)"> %p;]>
            <tv>\(GuideParserTests.programme("<title>a&e;&d;b</title>"))</tv>
            """
        let guide = try read(text)
        #expect(guide.programmes.first?.title == "ab" && guide.error == nil)
    }

    @Test func `a document's own definition of an HTML entity is not used`() throws {
        let guide = try read(
            "<!DOCTYPE tv [<!ENTITY nbsp 'evil'>]><tv>\(GuideParserTests.programme("<title>a&nbsp;b</title>"))</tv>")
        #expect(guide.programmes.first?.title == "a\u{A0}b")
    }

    @Test func `all of HTML's entities are known`() throws {
        let source = "import html.entities\nfor n, c in html.entities.name2codepoint.items(): print(n, c)"
        for line in String(decoding: try Python.run(source), as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ")
            let character = try #require(UInt32(parts[1]).flatMap(Unicode.Scalar.init))
            let guide = try read(
                "<tv><channel id='i'><display-name>x&\(parts[0]);y</display-name><icon src='&\(parts[0]);'/></channel></tv>"
            )
            #expect(guide.channels.first?.name == "x\(Character(character))y", "\(parts[0])")
            #expect(guide.channels.first?.icon == String(Character(character)).trimmed.nonEmpty, "\(parts[0])")
        }
    }

    @Test func `a million nested elements are refused`() throws {
        let guide = try read(
            Array("<tv><programme>".utf8) + [UInt8](String(repeating: "<a>", count: 1_000_000).utf8), by: 65_536)
        #expect(guide.error?.code == .tooDeep)
    }

    @Test func `a million attributes are refused`() throws {
        let attributes = (0..<1_000_000).map { "a\($0)='' " }.joined()
        let guide = try read(Array("<tv><programme \(attributes)/></tv>".utf8), by: 65_536)
        #expect(guide.error?.code == .tokenTooLarge)
    }

    @Test func `a few attributes too many are dropped`() throws {
        let attributes = (0..<100).map { "a\($0)=''" }.joined(separator: " ")
        let guide = try read("<tv><channel id='a' \(attributes)/></tv>")
        #expect(guide.channels.count == 1 && guide.problems.counts == [.tooManyAttributes: 1])
    }

    @Test func `default attributes from a document type do not multiply`() throws {
        let declared = (0..<3_000).map { "a\($0) CDATA 'x'" }.joined(separator: " ")
        let text =
            "<!DOCTYPE tv [<!ATTLIST channel \(declared)>]><tv>"
            + (0..<5_000).map { "<channel id='\($0)'/>" }.joined() + "</tv>"
        let clock = ContinuousClock()
        var guide = ReadGuide()
        let time = try clock.measure { guide = try read(text) }
        #expect(guide.channels.count == 5_000 && time < .seconds(30))
    }

    @Test(arguments: ["<!--", "<?pi ", "<tv><programme a='", "<!DOCTYPE tv [", "<tv><channel id='a'><![CDATA["])
    func `what never ends is refused without being kept`(start: String) throws {
        let guide = try read(Array(start.utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20), by: 65_536)
        #expect(
            guide.error?.code == .tokenTooLarge || guide.error?.code == .truncated, "\(String(describing: guide.error))"
        )
    }

    @Test func `a record with too many elements is refused`() throws {
        let guide = try read("<tv>\(GuideParserTests.programme(String(repeating: "<a/>", count: 3_000)))</tv>")
        #expect(guide.error?.code == .recordTooLarge)
    }

    @Test(arguments: [
        String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .isoLatin1, .utf8,
    ])
    func `other encodings are read when declared or marked`(encoding: String.Encoding) throws {
        let name = [.isoLatin1: "ISO-8859-1", .utf8: "utf-8"][encoding] ?? "UTF-16"
        let text = "<?xml version='1.0' encoding='\(name)'?><tv><channel id='Größe'/>\(good)</tv>"
        let guide = try read([UInt8](try #require(text.data(using: encoding))), by: 7)
        #expect(guide.channels.first?.id == "Größe" && guide.programmes.count == 1, "\(guide.problems.samples)")
    }

    @Test func `Latin-1 that claims to be UTF-8 spoils nothing around it`() throws {
        let text =
            Array("<?xml version='1.0' encoding='UTF-8'?><tv><channel id='1'><display-name>Gr".utf8) + [0xF6, 0xDF]
            + Array(
                "e</display-name></channel><channel id='2'><display-name>東京</display-name></channel>\(good)</tv>".utf8)
        for size in [1, 3, 1000] {
            let guide = try read(text, by: size)
            #expect(guide.channels.map(\.name) == ["Größe", "東京"] && guide.programmes.count == 1)
            #expect(guide.problems.counts == [.invalidText: 1])
        }
    }

    @Test(arguments: [
        // broken XML, the titles that survive
        ("<tv>@@ ]]> @@</tv>", ["Good", "Good"]),
        ("<tv>@@<programme start='x' &>@@</tv>", ["Good"]),
        ("<tv>@<title>Tom & Jerry &amp; co &unknown;</title>@</tv>", ["Good", "Good"]),
        ("\u{FEFF}\n<tv>@</tv>", ["Good"]),
        ("\n\n  <?xml version='1.0'?><tv>@</tv>", ["Good"]),
        ("<tv>\u{0}@\u{1}\u{FFFE}</tv>", ["Good"]),
        ("<tv>@</tv> trailing <b>", ["Good"]),
    ])
    func `small faults cost no record around them`(text: String, titles: [String]) throws {
        let guide = try read(text.replacingOccurrences(of: "@", with: good))
        #expect(guide.programmes.prefix(titles.count).map(\.title) == titles, "\(guide)")
    }

    @Test func `ampersands after a fault are kept`() throws {
        let text =
            "<tv>\(GuideParserTests.programme("<title>A & B &amp; C &lt; D</title>"))"
            + GuideParserTests.programme("<title>E &amp; F</title>") + "</tv>"
        let guide = try read(text)
        #expect(
            guide.programmes.map(\.title).last == "E & F" && guide.programmes.first?.title.contains("& C < D") == true)
        #expect((guide.problems.counts[.malformedXML] ?? 0) > 0)
    }

    @Test func `a guide cut anywhere gives its complete records and says that it is cut`() throws {
        let text = Array("<tv><channel id='a'/>\(good)\(good)</tv>".utf8)
        // Four bytes from the end the last tag has begun, and everything is there.
        for length in 0...(text.count - 5) {
            let guide = try read(Array(text.prefix(length)), by: 50)
            #expect(guide.error != nil, "\(length)")
            #expect(guide.programmes.allSatisfy { $0.title == "Good" })
        }
        #expect(try read(text, by: 50).error == nil)
    }

    @Test(arguments: ["<html><body>Log in</body></html>", "", "not xml at all", "{\"error\": 1}"])
    func `what is no guide is said so`(text: String) throws {
        #expect(try read(text).error != nil)
    }
}

@Suite("UTF-8 repair") struct UTF8RepairTests {
    @Test func `valid text passes unchanged at every cut`() {
        let text = Array("a\t\n\ré東🎬 \u{7F}\u{80}\u{7FF}\u{800}\u{FFFD}\u{10FFFF} and some plain text after it".utf8)
        for size in 1...text.count {
            #expect(repaired(text, by: size) == text)
        }
    }

    @Test(
        arguments: [
            ([0x41, 0xFF, 0x42], "A\u{FF}B"), ([0xC3], "Ã"), ([0xE6, 0x9D], "æ\u{FFFD}"), ([0xC0, 0x80], "À\u{FFFD}"),
            ([0xED, 0xA0, 0x80], "í\u{A0}\u{FFFD}"), ([0xEF, 0xBF, 0xBF], "ï¿¿"), ([0x00, 0x1F], "  "),
            ([0xF5, 0x41], "õA"), ([0xF4, 0x90, 0x80, 0x80], "ô\u{FFFD}\u{FFFD}\u{FFFD}"),
        ] as [([UInt8], String)])
    func `broken text becomes valid text`(bytes: [UInt8], text: String) {
        #expect(String(decoding: repaired(bytes, by: 1), as: UTF8.self) == text)
        #expect(String(decoding: repaired(bytes, by: 10), as: UTF8.self) == text)
    }

    @Test func `any bytes at all become valid text`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(String(validating: repaired(bytes, by: 16), as: UTF8.self) != nil, "\(bytes)")
        }
    }

    private func repaired(_ bytes: [UInt8], by size: Int) -> [UInt8] {
        var repair = UTF8Repair()
        var result: [UInt8] = []
        for piece in bytes.pieces(of: size) {
            Array(piece).withUnsafeBytes { repair.repair($0) { result.append(contentsOf: $0) } }
        }
        repair.finish { result.append(contentsOf: $0) }
        return result
    }
}
