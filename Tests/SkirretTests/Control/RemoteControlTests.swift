import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import Synchronization
import Testing

@testable import Skirret

@Suite("Remote control", .timeLimit(.minutes(2))) struct RemoteControlTests {
    static let add = TaskDefinition("test.add", options: .init(rateLimit: RateLimit(50, per: .seconds(1)))) {
        (x: Int, y: Int) in x + y
    }
    static let sleep = TaskDefinition("test.sleep") { (seconds: Double) in
        try await Task.sleep(for: .seconds(seconds))
        return seconds
    }
    static let tasks = [add.registered, sleep.registered]

    /// A worker that allows everything, and the way to ask it.
    func withPanel(
        _ configure: (inout WorkerOptions) -> Void = { _ in }, _ body: (TaskQueue, Panel) async throws -> Void
    ) async throws {
        try await withQueue { queue in
            let panel = Panel(queue: queue)
            let all: (inout WorkerOptions) -> Void = { options in
                options.remoteControl = .all
                configure(&options)
            }
            try await withWorker(queue, tasks: Self.tasks, configure: all) {
                try await panel.isUp()
                try await body(queue, panel)
            }
        }
    }

    // MARK: asking

    @Test func `what runs, waits and is known is shown in Celery's shapes`() async throws {
        try await withPanel { queue, panel in
            let running = try await Self.sleep.delay(60, on: queue)
            let waiting = try await Self.add.call(1, 2, on: queue, .countdown(.seconds(600)))
            try await until { try await panel.ask("active").array?.count == 1 }
            let active = try await panel.ask("active")[0]
            #expect(active?["id"]?.string == running.id.rawValue)
            #expect(active?["args"] == [60.0] && active?["hostname"] == "test@host")
            #expect(active?["time_start"]?.double != nil && active?["worker_pid"]?.int != nil)
            #expect(try await panel.ask("active", ["safe": true])[0]?["args"] == "(60.0,)")
            #expect(try await panel.ask("reserved") == [])

            let scheduled = try await panel.ask("scheduled")
            #expect(scheduled.array?.count == 1)
            #expect(scheduled[0]?["request"]?["id"]?.string == waiting.id.rawValue)
            #expect(scheduled[0]?["request"]?["time_start"] == .null && scheduled[0]?["priority"] == 6)
            #expect(scheduled[0]?["eta"]?.string?.hasSuffix("+00:00") == true)

            let known = try await panel.ask(
                "query_task", ["ids": [JSONValue(running.id), JSONValue(waiting.id), "nobody"]])
            #expect(known[running.id.rawValue]?[0] == "active" && known[waiting.id.rawValue]?[0] == "scheduled")
            #expect(known.object?.count == 2)

            let names = try await panel.ask("registered")
            #expect(names == ["test.add [rate_limit=50/s]", "test.sleep"])
            let facts = try await panel.ask("registered", ["taskinfoitems": ["max_retries", "__class__"]])
            #expect(facts == ["test.add [max_retries=3]", "test.sleep [max_retries=3]"])
            #expect(try await panel.ask("active_queues")[0]?["exchange"]?["type"] == "direct")
            try await queue.revoke([running.id], terminate: true)
        }
    }

    @Test func `stats, conf, report and memory answer, and keep the password`() async throws {
        try await withPanel { _, panel in
            let stats = try await panel.ask("stats")
            #expect(stats["pool"]?["max-concurrency"] == 4 && (stats["rusage"]?["maxrss"]?.int ?? 0) > 0)
            #expect(stats["clock"]?.string != nil)
            let conf = try await panel.ask("conf"), more = try await panel.ask("conf", ["with_defaults": true])
            #expect(conf["task_acks_late"] == true && conf["broker_url"]?.string != nil)
            #expect((more.object?.count ?? 0) > (conf.object?.count ?? 0))
            #expect(try await panel.ask("report")["ok"]?.string?.contains("skirret:") == true)
            #expect(try await panel.ask("memsample").string?.hasSuffix("MB") == true)
            #expect(try await panel.ask("memdump").string?.contains("MB") == true)
            #expect(try await panel.ask("heartbeat") == .null)
            #expect((try await panel.ask("clock")["clock"]?.int ?? 0) > 0)
        }
    }

    @Test(
        arguments: [
            ("nosuch", [:], "KeyError('nosuch')"),
            (
                "rate_limit", ["foo": 1],
                "TypeError(\"rate_limit() missing 2 required positional arguments: 'task_name' and 'rate_limit'\")"
            ),
            (
                "rate_limit", ["task_name": "test.add", "rate_limit": "abc"],
                "Invalid rate limit string: ValueError(\"could not convert string to float: 'abc'\")"
            ),
            ("rate_limit", ["task_name": "nope", "rate_limit": "1/m"], "unknown task"),
            ("time_limit", ["task_name": "nope", "soft": 1], "unknown task"),
            ("autoscale", ["max": 5, "min": 1], "ValueError('Autoscale not enabled')"),
            ("pool_restart", [:], "ValueError('Pool restarts not enabled')"),
            ("objgraph", [:], "ImportError('Requires the objgraph library')"),
            (
                "cancel_consumer", [:],
                "TypeError(\"cancel_consumer() missing 1 required positional argument: 'queue'\")"
            ),
        ] as [(String, JSONObject, String)])
    func `what cannot be done is answered in Celery's words`(
        method: String, arguments: JSONObject, error: String
    ) async throws {
        try await withPanel { _, panel in
            let answer = try await panel.ask(method, arguments)
            #expect(answer == ["error": .string(error)])
        }
    }

    // MARK: changing

    @Test func `time limits take effect on a running worker`() async throws {
        try await withPanel { queue, panel in
            let limits: JSONObject = ["task_name": "test.sleep", "soft": 0.2, "hard": 60]
            #expect(try await panel.ask("time_limit", limits) == ["ok": "time limits set successfully"])
            let sleeper = try await Self.sleep.delay(60, on: queue)
            let result = try await queue.result(of: sleeper.id, within: .seconds(20))
            #expect(result.failure?.excType == "SoftTimeLimitExceeded")
            let facts = try await panel.ask("registered", ["taskinfoitems": ["soft_time_limit", "time_limit"]])
            #expect(facts[1] == "test.sleep [soft_time_limit=0.2 time_limit=60.0]")
        }
    }

    @Test func `a rate limit is changed and taken away`() async throws {
        try await withPanel { _, panel in
            func names() async throws -> JSONValue { try await panel.ask("registered") }
            let slow: JSONObject = ["task_name": "test.add", "rate_limit": "10/m"]
            let answer = try await panel.ask("rate_limit", slow)
            #expect(answer == ["ok": "new rate limit set successfully"])
            #expect(try await names()[0] == "test.add [rate_limit=10/m]")
            let off: JSONObject = ["task_name": "test.add", "rate_limit": 0]
            #expect(try await panel.ask("rate_limit", off) == ["ok": "rate limit disabled successfully"])
            #expect(try await names()[0] == "test.add")
        }
    }

    @Test func `the pool grows and shrinks within its bounds`() async throws {
        try await withPanel { _, panel in
            func slots() async throws -> Int? { try await panel.ask("stats")["pool"]?["max-concurrency"]?.int }
            #expect(try await panel.ask("pool_grow", ["n": 2]) == ["ok": "pool will grow"])
            #expect(try await slots() == 6)
            #expect(try await panel.ask("pool_shrink") == ["ok": "pool will shrink"])
            #expect(try await slots() == 5)
            for (method, count) in [("pool_grow", 10_000), ("pool_shrink", 5), ("pool_grow", Int.max)] {
                let answer = try await panel.ask(method, ["n": .int(count)])
                #expect(
                    answer["error"]?.string?.contains("may have 1 to 1024") == true, "\(method) \(count): \(answer)")
            }
            #expect(try await slots() == 5)
        }
    }

    @Test func `autoscale's bounds are changed where somebody scales`() async throws {
        let bounds = Mutex(1...4)
        try await withPanel { options in
            options.rescale = { most, least in
                bounds.withLock { bounds in
                    bounds = (least ?? bounds.lowerBound)...(most ?? bounds.upperBound)
                    return bounds
                }
            }
        } _: { _, panel in
            #expect(try await panel.ask("autoscale", ["max": 5, "min": 2]) == ["ok": "autoscale now max=5 min=2"])
            let refused = try await panel.ask("autoscale", ["max": 100_000])
            #expect(refused["error"] != nil && bounds.withLock { $0 } == 2...5)
            #expect(
                try await panel.ask("pool_grow") == [
                    "error": "pool_grow is not supported with autoscale. Adjust autoscale range instead."
                ])
        }
    }

    @Test func `consumers are added and cancelled, but never what is no queue`() async throws {
        try await withPanel { queue, panel in
            let extra: JSONObject = [
                "queue": "extra", "exchange": "topics", "exchange_type": "topic", "routing_key": "a.#",
            ]
            #expect(try await panel.ask("add_consumer", extra) == ["ok": "add consumer extra"])
            #expect(
                try await panel.ask("active_queues").array?.compactMap { $0["name"]?.string } == ["celery", "extra"])
            let members = try await queue.redis.send("SMEMBERS", .init(queue.keys.binding("topics")))
            #expect(members.array?.first?.string == QueueBinding.topic("a.#", queue: "extra").member())
            let three = try await Self.add.call(1, 2, on: queue, .queue("extra")).result(within: .seconds(10))
            #expect(three == 3)
            #expect(
                try await panel.ask("cancel_consumer", ["queue": "extra"]) == ["ok": "no longer consuming from extra"])

            // One key that is no list would fail every claim.
            let refused = try await panel.ask("add_consumer", ["queue": "skirret:queues"])
            #expect(refused["error"]?.string?.contains("is a set in Redis, not a queue") == true)
            let five = try await Self.add.delay(2, 3, on: queue).result(within: .seconds(10))
            #expect(five == 5)
        }
    }

    @Test func `task events are turned on and off, but not below -E`() async throws {
        try await withPanel { _, panel in
            let first = try await panel.ask("disable_events")
            #expect(first == ["ok": "task events already disabled"])
            #expect(try await panel.ask("enable_events") == ["ok": "task events enabled"])
            #expect(try await panel.ask("enable_events") == ["ok": "task events already enabled"])
            #expect(try await panel.ask("disable_events") == ["ok": "task events disabled"])
        }
        try await withPanel {
            $0.sendsTaskEvents = true
        } _: { _, panel in
            let first = try await panel.ask("disable_events")
            #expect(first == ["ok": "task events already disabled"])
            #expect(try await panel.ask("enable_events") == ["ok": "task events already enabled"])
        }
    }

    @Test func `a shutdown gives no answer and ends the worker`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: Self.tasks, configure: { $0.remoteControl = .all }) {
                let panel = Panel(queue: queue)
                try await panel.isUp()
                try await queue.broadcast("shutdown")
                try await until { try await queue.redis.send("ZCARD", .init(queue.keys.workers)).int == 0 }
                let table = queue.keys.binding(FanoutChannel.controlExchange)
                try await until { try await queue.redis.send("EXISTS", .init(table)).int == 0 }
            }
        }
    }
}

/// One worker's panel, as a client sees it.
struct Panel {
    let queue: TaskQueue
    var node = "test@host"

    /// The worker's answer to one command.
    func ask(_ method: String, _ arguments: JSONObject = [:]) async throws -> JSONValue {
        let replies = try await queue.ask(method, arguments, of: .nodes([node]), within: .seconds(20))
        return try #require(replies.first, "\(method): no answer").value
    }

    func isUp() async throws {
        try await until { try await !queue.ask("ping", of: .nodes([node]), within: .milliseconds(200)).isEmpty }
    }
}
