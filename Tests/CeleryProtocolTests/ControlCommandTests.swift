import CeleryProtocol
import Testing

@Suite("Remote control commands") struct ControlCommandTests {
    @Test(
        arguments: [
            ("rate_limit", ["t", "10/m"], ["task_name": "t", "rate_limit": "10/m"]),
            ("time_limit", ["t", "1.5", "3"], ["task_name": "t", "soft": 1.5, "hard": 3.0]),
            ("pool_grow", [], [:]), ("pool_grow", ["2"], ["n": 2]), ("dump_conf", ["yes"], ["with_defaults": true]),
            ("revoke", ["a", "b"], ["task_id": ["a", "b"]]), ("query_task", [], ["ids": []]),
            ("terminate", ["KILL", "a"], ["signal": "KILL", "task_id": ["a"]]),
            (
                "add_consumer", ["q", "ex", "topic", "a.#"],
                [
                    "queue": "q", "exchange": "ex", "exchange_type": "topic", "routing_key": "a.#",
                ]
            ),
        ] as [(String, [String], JSONObject)])
    func `words of a command line become arguments as Celery reads them`(
        name: String, words: [String], expected: JSONObject
    ) throws {
        let command = try #require(ControlCommand.named(name))
        #expect(try command.arguments(from: words) == expected)
    }

    @Test(
        arguments: [
            ("rate_limit", ["t"], "rate_limit: rate_limit is missing. Usage: rate_limit <task_name> <rate_limit>"),
            ("ping", ["now"], "ping: \"now\" is one word too many. Usage: ping"),
            ("pool_grow", ["many"], "pool_grow: n: expected a whole number, got \"many\"."),
            ("time_limit", ["t", "nan"], "time_limit: soft: expected a number, got \"nan\"."),
            ("conf", ["perhaps"], "conf: with_defaults: expected true or false, got \"perhaps\"."),
        ] as [(String, [String], String)])
    func `words that are none are named`(name: String, words: [String], message: String) throws {
        let command = try #require(ControlCommand.named(name))
        let error = #expect(throws: ControlCommand.ArgumentError.self) { try command.arguments(from: words) }
        #expect(error?.description == message)
    }

    @Test func `every recorded command is known`() throws {
        for row in try Fixtures.rows("pidbox") {
            guard let raw = row["request"]?["raw"]?.string else { continue }
            let method = try ControlRequest(decoding: raw.bytes).method
            #expect((ControlCommand.named(method) != nil) == (method != "nosuch"), "\(method)")
        }
    }
}
