import CeleryProtocol
import Testing

@Suite("JSON") struct JSONTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1.0", "1.10", "-0.0", "1e5", "1E+05", "9007199254740993",
        "123456789012345678901234567890.123456789", "NaN", "Infinity", "-Infinity", "\"\"", "[]", "{}",
        "[1,[2,[3]],{\"b\":1,\"a\":{}}]",
    ])
    func `what was read is written back digit for digit`(text: String) throws {
        #expect(try JSONValue(parsing: text).text == text)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "1e",
        "+1", "--1", "-", "\"", "\"\\x\"", "\"\\u12\"", "\"\u{01}\"", "[1 2]", "1 2", "{}{}", "Nan", "infinity",
        "'a'", "[", "{", "{\"a\":1", "\u{FEFF}1", "// x\n1",
    ])
    func `what is not JSON is refused with its place`(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test func `an error says where and what`() throws {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "[1, 2, x]") }
        #expect(error?.code == .unexpectedByte)
        #expect(error?.offset == 7)
        #expect(error?.description == "not JSON at byte 7: unexpected byte, found 'x'")
    }

    @Test func `escapes become text, pairs become one character, half a pair becomes a mark`() throws {
        #expect(
            try JSONValue(parsing: #""\u00e9\u4f60\ud83d\ude00\u0001\/\b\f\n\r\t\"\\""#)
                == .string("é你😀\u{01}/\u{08}\u{0C}\n\r\t\"\\"))
        #expect(try JSONValue(parsing: #""a\ud800b""#) == "a\u{FFFD}b")
        #expect(try JSONValue(parsing: #""\ude00""#) == "\u{FFFD}")
        #expect(try JSONValue(parsing: #""\ud800\u0041""#) == "\u{FFFD}A")
        #expect(try JSONValue(parsing: #""\ud83d\ud83d\ude00""#) == "\u{FFFD}😀")
    }

    @Test func `bytes that are not UTF-8 are refused inside strings`() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0xFE, 0x22]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0x5C, 0x6E, 0xC3, 0x22]) }
    }

    @Test func `keys keep their order and of equal keys the last wins`() throws {
        let object = try #require(JSONValue(parsing: #"{"z": 1, "a": 2, "z": 3}"#).object)
        #expect(object.keys == ["z", "a"])
        #expect(object["z"] == 3)
        #expect(object.count == 2)
    }

    @Test func `keys that only look alike stay two keys`() throws {
        let text = "{\"\u{E9}\":1,\"e\u{301}\":2}"
        #expect(try JSONValue(parsing: text).encoded() == Array(text.utf8))
    }

    @Test func `objects are equal in any order, numbers only with the same digits`() throws {
        #expect(try JSONValue(parsing: #"{"a":1,"b":2}"#) == JSONValue(parsing: #"{"b":2,"a":1}"#))
        #expect(try JSONValue(parsing: #"{"a":1,"b":2}"#).hashValue == JSONValue(parsing: #"{"b":2,"a":1}"#).hashValue)
        #expect(try JSONValue(parsing: "1.0") != JSONValue(parsing: "1"))
    }

    @Test func `nesting of 100,000 levels is refused without using up the stack`() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let depth = 100_000
            let text = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
            let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
            #expect(error?.code == .tooDeep)
        }
    }

    @Test func `nesting up to the limit is read and written`() throws {
        let text = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(try JSONValue(parsing: text).text == text)
        #expect(throws: JSONError.self) { try JSONValue(parsing: "[" + text + "]") }
    }

    @Test func `a text beyond the limit is refused before it is read`() {
        let limits = JSONLimits(bytes: 10)
        #expect(throws: JSONError.self) { try JSONValue(parsing: "[1,2,3,4,5,6]", limits: limits) }
    }

    @Test func `an object of 100,000 keys is read in linear time and finds them all`() throws {
        let count = 100_000
        let text = "{" + (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        let started = ContinuousClock.now
        var object = try #require(JSONValue(parsing: text).object)
        #expect(object["k99999"] == 99_999)
        object["k0"] = nil
        #expect(object["k0"] == nil && object["k99999"] == 99_999 && object.count == count - 1)
        // Quadratic time would be minutes; the bound is wide because debug builds are slow.
        #expect(ContinuousClock.now - started < .seconds(20))
    }

    @Test func `numbers tell their integer only when they are written as one`() {
        #expect(JSONNumber(1).text == "1")
        #expect(JSONNumber(1.0).text == "1.0")
        #expect(JSONNumber(1.0).int == nil)
        #expect(JSONNumber(.nan).text == "NaN")
        #expect(JSONNumber(-.infinity).text == "-Infinity")
        #expect(JSONNumber(text: "1e3")?.double == 1000)
        #expect(JSONNumber(text: "1 ") == nil)
        #expect(JSONNumber(text: "18446744073709551616")?.int == nil)
    }

    @Test func `literals, subscripts and accessors read as they look`() {
        let value: JSONValue = ["name": "x", "list": [1, 2.5, nil, true], "empty": [:]]
        #expect(value["name"]?.string == "x")
        #expect(value["list"]?[1]?.double == 2.5)
        #expect(value["list"]?[2]?.isNull == true)
        #expect(value["list"]?[9] == nil)
        #expect(value["nothing"] == nil)
        #expect(value["empty"]?.object?.isEmpty == true)
    }

    /// Random values, from a fixed seed so that a failure can be seen again.
    @Test(arguments: 0..<200 as Range<UInt64>) func `any value survives writing and reading`(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let value = JSONValue.random(depth: 5, using: &generator)
        #expect(try JSONValue(parsing: value.encoded()) == value)
        #expect(try JSONValue(parsing: value.text).encoded() == value.encoded())
    }

    @Test(arguments: 0..<300 as Range<UInt64>) func `damaged text gives an error or a value, never a crash`(
        seed: UInt64
    ) {
        var generator = SplitMix(state: seed)
        var bytes = JSONValue.random(depth: 4, using: &generator).encoded()
        for _ in 0..<3 where !bytes.isEmpty {
            let position = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[position] = .random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: position)
            default: bytes.removeSubrange(position...)
            }
        }
        do throws(JSONError) {
            let value = try JSONValue(parsing: bytes)
            #expect((try? JSONValue(parsing: value.encoded())) == value)
        } catch {
            #expect(error.offset <= bytes.count)
        }
    }
}

/// A small generator with a seed; the standard library has none.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension JSONValue {
    static func random(depth: Int, using generator: inout SplitMix) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
        case 0: .null
        case 1: .bool(.random(using: &generator))
        case 2: .int(.random(in: .min ... .max, using: &generator))
        case 3: .double(Double(bitPattern: generator.next()))
        case 4, 5: .string(randomText(using: &generator))
        case 6:
            .array(
                (0..<Int.random(in: 0..<6, using: &generator)).map { _ in random(depth: depth - 1, using: &generator) })
        default:
            .object(
                JSONObject(
                    (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                        (randomText(using: &generator), random(depth: depth - 3, using: &generator))
                    }))
        }
    }

    private static func randomText(using generator: inout SplitMix) -> String {
        let interesting: [Unicode.Scalar] = [
            "\"", "\\", "/", "\u{0}", "\u{1F}", "\u{7F}", "é", "\u{301}", "😀", "\u{2028}", "a",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0..<12, using: &generator) {
            text.unicodeScalars.append(interesting[Int.random(in: interesting.indices, using: &generator)])
        }
        return text
    }
}
