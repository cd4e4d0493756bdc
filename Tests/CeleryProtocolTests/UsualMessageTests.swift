import Foundation
import Testing

@testable import CeleryProtocol

@Suite("Messages as they usually are") struct UsualMessageTests {
    /// As a Python producer writes them, and as this library does.
    private static let written: [[UInt8]] = {
        var ours = TaskMessage(
            task: "shop.charge", id: TaskID(rawValue: "8a5e"), args: [1, "zwölf"], kwargs: ["a": [nil, 2.50]],
            queue: "celery")
        ours.headers.argsRepr = "(1, 'twelve')"
        ours.headers.retries = 3
        ours.headers.timeLimit = TimeLimits(hard: 20, soft: nil)
        ours.headers.eta = Date(timeIntervalSince1970: 1_700_000_000)
        let tight = ours.encoded()
        // Between the tokens, as `json.dumps` does; none of the texts above holds such a sequence.
        let wide = String(decoding: tight, as: UTF8.self)
            .replacing("\":", with: "\": ").replacing(",\"", with: ", \"").replacing("[20,null]", with: "[20, null]")
        return [tight, Array(wide.utf8)]
    }()

    @Test func `are read the short way, and hold what the long way finds`() throws {
        for bytes in Self.written {
            let isShort = UsualMessage(bytes, limits: .standard) != nil
            #expect(isShort)
            try expectSame(bytes)
        }
    }

    @Test func `every recorded message says the same on both ways`() throws {
        var short = 0
        for file in ["task_messages", "canvas_messages"] {
            for row in try Fixtures.rows(file) {
                let bytes = Array(row.text("raw").utf8)
                guard UsualMessage(bytes, limits: .standard) != nil else { continue }
                short += 1
                try expectSame(bytes)
            }
        }
        #expect(short >= 5)
    }

    /// What is broken must be refused as ever, so the short way may take nothing that the long way refuses.
    @Test(arguments: [false, true]) func `with any byte changed or cut off nothing is read that the long way refuses`(
        hasBlanks: Bool
    ) throws {
        let bytes = Self.written[hasBlanks ? 1 : 0]
        for index in bytes.indices {
            for byte in [UInt8(ascii: "\""), UInt8(ascii: "0"), UInt8(ascii: " "), UInt8(ascii: "}"), 0x5C, 0x0A, 0xFF]
            {
                var changed = bytes
                changed[index] = byte
                if UsualMessage(changed, limits: .standard) != nil { try expectSame(changed) }
            }
            let isShort = UsualMessage(Array(bytes[..<index]), limits: .standard) != nil
            #expect(!isShort)
        }
    }

    @Test func `fields that are changed are those of the message afterwards`() throws {
        var message = try TaskMessage(decoding: Self.written[0])
        message.headers.fields["mine"] = 1
        message.properties.priority = 7
        #expect(message.headers.additional("mine") == 1)
        #expect(message.headers.retries == 3)
        let again = try TaskMessage(decoding: message.encoded())
        #expect(again == message && again.properties.priority == 7 && again.headers.fields["mine"] == 1)
    }

    @Test func `limits hold on the short way too`() {
        let bytes = Self.written[0]
        #expect(UsualMessage(bytes, limits: JSONLimits(depth: 128, bytes: bytes.count - 1)) == nil)
        let deep = TaskMessage(
            task: "t", args: [(0..<20).reduce(JSONValue.null) { inner, _ in [inner] }], queue: "celery")
        #expect(UsualMessage(deep.encoded(), limits: JSONLimits(depth: 22)) != nil)
        #expect(UsualMessage(deep.encoded(), limits: JSONLimits(depth: 21)) == nil)
    }

    private func expectSame(_ bytes: [UInt8]) throws {
        let text = Comment(rawValue: String(decoding: bytes, as: UTF8.self))
        let short = try TaskMessage(decoding: bytes)
        let long = try TaskMessage(Envelope(decoding: bytes))
        #expect(short == long, text)
        let (one, other) = (short.headers, long.headers)
        #expect(one.task == other.task && one.id == other.id && one.rootID == other.rootID, text)
        #expect(one.eta == other.eta && one.expires == other.expires && one.group == other.group, text)
        #expect(one.retries == other.retries && one.timeLimit == other.timeLimit, text)
        #expect(one.parentID == other.parentID && one.ignoreResult == other.ignoreResult, text)
        #expect(one.stampedHeaders == other.stampedHeaders && one.stamps == other.stamps, text)
        #expect(short.properties.deliveryTag == long.properties.deliveryTag, text)
    }
}
