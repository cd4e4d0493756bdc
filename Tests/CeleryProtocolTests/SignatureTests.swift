import CeleryProtocol
import Testing

@Suite("Signatures") struct SignatureTests {
    static let add = Signature(
        task: "samples.add", args: [10], kwargs: ["a": 1], options: ["task_id": "t1", "queue": "peer"])

    @Test func `a result goes in front of the arguments`() {
        #expect(Self.add.applied(to: 3).args == [3, 10])
        #expect(Self.add.applied(to: nil).args == [nil, 10])
    }

    @Test func `an immutable signature keeps its arguments but takes options`() {
        var fixed = Self.add
        fixed.immutable = true
        let merged = fixed.merging(args: [3], kwargs: ["b": 2], options: ["priority": 5])
        #expect(merged.args == [10])
        #expect(merged.kwargs == ["a": 1])
        #expect(merged.options["priority"] == 5)
    }

    @Test func `given keywords and options win, except those that hold a chord or stamps together`() {
        var grouped = Self.add
        grouped.options.merge([
            "group_id": "g", "stamped_headers": ["customer"], "customer": "c9", "shadow": nil,
        ])
        let merged = grouped.merging(
            kwargs: ["a": 2, "b": 3],
            options: [
                "queue": "other", "group_id": "h", "stamped_headers": ["x"], "customer": "c1", "reply_to": nil,
            ])
        #expect(merged.kwargs == ["a": 2, "b": 3])
        #expect(
            merged.options == [
                "task_id": "t1", "queue": "other", "group_id": "g", "stamped_headers": ["customer"],
                "customer": "c9",
            ])
    }

    @Test func `a group id that is null gives way`() {
        var grouped = Self.add
        grouped.options["group_id"] = .null
        #expect(grouped.merging(options: ["group_id": "h"]).options["group_id"] == "h")
    }

    @Test func `what is only passed on keeps members that have no name here`() throws {
        let json = try JSONValue(parsing: #"{"task":"t","args":[1.0],"chord_size":2,"options":{"x":1e2}}"#)
        let signature = try Signature(json: json)
        #expect(signature.json == json)
        #expect(signature.kwargs.isEmpty && !signature.immutable && signature.subtaskType == nil)
    }

    @Test(arguments: [
        ("7", "signature"), ("{}", "signature.task"), (#"{"task":""}"#, "signature.task"),
        (#"{"task":"t","args":{}}"#, "signature.args"), (#"{"task":"t","options":[]}"#, "signature.options"),
        (#"{"task":"t","immutable":1}"#, "signature.immutable"),
    ])
    func `a signature that means nothing is refused at its place`(text: String, path: String) throws {
        let json = try JSONValue(parsing: text)
        let error = #expect(throws: WireError.self) { try Signature(json: json) }
        #expect(error?.path == path)
    }

    @Test func `recorded chains name their next step last`() throws {
        for row in try Fixtures.rows("canvas_messages") where row["case"] == "chain3" {
            let message = try TaskMessage(decoding: row.text("raw").bytes)
            #expect(message.body.chain.map(\.args) == [[4, 5], [3]])
            #expect(message.body.chain.last?.applied(to: 3).args == [3, 3])
            #expect(message.body.chain.first?.applied(to: 3).args == [4, 5])
            #expect(message.body.chain.last?.taskID?.rawValue.count == 36)
        }
    }
}
