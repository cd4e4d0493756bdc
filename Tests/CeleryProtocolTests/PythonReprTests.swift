import CeleryProtocol
import Testing

@Suite("Python's repr") struct PythonReprTests {
    @Test(arguments: [
        ("null", "None"), ("true", "True"), ("1.10", "1.10"), ("NaN", "nan"), ("-Infinity", "-inf"),
        (#""x""#, "'x'"), (#""it's""#, #""it's""#), (#""'\"""#, #"'\'"'"#),
        (#""a\\b\n\t\u0001é😀""#, #"'a\\b\n\t\x01é😀'"#),
        (#""\u00a0\u2028\ue000""#, #"'\xa0\u2028\ue000'"#), ("[]", "[]"), ("[1,[2]]", "[1, [2]]"), ("{}", "{}"),
        (#"{"k":1.5,"z":null}"#, "{'k': 1.5, 'z': None}"),
    ])
    func `values print as Python prints them`(json: String, wanted: String) throws {
        #expect(pythonRepr(try JSONValue(parsing: json)) == wanted)
    }

    @Test func `arguments print as a tuple`() {
        #expect(pythonTupleRepr([]) == "()")
        #expect(pythonTupleRepr(["boom"]) == "('boom',)")
        #expect(pythonTupleRepr([2, "x", nil, true]) == "(2, 'x', None, True)")
    }

    @Test func `recorded argument texts are the ones we would write`() throws {
        // Celery puts its own types and control characters in as they are; we escape what could spoil a terminal.
        let different = ["python_types", "kwargs_unicode"]
        for row in try Fixtures.rows("task_messages") where !different.contains(row.text("case")) {
            guard let message = try? TaskMessage(decoding: row.text("raw").bytes),
                let recorded = message.headers.argsRepr
            else { continue }
            #expect(pythonTupleRepr(message.body.args) == recorded)
            #expect(pythonRepr(.object(message.body.kwargs)) == message.headers.kwargsRepr)
        }
    }

    @Test func `a large value is cut, and the rest of it costs nothing`() {
        let large = JSONValue.array(Array(repeating: .string(String(repeating: "x", count: 1000)), count: 100_000))
        let started = ContinuousClock.now
        let text = pythonRepr(large)
        #expect(text.count == 1024 && text.hasSuffix("..."))
        #expect(ContinuousClock.now - started < .seconds(5))
    }

    @Test func `exceptions print as a call`() {
        #expect(TaskFailure.builtin("ValueError", "boom").pythonDescription == "ValueError('boom')")
        #expect(TaskFailure(excType: "E", excMessage: []).pythonDescription == "E()")
        #expect(TaskFailure(excType: "E", excMessage: [1, "a"]).pythonDescription == "E(1, 'a')")
        #expect(TaskFailure(result: "odd").description == "Exception: odd")
    }
}
