import CeleryProtocol
import Foundation
import Testing

@Suite("JSON and Codable") struct CodableTests {
    struct Report: Codable, Equatable {
        enum State: String, Codable { case done, open }
        struct Line: Codable, Equatable {
            var text: String
            var amount: Double?
        }
        var id: Int64
        var state: State
        var lines: [Line]
        var tags: [String: Int]
        var ratio: Float
        var big: UInt64
        var extra: JSONValue
        var flag: Bool
    }

    static let report = Report(
        id: 9_007_199_254_740_993, state: .done,
        lines: [.init(text: "é", amount: 1.0), .init(text: "", amount: nil)], tags: ["a": 1], ratio: 0.1,
        big: .max, extra: ["digits": .number(JSONNumber(text: "1.10") ?? 0)], flag: true)

    @Test func `a value goes through JSON and back unchanged`() throws {
        let json = try JSONValue(encoding: Self.report)
        #expect(json["id"]?.number?.text == "9007199254740993")
        #expect(json["big"]?.number?.text == "18446744073709551615")
        #expect(json["ratio"]?.number?.text == "0.1")
        #expect(json["lines"]?[0]?["amount"]?.number?.text == "1.0")
        #expect(json["extra"]?["digits"]?.number?.text == "1.10")
        #expect(try json.decode(Report.self) == Self.report)
        #expect(try JSONValue(parsing: json.encoded()).decode(Report.self) == Self.report)
    }

    @Test func `scalars, nil and ids encode as themselves`() throws {
        #expect(try JSONValue(encoding: 5) == 5)
        #expect(try JSONValue(encoding: "x") == "x")
        #expect(try JSONValue(encoding: Int?.none) == nil)
        #expect(try JSONValue(encoding: Int?.some(3)) == 3)
        #expect(try JSONValue(encoding: [1.0, 2.5]).text == "[1.0,2.5]")
        #expect(try JSONValue(encoding: TaskID("a")) == "a")
        #expect(try JSONValue.string("a").decode(QueueName.self) == "a")
        #expect(try JSONValue.null.decode(Int?.self) == nil)
    }

    @Test func `whole numbers are taken in any spelling, others are refused with their place`() throws {
        #expect(try JSONValue(parsing: "2.0").decode(Int.self) == 2)
        #expect(try JSONValue(parsing: "1e3").decode(Int.self) == 1000)
        #expect(throws: DecodingError.self) { try JSONValue(parsing: "2.5").decode(Int.self) }
        #expect(throws: DecodingError.self) { try JSONValue(parsing: "300").decode(UInt8.self) }
        do {
            _ = try JSONValue(parsing: #"{"lines":[{"text":7}]}"#).decode([String: [Report.Line]].self)
            Issue.record("a number was taken for a text")
        } catch DecodingError.typeMismatch(_, let context) {
            #expect(context.codingPath.map(\.stringValue) == ["lines", "[0]", "text"])
            #expect(context.debugDescription == "Expected a string, found 7.")
        }
    }

    @Test func `times, ids and bytes are text, or what kombu makes of them`() throws {
        struct Foreign: Codable, Equatable {
            var time: Date
            var id: UUID
            var data: Data
            var price: Decimal
        }
        let value = Foreign(
            time: Date(timeIntervalSince1970: 1_767_323_045.000678),
            id: try #require(UUID(uuidString: "00000000-0000-0000-0000-000000000001")), data: Data([0xFF, 0]),
            price: try #require(Decimal(string: "1.10")))
        let text = try JSONValue(encoding: value)
        #expect(text["time"] == "2026-01-02T03:04:05.000678+00:00")
        #expect(text["data"] == "/wA=")
        let kombu = try JSONValue(encoding: value, foreign: .kombu)
        #expect(kombu["time"] == ["__type__": "datetime", "__value__": "2026-01-02T03:04:05.000678+00:00"])
        #expect(kombu["id"] == ["__type__": "uuid", "__value__": ["hex": "00000000000000000000000000000001"]])
        #expect(try text.decode(Foreign.self) == value)
        #expect(try kombu.decode(Foreign.self) == value)
    }

    @Test func `Foundation's own coders read and write JSON values`() throws {
        let value: JSONValue = ["a": [1, 2.5, nil, true, "x"], "b": ["c": [:]]]
        let data = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: data) == value)
    }
}
