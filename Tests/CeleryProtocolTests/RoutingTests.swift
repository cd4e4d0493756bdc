import CeleryProtocol
import Testing

@Suite("Routing") struct RoutingTests {
    @Test(
        arguments: [
            (nil, 0), (-3, 0), (0, 0), (2, 0), (3, 3), (5, 3), (6, 6), (8, 6), (9, 9), (12, 9),
        ] as [(Int?, Int)])
    func `a priority is clamped and rounded down to a step`(priority: Int?, step: Int) {
        #expect(QueueLists.standard.step(for: priority) == step)
    }

    @Test func `recorded messages went to the lists we would push them to`() throws {
        let deployments = [
            "global_keyprefix": QueueLists(keyPrefix: "pfx:"),
            "priority_steps_10_sep": QueueLists(steps: Array(0...9), separator: ":"),
        ]
        for row in try Fixtures.rows("task_messages") {
            let lists = deployments[row.text("case")] ?? .standard
            let properties = try Envelope(decoding: row.text("raw").bytes).properties
            let key = lists.key(QueueName(properties.routingKey), priority: properties.priority)
            #expect(key == row.text("key"))
        }
    }

    @Test func `the lists of a queue come in the order they are served`() {
        #expect(QueueLists.standard.keys("q") == ["q", "q\u{06}\u{16}3", "q\u{06}\u{16}6", "q\u{06}\u{16}9"])
    }

    @Test func `recorded bindings are read and written back`() throws {
        for row in try Fixtures.rows("bindings") {
            let binding = try #require(QueueBinding(member: row.text("member")))
            #expect(binding.member() == row.text("member"))
        }
    }

    @Test func `bindings are made as kombu makes them`() {
        #expect(QueueBinding(queue: "celery").member() == "celery\u{06}\u{16}\u{06}\u{16}celery")
        #expect(
            QueueBinding.topic("a.*.#", queue: "topq").member()
                == "a.*.#\u{06}\u{16}^a\\.[^\\.]+\\..*?$\u{06}\u{16}topq")
        #expect(QueueBinding(member: "a\u{06}\u{16}b") == nil)
        #expect(QueueBinding(member: "") == nil)
        #expect(FanoutChannel.controlQueue(node: "w@h") == "w@h.celery.pidbox")
        #expect(FanoutChannel.replyQueue(routingKey: "r") == "r.reply.celery.pidbox")
    }

    @Test func `fanout channels carry the database's number`() {
        #expect(FanoutChannel.control(database: 0) == "/0.celery.pidbox")
        #expect(FanoutChannel.control(database: 3, keyPrefix: "pfx:") == "pfx:/3.celery.pidbox")
        #expect(FanoutChannel.events(routingKey: "worker.online", database: 0) == "/0.celeryev/worker.online")
        #expect(FanoutChannel.eventPattern(database: 0) == "/0.celeryev/*")
        #expect(FanoutChannel.eventPattern("worker.#", database: 0) == "/0.celeryev/worker.*")
        #expect(FanoutChannel.name(exchange: "bc", routingKey: "celery", database: 0) == "/0.bc/celery")
    }

    @Test func `random ids are version 4 UUIDs in lower case, and differ`() throws {
        let ids = Set((0..<1000).map { _ in TaskID.random() })
        #expect(ids.count == 1000)
        for id in ids {
            let match = id.rawValue.wholeMatch(
                of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/)
            #expect(match != nil, "\(id)")
        }
    }
}
