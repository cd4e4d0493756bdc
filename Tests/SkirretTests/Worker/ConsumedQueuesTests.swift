import CeleryProtocol
import Skirret
import SkirretRedis
import SkirretTesting
import Synchronization
import Testing

@testable import Skirret

@Suite("Queues that come and go") struct ConsumedQueuesTests {
    static let add = TaskDefinition("test.add") { (x: Int, y: Int) in x + y }

    @Test(.timeLimit(.minutes(1)))
    func `a worker takes from a queue that was added, until it is cancelled`() async throws {
        try await ThrowawayRedis.withServer { url in
            let worker = FleetWorker(url, name: "w@host", tasks: [Self.add.registered])
            try await withFleet([worker]) {
                let queue = worker.queue
                let before = try await Self.add.call(1, 2, on: queue, .queue("extra"))
                let marker = try await Self.add.call(1, 1, on: queue)
                #expect(try await marker.result(within: .seconds(10)) == 2)
                #expect(try await queue.overview().queues.contains { $0.name == "extra" && $0.waiting == 1 })

                try await worker.worker.addQueue("extra")
                let three = try await before.result(within: .seconds(10))
                #expect(three == 3)
                #expect(worker.worker.queues == ["celery", "extra"])
                // Bound, so that Python producers that name the exchange find it.
                let binding = try await queue.redis.send("SCARD", .init(queue.keys.binding("extra")))
                #expect(binding.int == 1)

                worker.worker.cancelQueue("extra")
                let after = try await Self.add.call(2, 2, on: queue, .queue("extra"))
                let second = try await Self.add.call(2, 1, on: queue)
                let alsoThree = try await second.result(within: .seconds(10))
                #expect(alsoThree == 3)
                let length = try await queue.redis.send("LLEN", "extra")
                #expect(length.int == 1, "the cancelled queue was served: \(after.id)")
            }
        }
    }

    @Test func `every change is told once, and none that changes nothing`() async {
        let queues = ConsumedQueues(["a"])
        #expect(queues.add("b"))
        #expect(!queues.add("b"))
        #expect(queues.remove("a"))
        #expect(!queues.remove("a"))
        #expect(queues.names == ["b"])
        #expect(queues.state.version == 2)
        for await names in queues.changes {
            #expect(names == ["b"])
            break
        }
    }
}

@Suite("Settings of a task that change while the worker runs") struct TaskSettingsTests {
    static let slow = RegisteredTask(name: "test.slow", options: .init(timeLimit: .seconds(60))) { _, _, _ in
        try await Task.sleep(for: .seconds(60))
        return nil
    }

    @Test func `a changed limit stands above the task's own, also one that was taken away`() {
        let settings = TaskSettings()
        #expect(settings.timeLimits(of: Self.slow)?.soft == 60)
        settings.limitTime(of: "test.slow", to: .init(hard: 20, soft: 10))
        #expect(settings.timeLimits(of: Self.slow) == .init(hard: 20, soft: 10))
        settings.limitTime(of: "test.slow", to: .init())
        #expect(settings.timeLimits(of: Self.slow) == nil)

        #expect(settings.rateLimit(of: Self.slow) == nil)
        settings.limitRate(of: "test.slow", to: RateLimit(celery: "10/m"))
        #expect(settings.rateLimit(of: Self.slow) == RateLimit(10, per: .seconds(60)))
        settings.limitRate(of: "test.slow", to: nil)
        #expect(settings.rateLimit(of: Self.slow) == nil)
    }
}
