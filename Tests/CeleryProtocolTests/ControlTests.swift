import CeleryProtocol
import Foundation
import Testing

@Suite("Remote control") struct ControlTests {
    @Test func `every recorded request is read and written back without losing a field`() throws {
        for row in try Fixtures.rows("pidbox") {
            guard let raw = row["request"]?["raw"]?.string else { continue }
            let name = Comment(rawValue: row.text("case"))
            let original = try JSONValue(parsing: raw)
            let request = try ControlRequest(decoding: raw.bytes)
            let again = try Envelope(decoding: request.encoded())
            #expect(try again.payload() == JSONValue(parsing: row["request"]?.text("body") ?? ""), name)
            #expect(again.headers["clock"] == original["headers"]?["clock"], name)
            #expect(again.headers["expires"]?.double == original["headers"]?["expires"]?.double, name)
            #expect(again.properties.fields.keys == original["properties"]?.object?.keys, name)
            #expect(again.properties.fields["delivery_mode"] == original["properties"]?["delivery_mode"], name)
            #expect(request.isAddressed(to: "w1@worker-host"), name)
        }
    }

    @Test func `every recorded reply is read and written back without losing a field`() throws {
        for row in try Fixtures.rows("pidbox") {
            guard let raw = row["reply"]?["raw"]?.string, let question = row["request"]?["raw"]?.string else {
                continue
            }
            let original = try JSONValue(parsing: raw)
            let address = try #require(ControlRequest(decoding: question.bytes).reply)
            let reply = try ControlReply(decoding: raw.bytes)
            let again = try Envelope(decoding: reply.encoded(to: address))
            #expect(try again.payload() == JSONValue(parsing: row["reply"]?.text("body") ?? ""))
            #expect(JSONValue.object(again.headers) == original["headers"])
            #expect(again.properties.fields["delivery_info"] == original["properties"]?["delivery_info"])
            #expect(reply.ticket == address.ticket)
            #expect(address.queue.rawValue == row["reply"]?.text("key"))
        }
    }

    @Test(arguments: [
        (ControlTarget.all, true), (.nodes(["w1@host"]), true), (.nodes(["w2@host"]), false),
        (.glob("w*"), true), (.glob("w?@host"), true), (.glob("W*"), false), (.glob("w[0-9]@*"), true),
        (.glob("w[!0-9]@*"), false), (.glob("[]w]*"), true), (.glob("w1"), false), (.glob("*@*t"), true),
        (.glob("w[1"), false), (.glob(""), false), (.pcre(#"^w\d@"#), true), (.pcre("w1"), true),
        (.pcre("host"), false), (.pcre("("), false), (.pcre(String(repeating: "w?", count: 200)), false),
    ])
    func `a request reaches whom it names`(target: ControlTarget, reaches: Bool) {
        #expect(target.includes("w1@host") == reaches)
    }

    @Test func `a glob full of stars does not take for ever`() {
        let pattern = String(repeating: "*a", count: 100)
        let started = ContinuousClock.now
        #expect(!ControlTarget.glob(pattern).includes(String(repeating: "a", count: 5000) + "b"))
        #expect(ContinuousClock.now - started < .seconds(5))
    }

    @Test(arguments: [
        (#"w\d+@host$"#, true), (#"(w|x)[0-9]{1,2}@"#, true), (#"(?:w2)?@"#, false), (#"w{0}w1"#, true),
        (#".*@(?P<host>ho[^x]t)"#, true), (#"[\w.-]+@host"#, true), (#"[^w]"#, false), (#"w1@host."#, false),
        (#"\W"#, false), (#"w1\@"#, true), (#"()|x"#, true), (#"(a*)*w"#, true), (#"w{2,}"#, false), (#"w{,2}1"#, true),
        (#"a{2"#, false), (#"^^w1@host$$"#, true), (#"w1@host\."#, false), (#"w*?1"#, true), (#"[]w]1"#, true),
        // Not read, and so nobody's: references, look-around, flags, stray signs, ranges the wrong way round.
        (#"(w)\1?"#, false), (#"(?=w)w"#, false), (#"(?i)W"#, false), (#"*w"#, false), (#"w)"#, false), (#"(w"#, false),
        (#"[w"#, false), (#"[z-a]"#, false), (#"w\"#, false), (#"w{3,1}"#, false), (#"w++"#, false), (#"w**"#, false),
    ])
    func `an expression is matched from the start, as in Python`(pattern: String, reaches: Bool) {
        #expect(ControlTarget.pcre(pattern).includes("w1@host") == reaches)
    }

    @Test(arguments: [
        "(a+)+$", "(a|aa)+$", "(.*a){20}$", "(a*)*b", "((a{50}){50}){50}", "((){4000}){4000}", "(x+x+)+y",
        String(repeating: "(", count: 128) + String(repeating: ")", count: 128), "(a?){50}a{50}$",
        "a{99999999999999999999}",
    ])
    func `no expression takes for ever`(pattern: String) {
        let started = ContinuousClock.now
        _ = ControlTarget.pcre(pattern).includes(String(repeating: "a", count: 2000) + "!")
        #expect(ContinuousClock.now - started < .seconds(10))
    }

    @Test func `an empty destination, half a pattern and newer members mean everybody`() throws {
        for body in [
            #"{"method":"ping"}"#, #"{"method":"ping","arguments":null,"destination":[]}"#,
            #"{"method":"ping","pattern":"x*"}"#, #"{"method":"ping","matcher":"glob","new":1}"#,
        ] {
            let request = try ControlRequest(decoding: Self.envelope(body))
            #expect(request.target == .all && request.reply == nil && request.expires == nil)
        }
    }

    @Test(arguments: [
        ("[]", "body"), ("{}", "body.method"), (#"{"method":1}"#, "body.method"),
        (#"{"method":"x","arguments":[]}"#, "body.arguments"), (#"{"method":"x","destination":1}"#, "body.destination"),
        (#"{"method":"x","pattern":"a","matcher":"sql"}"#, "body.matcher"),
        (#"{"method":"x","reply_to":{}}"#, "body.reply_to.routing_key"),
    ])
    func `a request that means nothing is refused at its place`(body: String, path: String) {
        let error = #expect(throws: WireError.self) { try ControlRequest(decoding: Self.envelope(body)) }
        #expect(error?.path == path)
    }

    @Test func `answers look like Python's`() {
        #expect(ControlReply.ok("pong") == ["ok": "pong"])
        #expect(ControlReply.unknownMethod("nosuch") == ["error": "KeyError('nosuch')"])
    }

    static func envelope(_ body: String) -> [UInt8] {
        let fields: JSONValue = [
            "body": .string(body), "content-type": "application/json", "headers": [:], "properties": [:],
        ]
        return fields.encoded()
    }
}
