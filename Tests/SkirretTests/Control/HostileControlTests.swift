import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import Synchronization
import Testing

@testable import Skirret

@Suite("Forged remote control", .timeLimit(.minutes(2))) struct HostileControlTests {
    private static let add = RemoteControlTests.add

    // MARK: the allow-list

    @Test(
        arguments: [
            ("shutdown", [:]), ("pool_grow", ["n": 10_000]), ("pool_shrink", [:]), ("autoscale", ["max": 10_000]),
            ("rate_limit", ["task_name": "test.add", "rate_limit": "1/h"]), ("time_limit", ["task_name": "test.add"]),
            ("add_consumer", ["queue": "unacked"]), ("cancel_consumer", ["queue": "celery"]), ("pool_restart", [:]),
        ] as [(String, JSONObject)])
    func `what changes the worker is refused by default, in words that help`(
        method: String, arguments: JSONObject
    ) async throws {
        try await withQueue { queue in
            let panel = Panel(queue: queue)
            try await withWorker(queue, tasks: RemoteControlTests.tasks) {
                try await panel.isUp()
                let answer = try await panel.ask(method, arguments)["error"]?.string ?? ""
                #expect(answer.hasPrefix("\(method) is not allowed here"), "\(answer)")
                #expect(answer.contains("--remote-control standard,\(method)"), "\(answer)")
                let five = try await Self.add.delay(2, 3, on: queue).result(within: .seconds(10))
                #expect(five == 5)
                #expect(try await panel.ask("stats")["pool"]?["max-concurrency"] == 4)
            }
        }
    }

    @Test func `groups and commands make up an allow-list`() throws {
        let mixed = try RemoteControlPolicy(parsing: "inspect, rate_limit,dump_active")
        #expect(mixed.methods == RemoteControlPolicy.inspect.methods.union(["rate_limit"]))
        #expect(RemoteControlPolicy.all.methods.count == ControlCommand.all.count)
        #expect(try RemoteControlPolicy(parsing: "none").methods.isEmpty)
        #expect(RemoteControlPolicy.standard.methods.isSuperset(of: ["ping", "revoke", "enable_events", "hello"]))
        let forbidden = RemoteControlPolicy.standard.methods.intersection(["shutdown", "pool_grow", "rate_limit"])
        #expect(forbidden.isEmpty)
        #expect(throws: RemoteControlPolicy.UnknownWord.self) { try RemoteControlPolicy(parsing: "inspect,shutdwon") }
        #expect(throws: RemoteControlPolicy.UnknownWord.self) { try RemoteControlPolicy(parsing: "") }
    }

    @Test func `a worker that allows nothing does not listen`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: RemoteControlTests.tasks, configure: { $0.remoteControl = .none }) {
                let five = try await Self.add.delay(2, 3, on: queue).result(within: .seconds(10))
                #expect(five == 5)
                let replies = try await queue.ask("ping", within: .milliseconds(300))
                #expect(replies.isEmpty)
            }
        }
    }

    // MARK: garbage

    private static let garbage: [String] = [
        "", "not json", "null", "[]", "{}", #"{"body": 5}"#, #"{"body": "!!", "properties": {}}"#,
        String(repeating: "[", count: 100_000), #"{"body": "bnVsbA==", "properties": {"body_encoding": "base64"}}"#,
    ]

    @Test func `garbage, forged heartbeats and wild clocks change nothing`() async throws {
        try await withQueue { queue in
            let panel = Panel(queue: queue)
            try await withWorker(queue, tasks: RemoteControlTests.tasks) {
                try await panel.isUp()
                let control = FanoutChannel.control(database: 0)
                let heartbeats = FanoutChannel.events(routingKey: "worker.heartbeat", database: 0)
                for text in Self.garbage {
                    try await queue.redis.send("PUBLISH", .init(control), .init(text))
                    try await queue.redis.send("PUBLISH", .init(heartbeats), .init(text))
                }
                for clock in [Int.max, Int.min, -1] {
                    let request = ControlRequest(method: "ping", clock: clock)
                    try await queue.redis.send("PUBLISH", .init(control), .init(request.encoded()))
                }
                let forged = (0..<10_000).map { index in
                    RedisCommand("PUBLISH", .init(heartbeats), .init(#"{"hostname": "w\#(index)@forged", "type": 7}"#))
                }
                _ = try await queue.redis.pipeline(forged)
                let wrong: [JSONObject] = [
                    ["task_id": 5], ["task_id": ["a": "b"]], ["task_id": .array(Array(repeating: 1, count: 1000))],
                    ["task_id": .string(String(repeating: "x", count: 10_000))],
                ]
                for arguments in wrong {
                    #expect(try await panel.ask("revoke", arguments) == ["ok": "tasks set() flagged as revoked"])
                }
                #expect(try await panel.ask("revoke_by_stamped_headers", ["headers": 5])["error"] != nil)
                #expect(try await panel.ask("query_task", ["ids": [[], [:], nil, "x"]]) == [:])
                let clock = try await panel.ask("clock")["clock"]?.int ?? .max
                #expect(clock < 100_000, "a forged clock was believed: \(clock)")
                let five = try await Self.add.delay(2, 3, on: queue).result(within: .seconds(10))
                #expect(five == 5)
                let workers = try await queue.redis.send("ZCARD", .init(queue.keys.workers))
                #expect(workers.int == 1)
            }
        }
    }

    @Test func `thousands of forged requests without a reader leave nothing behind`() async throws {
        try await withQueue { queue in
            let panel = Panel(queue: queue)
            try await withWorker(queue, tasks: RemoteControlTests.tasks) {
                try await panel.isUp()
                let control = FanoutChannel.control(database: 0)
                // Reply lists of nobody, and an exchange that would lead elsewhere.
                let requests = (0..<2_000).map { index in
                    ControlRequest(
                        method: "stats",
                        reply: .init(
                            exchange: index % 2 == 0 ? "reply.celery.pidbox" : "celery", routingKey: "r\(index)"))
                }
                _ = try await queue.redis.pipeline(
                    requests.map { RedisCommand("PUBLISH", .init(control), .init($0.encoded())) })
                try await panel.isUp()
                let left = try await queue.redis.send("KEYS", "r*")
                #expect(left.array?.isEmpty == true)
            }
        }
    }
}
