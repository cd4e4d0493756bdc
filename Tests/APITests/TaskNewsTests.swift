import CeleryProtocol
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOWebSocket
import Relay
import Skirret
import Testing

@testable import API

@Suite("Task news", .timeLimit(.minutes(1))) struct TaskNewsTests {
    private static let bearer = [("Authorization", "Bearer \(APIFixture.token)")]
    private static let subscribe = #"{"type":"subscribe","topics":["tasks"]}"#

    @Test func `whoever listens hears what has changed, and how much there is`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await Self.telling(fixture) {
                try await WebSocketClient.with(port: try #require(client.port), headers: Self.bearer) {
                    inbound, outbound in
                    var news = News(inbound.makeAsyncIterator(), of: "tasks_changed")
                    try await outbound.write(.text(Self.subscribe))
                    let first = try await news.next()
                    #expect(first["changed"] == ["tasks", "queues", "workers", "dead", "schedules"], "\(first)")
                    #expect(first["counts"]?["waiting"] == 0)
                    _ = try await client.send(.post, "/api/tasks/", json: ["task": "nobody.knows"])
                    // The ledger has it a moment before Redis.
                    let sent = try await news.until { news in
                        news["counts"]?["waiting"] == 1 && news["counts"]?["states"]?["PENDING"] == 1
                    }
                    #expect(sent["changed"]?.array?.contains("queues") == true, "\(sent)")
                    #expect(sent["changed"]?.array?.contains("workers") == false, "\(sent)")
                    #expect(sent["counts"]?["running"] == 0)
                    _ = try await client.send(
                        .post, "/api/queues/celery/purge/", json: ["confirm": "celery"])
                    _ = try await news.until { $0["counts"]?["waiting"] == 0 }
                    let schedule: JSONValue = [
                        "name": "mine", "task": "x", "schedule": ["type": "interval", "every": 1, "period": "days"],
                    ]
                    let made = try await client.send(.post, "/api/schedules/", json: schedule)
                    #expect(made.status == 201, "\(made)")
                    _ = try await news.until { $0["changed"]?.array?.contains("schedules") == true }
                }
            }
        }
    }

    @Test func `a worker that comes is news`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await Self.telling(fixture) {
                try await WebSocketClient.with(port: try #require(client.port), headers: Self.bearer) {
                    inbound, outbound in
                    var news = News(inbound.makeAsyncIterator(), of: "tasks_changed")
                    try await outbound.write(.text(Self.subscribe))
                    _ = try await news.next()
                    // The iterator stays here: a worker beside it, not around it.
                    let queue = TaskQueue(fixture.url, logger: APIFixture.logger)
                    let worker = Worker(
                        queue, registry: TaskRegistry([]), options: WorkerOptions(name: "test@here"),
                        logger: APIFixture.logger)
                    let running = Task { try await worker.run() }  // Ended below, whatever becomes of it.
                    let seen = try await news.until { $0["counts"]?["workers"] == 1 }
                    #expect(seen["changed"]?.array?.contains("workers") == true)
                    running.cancel()
                    _ = await running.result
                    await queue.close()
                }
            }
        }
    }

    @Test func `only administrators hear of tasks`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let token = try await client.tokens(.standard).access
            let headers = [("Authorization", "Bearer \(token)")]
            try await WebSocketClient.with(port: try #require(client.port), headers: headers) { inbound, outbound in
                try await outbound.write(.text(#"{"type":"subscribe","topics":["tasks","source:00","updates"]}"#))
                let refusal = try await inbound.first { $0.summary.contains(#""type":"error""#) }
                #expect(refusal?.summary.contains("topic_not_granted") == true)
                #expect(refusal?.summary.contains(#"["source:00","tasks"]"#) == true, "\(refusal?.summary ?? "")")
            }
        }
    }

    @Test func `nothing is looked at while nobody listens`() async throws {
        try await APIFixture.withServer { fixture, client in
            let hub = fixture.services.hub
            #expect(await hub.isHeard(TaskNews.topic) == false)
            try await WebSocketClient.with(port: try #require(client.port), headers: Self.bearer) { inbound, outbound in
                try await outbound.write(.text(Self.subscribe))
                _ = try await inbound.first { $0.summary.contains(#""type":"subscribed""#) }
                #expect(await hub.isHeard(TaskNews.topic))
                #expect(await hub.isHeard("updates") == false)
            }
            while await hub.isHeard(TaskNews.topic) { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Runs a body while the server tells of tasks.
    private static func telling(_ fixture: APIFixture, _ body: @escaping @Sendable () async throws -> Void) async throws
    {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fixture.server.taskNews.run() }
            try await body()
            group.cancelAll()
        }
    }
}
