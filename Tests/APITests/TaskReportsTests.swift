import CeleryProtocol
import HummingbirdTesting
import Logging
import NIOCore
import NIOWebSocket
import Relay
import Skirret
import SkirretRedis
import Testing

@testable import API

@Suite("Task reports", .timeLimit(.minutes(1))) struct TaskReportsTests {
    private static let id = TaskID("7c5a3a5e-0000-4000-8000-000000000001")
    private static let topic = TaskReports.topics + id.rawValue

    @Test func `progress, state and lines are told as they come, each line once and in its place`() async throws {
        try await Self.listening { fixture, inbound in
            var reports = Self.reports(inbound)
            let first = try await reports.next()
            #expect(first["task_id"] == JSONValue(Self.id) && first["progress"] == .null && first["state"] == .null)
            #expect(first["log"] == ["after": .null, "lines": []], "\(first)")

            let queue = fixture.services.queue
            try await fixture.say(["one", "two"], Self.id)
            let told = try await reports.until { $0["log"] != nil }
            #expect(told["log"]?["after"] == .null)
            #expect(Self.messages(told) == ["one", "two"])

            _ = try await queue.redis.send(
                "SET", .init(queue.keys.progress(Self.id)), #"{"percent":40.0,"message":"guide 2"}"#)
            let going = try await reports.until { $0["progress"] != .null }
            #expect(going["progress"] == ["percent": 40.0, "message": "guide 2"])
            #expect(going["log"] == nil, "nothing was added")

            _ = try await queue.backend.send(
                "SET", .init(queue.keys.result(Self.id)), #"{"status": "SUCCESS", "result": {"status": "no"}}"#)
            let done = try await reports.until { $0["state"] != .null }
            #expect(done["state"] == "SUCCESS")

            try await fixture.say(["three"], Self.id)
            let last = try await reports.until { $0["log"] != nil }
            #expect(last["log"]?["after"]?["message"] == "two")
            #expect(Self.messages(last) == ["three"])
        }
    }

    @Test func `what is too much for a frame, or not what it was, is to be read anew`() async throws {
        try await Self.listening { fixture, inbound in
            var reports = Self.reports(inbound)
            _ = try await reports.next()
            try await fixture.say((1...(TaskReport.mostLines + 1)).map { "flood \($0)" }, Self.id)
            let cut = try await reports.until { $0["log"] != nil }
            #expect(cut["log"] == ["is_cut": true], "\(cut)")
            try await fixture.say(["after the flood"], Self.id)
            let next = try await reports.until { $0["log"] != nil }
            #expect(Self.messages(next) == ["after the flood"])
            #expect(next["log"]?["after"]?["message"] == .string("flood \(TaskReport.mostLines + 1)"))

            let queue = fixture.services.queue
            _ = try await queue.redis.send("DEL", .init(queue.keys.log(Self.id)))
            let gone = try await reports.until { $0["log"] != nil }
            #expect(gone["log"] == ["is_cut": true], "\(gone)")
        }
    }

    @Test func `a log that is full goes on`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.say((1...TaskLog.limit).map { "\($0)" }, Self.id)
            try await Self.listening(fixture, port: try #require(client.port)) { inbound in
                var reports = Self.reports(inbound)
                let first = try await reports.next()
                #expect(first["log"]?["after"]?["message"] == .string("\(TaskLog.limit)"), "\(first)")
                try await fixture.say(["more", "and more"], Self.id)
                let told = try await reports.until { $0["log"] != nil }
                #expect(Self.messages(told) == ["more", "and more"])
            }
        }
    }

    @Test func `only administrators hear of a task`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let token = try await client.tokens(.standard).access
            let headers = [("Authorization", "Bearer \(token)")]
            try await WebSocketClient.with(port: try #require(client.port), headers: headers) { inbound, outbound in
                try await outbound.write(.text(#"{"type":"subscribe","topics":["\#(Self.topic)","updates"]}"#))
                let refusal = try await inbound.first { $0.summary.contains(#""type":"error""#) }
                #expect(refusal?.summary.contains("topic_not_granted") == true)
                #expect(refusal?.summary.contains(Self.topic) == true)
            }
            #expect(await fixture.services.hub.heard(under: TaskReports.topics) == [])
        }
    }

    @Test func `nothing is looked at while nobody listens`() async throws {
        try await APIFixture.withServer { fixture, client in
            let hub = fixture.services.hub
            #expect(await hub.heard(under: TaskReports.topics) == [])
            try await WebSocketClient.with(port: try #require(client.port), headers: Self.bearer) { inbound, outbound in
                try await outbound.write(.text(#"{"type":"subscribe","topics":["tasks","\#(Self.topic)"]}"#))
                _ = try await inbound.first { $0.summary.contains(#""type":"subscribed""#) }
                #expect(await hub.heard(under: TaskReports.topics) == [Self.topic])
            }
            while await !hub.heard(under: TaskReports.topics).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    private static let bearer = [("Authorization", "Bearer \(APIFixture.token)")]

    private static func messages(_ report: JSONValue) -> [String?]? {
        report["log"]?["lines"]?.array?.map { $0["message"]?.string }
    }

    private typealias Frames = NIOAsyncChannelInboundStream<WebSocketFrame>

    private static func reports(_ frames: Frames) -> News { News(frames.makeAsyncIterator(), of: "task_report") }

    /// Runs a body with what is told of the task.
    private static func listening(
        _ body: @escaping @Sendable @concurrent (APIFixture, Frames) async throws -> Void
    ) async throws {
        try await APIFixture.withServer { fixture, client in
            try await listening(fixture, port: try #require(client.port)) { try await body(fixture, $0) }
        }
    }

    private static func listening(
        _ fixture: APIFixture, port: Int, _ body: @escaping @Sendable @concurrent (Frames) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fixture.server.taskReports.run() }
            try await WebSocketClient.with(port: port, headers: bearer) { inbound, outbound in
                try await outbound.write(.text(#"{"type":"subscribe","topics":["\#(topic)"]}"#))
                try await body(inbound)
            }
            group.cancelAll()
        }
    }
}

extension APIFixture {
    /// Writes lines as a worker does.
    fileprivate func say(_ lines: [String], _ id: TaskID) async throws {
        let log = TaskLog(queue: services.queue)
        for line in lines { log.append(task: id, level: .info, source: "test", message: line) }
        try await log.flush()
    }
}
