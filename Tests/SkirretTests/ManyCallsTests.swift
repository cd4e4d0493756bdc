import CeleryProtocol
import Foundation
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

@Suite("Many calls at once", .timeLimit(.minutes(1))) struct ManyCallsTests {
    static let add = TaskDefinition("samples.add") { (x: Int, y: Int) in x + y }
    static let double = TaskDefinition("samples.double") { (x: Int) in x * 2 }

    /// The messages of a list, oldest first.
    private func messages(_ queue: TaskQueue, _ list: String = "celery") async throws -> [TaskMessage] {
        let held = try await queue.redis.send("LRANGE", .init(list), 0, -1).array ?? []
        return try held.reversed().map { try TaskMessage(decoding: $0.bytes ?? []) }
    }

    @Test func `handles come in the order of the calls, and the queue keeps it, over several steps`() async throws {
        try await withQueue { queue in
            let handles = try await Self.add.delay(many: (0..<1201).map { ($0, 1) }, on: queue)
            let messages = try await messages(queue)
            #expect(messages.map(\.headers.id) == handles.map(\.id) && Set(handles.map(\.id)).count == 1201)
            #expect(messages.map { $0.body.args[0] } == (0..<1201).map { .int($0) })
            #expect(Set(messages.map(\.properties.deliveryTag)).count == 1201)
            let runs = try await queue.redis.send("INFO", "commandstats").string ?? ""
            #expect(runs.contains("cmdstat_lpush:calls=3,"), "\(runs)")
            #expect(try await queue.redis.send("SISMEMBER", "skirret:queues", "celery").int == 1)
        }
    }

    @Test func `monitors hear of every call that was accepted, if they are to`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, sendsSentEvents: true, logger: quiet)
            try await queue.redis.send("SET", "refused", "no list")
            var elsewhere = CallOptions()
            elsewhere.queue = "refused"
            var calls = (0..<700).map { TaskCall("samples.add", args: [.int($0), 1]) }
            calls.insert(TaskCall("samples.add", args: [0, 0], options: elsewhere), at: 600)
            let all = calls
            let told = try await queue.subscriber.withSubscription(patterns: ["/0.celeryev/*"]) { messages in
                var told: [JSONObject] = []
                for try await push in messages {
                    switch push {
                    case .subscribed:
                        await #expect(throws: IncompleteSend.self) { try await queue.send(many: all) }
                        _ = try await queue.send("samples.last")
                    case .message(_, let payload):
                        let event = try EventMessage(decoding: payload)
                        told += event.events.filter { $0["type"] == "task-sent" }
                        if told.last?["name"] == "samples.last" { return told }
                    }
                }
                return told
            }
            let ids = try await messages(queue).map(\.headers.id.rawValue)
            #expect(told.compactMap { $0["uuid"]?.string } == ids)
            #expect(told.count == 701)
            let first = told.first
            #expect(first?["name"] == "samples.add" && first?["args"] == "(0, 1)" && first?["queue"] == "celery")
            await queue.close()
        }
    }

    @Test func `each is the message that a single call would have sent`() async throws {
        try await withQueue { queue in
            var plain = CallOptions()
            plain.priority = 4
            plain.ignoresResult = true
            var rich = plain
            rich.headers = ["trace": "a"]
            rich.timeLimits = TimeLimits(hard: 5, soft: 3)
            rich.shadow = "other"
            rich.stamps = ["customer": "c"]
            rich.compression = .gzip
            for var options in [CallOptions(), plain, rich] {
                options.id = "one\"'\\ id"
                let call = TaskCall("samples.add", args: [1, "ä\"\n"], kwargs: ["k": [nil, 1.5]], options: options)
                let list = options.priority == nil ? "celery" : "celery\u{06}\u{16}3"
                try await queue.send(call.task, args: call.args, kwargs: call.kwargs, options: options)
                try await queue.redis.send("DEL", .init(queue.keys.marker("one\"'\\ id")))
                try await queue.send(many: [call])
                try await queue.redis.send("DEL", .init(queue.keys.marker("one\"'\\ id")))
                var found = try await messages(queue, list)
                try #require(found.count == 2)
                found.append(
                    TaskMessage(
                        task: call.task, id: "one\"'\\ id", args: call.args, kwargs: call.kwargs, queue: "celery"))
                found[2].headers.origin = TaskQueue.origin
                options.apply(to: &found[2])
                for index in found.indices {
                    found[index].properties.deliveryTag = "tag"
                    found[index].properties.replyTo = "reply"
                }
                #expect(found[0] == found[2] && found[1] == found[2], "\(found[0])\n\(found[1])\n\(found[2])")
                try await queue.redis.send("DEL", .init(list))
            }
        }
    }

    @Test func `delays, priorities, exchanges and fair keys count for each call`() async throws {
        try await withQueue { queue in
            let binding = QueueBinding.topic("audit.*", queue: "one")
            try await queue.redis.send(
                "SADD", "_kombu.binding.logs", .init(binding.member()),
                .init(QueueBinding.topic("audit.#", queue: "two").member()))
            func call(_ change: CallOption...) -> TaskCall { TaskCall("t", options: CallOptions(change)) }
            let ids = try await queue.send(many: [
                call(.countdown(.seconds(60))), call(.priority(9)), call(.exchange("logs", routingKey: "audit.eu")),
                call(.fair("anna")), call(.queue("other")), call(.fair("anna")), call(.countdown(.seconds(60))),
            ])
            #expect(try await queue.redis.send("ZCARD", "skirret:scheduled").int == 2)
            let held = try await queue.redis.send("HGET", "skirret:scheduled:messages", .init(ids[0].rawValue)).string
            #expect(held?.hasPrefix("celery\n{") == true)
            for (list, index) in [("celery\u{06}\u{16}9", 1), ("one", 2), ("two", 2), ("other", 4)] {
                #expect(try await messages(queue, list).map(\.headers.id) == [ids[index]], "\(list)")
            }
            let hand = queue.keys.fairHands("celery") + "anna"
            #expect(try await messages(queue, hand).map(\.headers.id) == [ids[3], ids[5]])
            #expect(try await queue.redis.send("HGET", .init(queue.keys.fair), "celery").string == "2")
            #expect(try await queue.redis.send("LRANGE", .init(queue.keys.fairRing("celery")), 0, -1).array?.count == 1)
        }
    }

    @Test func `workers hear of each list that got something, of fair calls, and of what is due before all others`()
        async throws
    {
        try await withQueue { queue in
            func call(_ change: CallOption...) -> TaskCall { TaskCall("t", options: CallOptions(change)) }
            let heard = try await queue.subscriber.withSubscription(patterns: ["skirret:wake*"]) { messages in
                var heard: [String] = []
                for try await push in messages {
                    switch push {
                    case .subscribed:
                        try await queue.send(many: [
                            call(), call(), call(.fair("anna")), call(.countdown(.seconds(60))),
                        ])
                        // Another one is due before it: nobody has to look again.
                        try await queue.send(many: [call(.countdown(.seconds(120)))])
                        try await queue.send(many: [call(.queue("last"))])
                    case .message(let channel, let payload):
                        heard.append(
                            channel.dropFirst("skirret:wake".count) + " " + String(decoding: payload, as: UTF8.self))
                        if channel.hasSuffix("last") { return heard }
                    }
                }
                return heard
            }
            #expect(heard == [":celery queued", " scheduled", " fair", ":last queued"])
        }
    }

    @Test func `unique calls are one, and both get its id`() async throws {
        let build = TaskDefinition("reports.build", options: .init(uniqueness: .unique())) { (day: String) in day }
        try await withQueue { queue in
            let handles = try await build.delay(many: ["mo", "tu", "mo"], on: queue)
            #expect(handles[0].id == handles[2].id && handles[0].id != handles[1].id)
            #expect(try await queue.redis.send("LLEN", "celery").int == 2)
        }
    }

    @Test func `an id for many calls is refused with what to do instead`() async throws {
        try await withQueue { queue in
            let error = await #expect(throws: OptionOfOneCall.self) {
                try await Self.double.delay(many: [1, 2], on: queue, .id("x"))
            }
            #expect(error?.description.contains("TaskCall") == true)
            let none = try await Self.double.delay(many: [], on: queue)
            #expect(none.isEmpty)
        }
    }

    @Test func `what Redis refuses is told call by call, and everything else is accepted`() async throws {
        try await withQueue { queue in
            try await queue.redis.send("SET", "taken", "no list")
            var calls = (0..<6).map { TaskCall("t", args: [.int($0)]) }
            for index in [1, 4] { calls[index].options.queue = "taken" }
            calls[2].options.exchange = "nowhere"
            let first = calls
            let error = await #expect(throws: IncompleteSend.self) { try await queue.send(many: first) }
            let failures = error?.failures ?? []
            try #require(failures.map(\.index) == [1, 2, 4])
            #expect(failures.allSatisfy { $0.fate == .refused })
            #expect(failures.map(\.id) == [1, 2, 4].map { error?.ids[$0] })
            #expect(failures[1].error is UnroutableMessage)
            let text = error?.description ?? ""
            #expect(
                text.contains("3 of 6 calls were not accepted (3 refused)") && text.contains("WRONGTYPE"), "\(text)")
            #expect(try await messages(queue).map { $0.body.args } == [[0], [3], [5]])
            // No marker stands in the way of another try.
            try await queue.redis.send("DEL", "taken")
            calls = [1, 4].map { index in
                var call = calls[index]
                call.options.id = error?.ids[index]
                return call
            }
            try await queue.send(many: calls)
            #expect(try await messages(queue, "taken").map { $0.body.args } == [[1], [4]])
        }
    }

    @Test func `connections that break before the answer lose no call and double none`() async throws {
        try await ThrowawayRedis.withServer { url in
            try await FaultProxy.withProxy(to: url) { proxy in
                let queue = TaskQueue(proxy.url, logger: quiet)
                try await queue.send("warm.up", options: CallOptions([.queue("other")]))
                async let sending = Self.double.delay(many: Array(0..<3000), on: queue)
                for _ in 0..<5 {
                    proxy.cut()
                    try await Task.sleep(for: .milliseconds(20))
                }
                let handles = try await sending
                #expect(try await messages(queue).map(\.headers.id) == handles.map(\.id))
                await queue.close()
            }
        }
    }

    @Test func `calls without an answer are told apart from those never sent, and can be sent again`() async throws {
        try await ThrowawayRedis.withServer { url in
            try await FaultProxy.withProxy(to: url) { proxy in
                let queue = TaskQueue(proxy.url, logger: quiet)
                let direct = TaskQueue(url, logger: quiet)
                try await queue.send(many: [TaskCall("warm.up", options: CallOptions([.queue("other")]))])
                proxy.faults.losesAnswers = true
                var calls = (0..<1100).map { TaskCall("t", args: [.int($0)]) }
                let first = calls
                let error = await #expect(throws: IncompleteSend.self) { try await queue.send(many: first) }
                let failures = error?.failures ?? []
                #expect(failures.count == 1100 && failures.prefix(500).allSatisfy { $0.fate == .unknown })
                #expect(failures.dropFirst(500).allSatisfy { $0.fate == .notSent })
                for (index, id) in (error?.ids ?? []).enumerated() { calls[index].options.id = id }
                try await direct.send(many: calls)
                #expect(try await messages(direct).map(\.headers.id) == error?.ids)
                await queue.close()
                await direct.close()
            }
        }
    }
}
