import CeleryProtocol
import Foundation
import SkirretRedis
import Testing

@testable import Skirret

@Suite("Producer", .timeLimit(.minutes(1))) struct ProducerTests {
    @Test func `a delayed call's times are reckoned from Redis's clock`() async throws {
        try await withQueue { queue in
            let now = try await queue.brokerTime()
            var options = CallOptions()
            options.countdown = .seconds(60)
            options.expiresIn = .seconds(90)
            let id = try await queue.send("samples.add", options: options)
            let held = try await queue.redis.send("HGET", "skirret:scheduled:messages", .init(id.rawValue)).string ?? ""
            let message = try TaskMessage(decoding: Array(held.drop { $0 != "{" }.utf8))
            let eta = try #require(message.headers.eta)
            #expect(abs(eta.timeIntervalSince(now) - 60) < 5)
            #expect(abs((message.headers.expires ?? .distantPast).timeIntervalSince(eta) - 30) < 0.01)
            let due = try await queue.redis.send("ZSCORE", "skirret:scheduled", .init(id.rawValue)).string.flatMap(
                Double.init)
            #expect(abs((due ?? 0) / 1000 - eta.timeIntervalSince1970) < 5)
        }
    }

    @Test func `a time that has passed is no delay`() async throws {
        try await withQueue { queue in
            var options = CallOptions()
            options.eta = Date(timeIntervalSinceNow: -5)
            _ = try await queue.send("samples.add", options: options)
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
        }
    }

    @Test func `two calls with one id are one`() async throws {
        try await withQueue { queue in
            var options = CallOptions()
            options.id = "the same"
            for _ in 0..<2 { _ = try await queue.send("samples.add", options: options) }
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
        }
    }

    // MARK: options

    private func sent(_ queue: TaskQueue, to list: String = "celery") async throws -> TaskMessage {
        try TaskMessage(decoding: try await queue.redis.send("LINDEX", .init(list), 0).bytes ?? [])
    }

    @Test func `every option stands where Celery reads it`() async throws {
        let add = TaskDefinition("samples.add") { (x: Int, y: Int) in x + y }
        try await withQueue { queue in
            let handle = try await add.call(
                2, 3, on: queue, .id("mine"), .priority(5), .header("trace", "abc"), .compression(.gzip),
                .timeLimits(soft: 20, hard: 30), .shadow("other.name"), .stamp("customer", "c9"), .ignoringResult,
                .link(add.s(10)), .linkError(Signature(task: "errback")), .expires(in: .seconds(60)))
            #expect(handle.id == "mine")
            let message = try await sent(queue, to: "celery\u{06}\u{16}3")
            #expect(message.body.args == [2, 3] && message.headers.compression == "application/x-gzip")
            #expect(message.headers.timeLimit == TimeLimits(hard: 30, soft: 20))
            #expect(message.headers.shadow == "other.name" && message.headers.fields["trace"] == "abc")
            #expect(message.headers.stampedHeaders == ["customer"] && message.headers.stamps == ["customer": "c9"])
            #expect(message.headers.ignoreResult == true && message.properties.priority == 5)
            #expect(message.properties.expiration == "60000")
            #expect(message.body.callbacks.map(\.args) == [[10]] && message.body.errbacks.map(\.task) == ["errback"])
            #expect(message.body.callbacks.first?.options["customer"] == "c9")
        }
    }

    @Test func `an exchange gives a message to the queues that are bound, by key or topic`() async throws {
        try await withQueue { queue in
            let bindings = [
                QueueBinding.topic("audit.*", queue: "one"), .topic("audit.#", queue: "two"),
                QueueBinding(routingKey: "direct", queue: "three"),
            ]
            for binding in bindings {
                try await queue.redis.send("SADD", "_kombu.binding.logs", .init(binding.member()))
            }
            var options = CallOptions()
            options.exchange = "logs"
            options.routingKey = "audit.eu"
            let id = try await queue.send("samples.add", args: [1, 2], options: options)
            let copies = [try await sent(queue, to: "one"), try await sent(queue, to: "two")]
            #expect(copies.allSatisfy { $0.headers.id == id && $0.properties.exchange == "logs" })
            #expect(Set(copies.map(\.properties.deliveryTag)).count == 2)
            #expect(try await queue.redis.send("EXISTS", "three", "celery").int == 0)
        }
    }

    @Test func `a message that no queue would get is refused, and the refusal says what is bound`() async throws {
        try await withQueue { queue in
            let binding = QueueBinding.topic("audit.*", queue: "one")
            try await queue.redis.send("SADD", "_kombu.binding.logs", .init(binding.member()))
            let canvas = Signature(task: "t", options: ["exchange": "logs", "routing_key": "nobody.listens"])
            let error = await #expect(throws: UnroutableMessage.self) { try await queue.send(canvas) }
            let text = error?.description ?? ""
            for part in ["'logs'", "'nobody.listens'", "'audit.*' to queue 'one'"] {
                #expect(text.contains(part), "\(text)")
            }
        }
    }

    @Test func `routes count where neither the call nor the task names a queue`() {
        let routes: TaskRoutes = ["reports.*": "slow", "reports.daily": "celery", "reports.daily.*": "daily"]
        let wanted = ["reports.monthly": "slow", "reports.daily": "celery", "reports.daily.x": "daily"]
        for (task, queue) in wanted { #expect(routes.queue(for: task)?.rawValue == queue) }
        #expect(routes.queue(for: "other") == nil)
    }
}
