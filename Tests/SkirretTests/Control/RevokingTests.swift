import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

@Suite("Revoking", .timeLimit(.minutes(2))) struct RevokingTests {
    private static let sleep = RemoteControlTests.sleep

    @Test func `a task that waits for its time ends at once, with its events`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: RemoteControlTests.tasks) {
                let waiting = try await Self.sleep.call(1, on: queue, .countdown(.seconds(600)))
                try await queue.revoke([waiting.id])
                #expect(try await queue.result(of: waiting.id, within: .seconds(10)).state == .revoked)
                try await until { try await queue.redis.send("ZCARD", .init(queue.keys.scheduled)).int == 0 }
            }
        }
    }

    @Test func `whoever waits for a queued task learns at once that it is revoked`() async throws {
        try await withQueue { queue in
            let waiting = try await Self.sleep.delay(1, on: queue)
            try await queue.revoke([waiting.id])
            #expect(try await queue.result(of: waiting.id, within: .seconds(5)).state == .revoked)
        }
    }

    @Test func `a running task is left alone unless it is to be terminated`() async throws {
        try await withQueue { queue in
            let panel = Panel(queue: queue)
            try await withWorker(queue, tasks: RemoteControlTests.tasks) {
                try await panel.isUp()
                let running = try await Self.sleep.delay(60, on: queue)
                try await until { try await panel.ask("active").array?.count == 1 }
                let id = JSONValue(running.id)
                let flagged = try await panel.ask("revoke", ["task_id": id])
                #expect(flagged == ["ok": .string("tasks {'\(running.id)'} flagged as revoked")])
                let stored = try await queue.redis.send("EXISTS", .init(queue.keys.result(running.id)))
                #expect(stored.int == 0, "the run goes on, and its result is its own")
                #expect(try await panel.ask("revoked") == [id])
                let unknown = try await panel.ask("terminate", ["task_id": "nobody", "signal": "KILL"])
                #expect(unknown == ["ok": "terminate: tasks unknown"])
                let stopped = try await panel.ask("revoke", ["task_id": [id], "terminate": true])
                #expect(stopped == ["ok": .string("terminate: \(running.id)")])
                #expect(try await queue.result(of: running.id, within: .seconds(10)).state == .revoked)
            }
        }
    }

    // MARK: stamps

    /// Sends a task that carries a stamp.
    private func send(_ queue: TaskQueue, customer: JSONValue, seconds: Double) async throws -> TaskID {
        var message = TaskMessage(
            task: "test.sleep", id: .random(), args: [.double(seconds)], kwargs: [:], queue: "celery")
        message.headers.stampedHeaders = ["customer"]
        message.headers.stamps = ["customer": customer]
        try await queue.enqueue(message, queue: "celery")
        return message.headers.id
    }

    @Test func `tasks with a revoked stamp do not run, on any worker, also one that came later`() async throws {
        try await withQueue { queue in
            let panel = Panel(queue: queue)
            try await withWorker(queue, tasks: RemoteControlTests.tasks) {
                try await panel.isUp()
                let answer = try await panel.ask("revoke_by_stamped_headers", ["headers": ["customer": ["c1", "c2"]]])
                #expect(
                    answer == ["ok": "headers {'customer': ['c1', 'c2']} flagged as revoked, but not terminated"])
            }
            try await withWorker(queue, tasks: RemoteControlTests.tasks, configure: { $0.name = "late@host" }) {
                let revoked = try await send(queue, customer: ["x", "c2"], seconds: 0)
                let other = try await send(queue, customer: "c3", seconds: 0)
                #expect(try await queue.result(of: revoked, within: .seconds(10)).state == .revoked)
                #expect(try await queue.result(of: other, within: .seconds(10)).state == .success)
            }
        }
    }

    @Test func `a running task with a revoked stamp is terminated when that is asked for`() async throws {
        try await withQueue { queue in
            let panel = Panel(queue: queue)
            try await withWorker(queue, tasks: RemoteControlTests.tasks) {
                try await panel.isUp()
                let running = try await send(queue, customer: "c5", seconds: 60)
                try await until { try await panel.ask("active").array?.count == 1 }
                // As the command line gives it.
                let other = try await panel.ask(
                    "revoke_by_stamped_headers", ["headers": ["customer=c6"], "terminate": true])
                #expect(other == ["ok": "headers {'customer': 'c6'} were not terminated"])
                let mine = try await panel.ask(
                    "revoke_by_stamped_headers", ["headers": ["customer": ["c5"]], "terminate": true])
                #expect(mine == ["ok": "headers {'customer': {'c5'}} revoked"])
                #expect(try await queue.result(of: running, within: .seconds(10)).state == .revoked)
            }
        }
    }

    // MARK: among workers

    @Test func `a starting worker takes over clocks and revocations, and tells its own`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            // A peer that knows of a revoked task from memory only, as Celery's do.
            let peer = Task { try await answerOneHello(queue, ["revoked": ["from-peer"], "clock": 5_000]) }
            try await until { try await queue.redis.send("PUBSUB", "NUMPAT").int == 1 }
            try await queue.redis.send("ZADD", .init(queue.keys.revoked), 1_000_000_000_000_000, "ours")
            try await withWorker(queue, tasks: []) {
                let asked = try await peer.value
                #expect(asked["from_node"] == "test@host" && asked["revoked"] == ["ours"])
                try await until {
                    try await queue.redis.send("ZSCORE", .init(queue.keys.revoked), "from-peer").string != nil
                }
                let panel = Panel(queue: queue)
                try await until { (try await panel.ask("clock")["clock"]?.int ?? 0) > 5_000 }
            }
            await queue.close()
        }
    }

    private func answerOneHello(_ queue: TaskQueue, _ answer: JSONValue) async throws -> JSONObject {
        let channel = FanoutChannel.control(database: 0)
        return try await queue.subscriber.withSubscription(patterns: [channel]) { messages in
            for try await push in messages {
                guard case .message(_, let payload) = push else { continue }
                let request = try ControlRequest(decoding: payload)
                guard request.method == "hello", let address = request.reply else { continue }
                try await queue.reply(
                    ControlReply(node: "peer@host", value: answer, ticket: address.ticket, clock: 1), to: address)
                return request.arguments
            }
            return [:]
        }
    }

    @Test func `a worker answers hello with what it knows, but not its own`() async throws {
        try await withQueue { queue in
            let panel = Panel(queue: queue)
            try await withWorker(queue, tasks: []) {
                try await panel.isUp()
                let answer = try await panel.ask("hello", ["from_node": "me@x", "revoked": ["r1", 7, ""]])
                #expect(answer["revoked"] == ["r1"] && answer["clock"]?.int != nil)
                let own = try await queue.ask("hello", ["from_node": "test@host"], within: .milliseconds(300))
                #expect(own.isEmpty)
            }
        }
    }
}
