import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOWebSocket
import Skirret
import SkirretRedis
import Synchronization
import Testing

@testable import API

@Suite("Data sources", .timeLimit(.minutes(1))) struct DataSourceTests {
    private static let bearer = [("Authorization", "Bearer \(APIFixture.token)")]
    private static let ui = "/api/plugins/plugins/one/ui"

    private static func wish(_ watcher: String, _ more: JSONObject = [:]) -> JSONValue {
        let wish: JSONObject = [
            "watcher": .string(watcher), "kind": "action", "name": "count", "params": ["a": 1, "b": 2], "interval": 1,
        ]
        return .object(wish.merging(more))
    }

    // MARK: - Values

    @Test func `equal questions are one, whatever the order of their members`() throws {
        let left = DataSource(plugin: "p", kind: .action, name: "x", params: ["a": 1, "b": ["c": 2, "d": [1, 2]]])
        let right = DataSource(plugin: "p", kind: .action, name: "x", params: ["b": ["d": [1, 2], "c": 2], "a": 1])
        #expect(left.id == right.id && left.id.count == 32)
        for other in [
            DataSource(plugin: "q", kind: .action, name: "x", params: left.params),
            DataSource(plugin: "p", kind: .resource, name: "x", params: left.params),
            DataSource(plugin: "p", kind: .action, name: "y", params: left.params),
            DataSource(plugin: "p", kind: .action, name: "x", params: ["a": 1, "b": ["c": 2, "d": [2, 1]]]),
            DataSource(plugin: "p", kind: .action, name: "x", params: ["a": "1", "b": ["c": 2, "d": [1, 2]]]),
        ] { #expect(other.id != left.id) }
        #expect(DataSource(left.json) == left)
    }

    @Test func `the same failure of two tasks is one answer`() {
        func failure(_ id: String) -> DataSourceAnswer {
            DataSourceAnswer(
                APIError(
                    .internalServerError, code: "plugin_failed", "boom", hint: "/api/tasks/\(id)/logs/",
                    exception: "ValueError", taskID: id))
        }
        #expect(failure("1") == failure("2") && failure("1").isError)
        #expect(DataSourceAnswer(["success": true, "result": ["status": "error"]]).isError)
        #expect(!DataSourceAnswer(["success": true, "result": [1]]).isError)
        let large = JSONValue.string(String(repeating: "x", count: DataSourceAnswer.mostBytes))
        let refused = DataSourceAnswer(["success": true, "result": large])
        #expect(refused.isError && refused.body["code"] == "answer_too_large")
    }

    // MARK: - Polling

    @Test func `two who watch are one question an interval, and none once both have left`() async throws {
        try await APIFixture.withServer { fixture, client in
            let plugin = Counted()
            try await Self.polling(fixture, plugin) {
                let first = try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-1"))
                #expect(first.status == 200, "\(first)")
                let second = try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-2"))
                #expect(second.json["source"] == first.json["source"] && second.json["renew_after"] == 10.0)
                let began = ContinuousClock.now
                try await plugin.wait(for: 4)
                // Four questions are three intervals, however busy the machine is, and one second less three slacks.
                #expect(began.duration(to: .now) > .milliseconds(2000), "asked faster than wanted")
                #expect(plugin.mostAtOnce == 1)
                for watcher in ["watcher-1", "watcher-2"] {
                    let left = try await client.send(
                        .post, "\(Self.ui)/unwatch/",
                        json: ["watcher": .string(watcher), "sources": [first.json["source"] ?? .null]])
                    #expect(left.status == 200, "\(left)")
                }
                try await fixture.untilNothingIsDue()
                let count = plugin.count
                // Twice the interval: what is asked at all would be asked again by then.
                try await Task.sleep(for: .seconds(2))
                #expect(plugin.count == count)
            }
        }
    }

    @Test func `an answer is told to those who listen, and an unchanged one is not told again`() async throws {
        try await APIFixture.withServer { fixture, client in
            let plugin = Counted { $0 < 3 ? ["n": 1] : ["n": 2] }
            try await Self.polling(fixture, plugin) {
                try await fixture.withEvents {
                    try await WebSocketClient.with(port: try #require(client.port), headers: Self.bearer) {
                        inbound, outbound in
                        let watch = try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-1"))
                        let topic = try #require(watch.json["source"]?.string)
                        try await outbound.write(.text(#"{"type":"subscribe","topics":["\#(topic)"]}"#))
                        var frames = inbound.makeAsyncIterator()
                        var told: [JSONValue] = []
                        while told.last?["answer"]?["result"] != ["n": 2], let frame = try await frames.next() {
                            let data = try JSONValue(parsing: frame.summary)["data"] ?? .null
                            if data["type"] == "source_data" { told.append(data) }
                        }
                        // The first answer may have been there before the subscription; either way it is told once.
                        #expect((1...2).contains(told.count), "\(told)")
                        #expect(told.last?["source"]?.string == topic && told.last?["state"] == "ok")
                        #expect(plugin.count >= 3)
                        let known = try #require(told.last?["version"])
                        let again = try await client.send(
                            .post, "\(Self.ui)/watch/", json: Self.wish("watcher-1", ["version": known]))
                        #expect(
                            again.json["version"] == known && again.json.object?.keys.contains("answer") == false,
                            "\(again)")
                        let fresh = try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-2"))
                        #expect(fresh.json["answer"]?["result"] == ["n": 2] && fresh.json["state"] == "ok", "\(fresh)")
                    }
                }
            }
        }
    }

    @Test func `pollers rest while nobody watches, and whoever begins to is heard all the same`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.installEnabled("one", "class Plugin: pass")
            let redis = fixture.services.redis
            try await withThrowingTaskGroup(of: Void.self) { group in
                // No worker, which looks for work of its own.
                for _ in 0..<2 {
                    let poller = DataSourcePoller(
                        services: fixture.services, runDeadline: .seconds(5), rest: .seconds(3600),
                        logger: APIFixture.logger)
                    group.addTask { await poller.run() }
                }
                try await fixture.until {
                    try await redis.send("PUBSUB", "NUMSUB", .init(Keys.sourceWishes)).array?.last?.int == 1
                }
                let before = try await fixture.lookups()
                // A busy machine looks less often, never more: two pollers that do not rest look twelve times. Each may
                // still have its first look before it, and one when it hears that it will be told.
                try await Task.sleep(for: .seconds(3))
                let after = try await fixture.lookups()
                #expect(after - before <= 4)
                for number in 1...3 {
                    // As in another process, whose routes ring no bell here; with the connection cut just before.
                    if number > 1 { _ = try await redis.send("CLIENT", "KILL", "TYPE", "pubsub") }
                    let source = DataSource(plugin: "one", kind: .action, name: "n\(number)", params: [:])
                    _ = try await DataSourceStore(redis: redis).watch(
                        source, every: .seconds(3600), as: "watcher-1", of: "token", knowing: "", asksNow: false)
                    try await fixture.until { try await fixture.source(source.id, "sent") != nil }
                }
                group.cancelAll()
            }
        }
    }

    @Test func `a failure is told once, and asked again after longer and longer pauses`() async throws {
        try await APIFixture.withServer { fixture, client in
            let plugin = Counted { _ in throw TaskFailure.builtin("ValueError", "boom") }
            try await Self.polling(fixture, plugin) {
                let watch = try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-1"))
                let id = String(try #require(watch.json["source"]?.string).dropFirst(7))
                try await plugin.wait(for: 2)
                try await fixture.until {
                    let isOver = try await fixture.source(id, "task") == nil
                    let failures = try await fixture.source(id, "failures")
                    return isOver && failures == "2"
                }
                // Two failures in a row: the next question is four intervals after the last one.
                let asked = Double(try await fixture.source(id, "asked") ?? "") ?? 0
                func pause() async throws -> Double {
                    let due = try await fixture.services.redis.send("ZSCORE", .init(Keys.dueSources), .init(id)).string
                    return (Double(due ?? "") ?? 0) - asked
                }
                #expect(try await pause() >= 3999)
                let version = JSONValue.string(try await fixture.source(id, "version") ?? "")
                _ = try await client.send(
                    .post, "\(Self.ui)/watch/", json: Self.wish("watcher-1", ["version": version]))
                #expect(try await pause() >= 3999, "a page that shows it waits like all")
                let standing = try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-2"))
                #expect(standing.json["state"] == "error" && standing.json["answer"]?["error"] == "boom", "\(standing)")
                try await plugin.wait(for: 3)
                let again = Double(try await fixture.source(id, "asked") ?? "") ?? 0
                #expect(again - asked < 3999, "a page that has nothing yet has it asked anew")
            }
        }
    }

    @Test func `what is asked for now is asked now, and what is asked meanwhile is asked once more`() async throws {
        try await APIFixture.withServer { fixture, client in
            let plugin = Counted()
            try await Self.polling(fixture, plugin) {
                let slow: JSONObject = ["interval": 3600]
                _ = try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-1", slow))
                try await plugin.wait(for: 1)
                let began = ContinuousClock.now
                for _ in 0..<5 {
                    _ = try await client.send(
                        .post, "\(Self.ui)/watch/", json: Self.wish("watcher-1", slow.merging(["now": true])))
                }
                try await plugin.wait(for: 2)
                try await Task.sleep(for: .seconds(1))
                // The wishes of half a second are one question, and the last wish has one that was asked after it.
                let most = 3 + Int(began.duration(to: .now) / .milliseconds(500))
                #expect(plugin.count <= most)
                let id = DataSource(plugin: "one", kind: .action, name: "count", params: ["a": 1, "b": 2]).id
                try await fixture.until { try await fixture.source(id, "task") == nil }
                let due = try await fixture.services.redis.send("ZSCORE", .init(Keys.dueSources), .init(id)).string
                let asked = Double(try await fixture.source(id, "asked") ?? "") ?? 0
                #expect((Double(due ?? "") ?? 0) - asked >= 3_600_000)
            }
        }
    }

    @Test func `whoever takes over from a poller that died waits for its task and asks nothing twice`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.installEnabled("one", "class Plugin: pass")
            let store = DataSourceStore(redis: fixture.services.redis)
            let source = DataSource(plugin: "one", kind: .action, name: "count", params: [:])
            _ = try await store.watch(
                source, every: .seconds(3600), as: "watcher-1", of: "token", knowing: "", asksNow: false)
            let dead = try #require(try await store.claim(source.id))
            #expect(!dead.isSent)
            #expect(try await store.claim(source.id) == nil)
            var options = CallOptions()
            options.id = dead.task
            let call = source.call
            try await fixture.services.queue.send(call.task, args: call.args, options: options)
            #expect(try await store.hold(dead, isSent: true))
            // As if its ten seconds had passed.
            _ = try await fixture.services.redis.send("ZADD", .init(Keys.dueSources), 1, .init(source.id))
            let plugin = Counted()
            try await Self.polling(fixture, plugin) {
                try await plugin.wait(for: 1)
                try await fixture.until { try await fixture.source(source.id, "version") != nil }
                #expect(plugin.ids == [dead.task])
                // The one that was thought dead has no say any more.
                #expect(try await store.hold(dead, isSent: false) == false)
                #expect(try await store.settle(dead, DataSourceAnswer(["success": true, "result": "late"])) == false)
                #expect(try await fixture.source(source.id, "answer")?.contains("late") == false)
            }
            #expect(try await fixture.services.queue.storedResult(of: dead.task) == nil)
        }
    }

    @Test func `a plugin that is switched off answers nobody`() async throws {
        try await APIFixture.withServer { fixture, client in
            let plugin = Counted()
            try await Self.polling(fixture, plugin) {
                let watch = try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-1"))
                let id = String(try #require(watch.json["source"]?.string).dropFirst(7))
                try await plugin.wait(for: 1)
                try await fixture.services.catalog.plugins.setEnabled("one", false)
                try await fixture.until { try await fixture.source(id, "answer")?.contains("plugin_disabled") == true }
                let refused = try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-1"))
                #expect(refused.status == 403 && refused.code == "plugin_disabled")
                let absent = try await client.send(
                    .post, "/api/plugins/plugins/two/ui/watch/", json: Self.wish("watcher-1"))
                #expect(absent.status == 404)
            }
        }
    }

    @Test func `watching has bounds, and faults are named at once`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.installEnabled("one", "class Plugin: pass")
            let faulty = try await client.send(
                .post, "\(Self.ui)/watch/",
                json: ["watcher": "me", "kind": "table", "name": "", "params": [], "interval": 0.5, "now": "yes"])
            #expect(faulty.code == "invalid_fields")
            for field in ["watcher", "kind", "name", "params", "interval", "now"] {
                #expect(faulty.error?.contains("\(field): ") == true, "\(faulty)")
            }
            let store = DataSourceStore(redis: fixture.services.redis)
            for number in 0..<DataSourceStore.mostOfOne {
                let source = DataSource(plugin: "one", kind: .action, name: "a\(number)", params: [:])
                _ = try await store.watch(
                    source, every: .seconds(60), as: "watcher-1", of: "token", knowing: "", asksNow: false)
            }
            let refused = try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-1"))
            #expect(refused.status == 429 && refused.code == "too_many_sources", "\(refused)")
            let known = Self.wish("watcher-1", ["name": "a1", "params": [:]])
            #expect(try await client.send(.post, "\(Self.ui)/watch/", json: known).status == 200)
            let left = try await client.send(
                .post, "\(Self.ui)/unwatch/",
                json: [
                    "watcher": "watcher-1",
                    "sources": [
                        .string("source:" + DataSource(plugin: "one", kind: .action, name: "a2", params: [:]).id)
                    ],
                ])
            #expect(left.status == 200)
            #expect(try await client.send(.post, "\(Self.ui)/watch/", json: Self.wish("watcher-1")).status == 200)
        }
    }

    @Test func `the shortest interval counts while somebody wants it`() async throws {
        try await APIFixture.withServer { fixture, client in
            let store = DataSourceStore(redis: fixture.services.redis)
            let source = DataSource(plugin: "one", kind: .action, name: "x", params: [:])
            for (seconds, expected) in [(60, "60000"), (5, "5000"), (60, "5000")] {
                _ = try await store.watch(
                    source, every: .seconds(seconds), as: "watcher-\(seconds)", of: "token", knowing: "",
                    asksNow: false)
                #expect(try await fixture.source(source.id, "interval") == expected)
            }
            // As if whoever wanted five had said nothing for half a minute.
            _ = try await fixture.services.redis.send("HSET", .init(Keys.source(source.id)), "fast_until", 1)
            _ = try await store.watch(
                source, every: .seconds(60), as: "watcher-60", of: "token", knowing: "", asksNow: false)
            #expect(try await fixture.source(source.id, "interval") == "60000")
            let keys = try await fixture.services.redis.send("KEYS", "*source*").array?.compactMap(\.string) ?? []
            for key in keys where key != Keys.dueSources {
                let lifetime = try await fixture.services.redis.send("PTTL", .init(key)).int ?? -1
                #expect(lifetime > 0, "\(key) would stay for ever")
            }
        }
    }

    /// Runs a body while one API polls and a worker runs the plugin.
    private static func polling(
        _ fixture: APIFixture, _ plugin: Counted, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await fixture.installEnabled("one", "class Plugin: pass")
        try await fixture.withWorker([plugin.task]) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Two of them: of one source there is one poller all the same.
                for _ in 0..<2 {
                    let poller = DataSourcePoller(
                        services: fixture.services, runDeadline: .seconds(5), logger: APIFixture.logger)
                    group.addTask { await poller.run() }
                }
                try await body()
                group.cancelAll()
            }
        }
    }
}

/// A plugin's action that counts how often it is run.
private final class Counted: Sendable {
    private struct State {
        var ids: [TaskID] = []
        var running = 0
        var mostAtOnce = 0
    }
    private let state = Mutex(State())
    private let answer: @Sendable (Int) throws -> JSONValue

    init(_ answer: @escaping @Sendable (Int) throws -> JSONValue = { ["n": .int($0)] }) { self.answer = answer }

    var count: Int { state.withLock { $0.ids.count } }
    var ids: [TaskID] { state.withLock { $0.ids } }
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    var task: RegisteredTask {
        RegisteredTask(name: TaskNames.runAction) { [self] context, _, _ in
            let number = state.withLock { state in
                state.ids.append(context.id)
                state.running += 1
                state.mostAtOnce = max(state.mostAtOnce, state.running)
                return state.ids.count
            }
            defer { state.withLock { $0.running -= 1 } }
            return try answer(number)
        }
    }

    /// The suite's time limit ends a wait for what never comes.
    func wait(for number: Int) async throws {
        while count < number { try await Task.sleep(for: .milliseconds(5)) }
    }
}

extension APIFixture {
    /// A field of a source's hash.
    fileprivate func source(_ id: String, _ field: String) async throws -> String? {
        try await services.redis.send("HGET", .init(Keys.source(id)), .init(field)).string
    }

    /// How often anybody has looked what is due.
    fileprivate func lookups() async throws -> Int {
        let text = try await services.redis.send("INFO", "commandstats").string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_zrange:calls=") }
        return line.flatMap { Int($0.dropFirst(21).prefix(while: \.isNumber)) } ?? 0
    }

    fileprivate func until(_ holds: () async throws -> Bool) async throws {
        while try await !holds() { try await Task.sleep(for: .milliseconds(5)) }
    }

    fileprivate func untilNothingIsDue() async throws {
        try await until { try await services.redis.send("ZCARD", .init(Keys.dueSources)).int == 0 }
    }
}
