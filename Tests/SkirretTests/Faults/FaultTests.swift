import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import SkirretTesting
import Synchronization
import Testing

/// What Redis and workers may do to each other, one fault at a time: the bars are times.
@Suite("Faults", .serialized, .timeLimit(.minutes(4))) struct FaultTests {
    private let starts = Starts()

    private var quick: TaskDefinition<Int, Int> { starts.quick }

    /// Acknowledged before it runs: what is lost between the two is lost for good.
    private var early: TaskDefinition<Int, Int> {
        TaskDefinition("samples.early", options: TaskOptions(acknowledgement: .early)) {
            [starts] (context: TaskContext, number: Int) in
            starts.note(context.id)
            return number
        }
    }

    private var slow: TaskDefinition<Double, Double> { starts.slow }

    private func workers(
        _ url: RedisURL, _ count: Int, _ complaints: Complaints = Complaints(),
        configure: @escaping (inout WorkerOptions) -> Void = { _ in }
    ) -> [FleetWorker] {
        (0..<count).map { index in
            FleetWorker(
                url, name: "w\(index)@host", tasks: [quick.registered, early.registered, slow.registered],
                logger: complaints.logger, configure: configure)
        }
    }

    /// Enqueues until the broker has accepted so many; what it refuses is not counted.
    private func produce(_ count: Int, on queue: TaskQueue, _ accepted: Accepted) async {
        for number in 0..<count {
            if let handle = try? await quick.delay(number, on: queue) {  // refused: the producer knows
                accepted.add(handle.id)
            }
        }
    }

    /// Enqueues some 300 tasks a second for as long as the fault lasts, every other one acknowledged early.
    private func produce(for duration: Duration, on queue: TaskQueue, _ accepted: Accepted) async {
        let end = ContinuousClock.now + duration
        while .now < end {
            for task in [quick, early] {
                if let handle = try? await task.delay(1, on: queue) {  // refused: the producer knows
                    accepted.add(handle.id)
                }
            }
            try? await Task.sleep(for: .milliseconds(5))  // the load's pace; nobody cancels it
        }
    }

    private func waitForSuccess(_ accepted: Accepted, _ queue: TaskQueue) async throws {
        let ids = accepted.all
        try await withTimeout(.seconds(60), else: Unfinished(states: try await states(ids, queue))) {
            try await until { try await states(ids, queue)["SUCCESS"] == ids.count }
        }
    }

    private struct Unfinished: Error { let states: [String: Int] }

    @Test func `Redis is killed and comes back under load`() async throws {
        try await ThrowawayRedis.withServerProcess(.init(isDurable: true)) { server in
            let queue = TaskQueue(server.url, logger: quiet)
            let accepted = Accepted()
            try await withFleet(workers(server.url, 2)) {
                async let producing: Void = produce(500, on: queue, accepted)
                try await until { accepted.all.count >= 150 }
                await server.kill()
                try await Task.sleep(for: .seconds(1))  // the fault's own length
                try await server.restart()
                let back = ContinuousClock.now
                let probe = try await quick.delay(-1, on: queue)
                _ = try await probe.result(within: .seconds(30))
                #expect(back.duration(to: .now) <= .seconds(3))
                await producing
                try await waitForSuccess(accepted, queue)
            }
            #expect(accepted.all.count >= 400)
            #expect(starts.repeated == [:])
            let left = try await leftovers(queue)
            #expect(left == [])
            await queue.close()
        }
    }

    @Test func `Redis stands still for longer than a lease`() async throws {
        try await ThrowawayRedis.withServerProcess { server in
            let queue = TaskQueue(server.url, logger: quiet)
            let accepted = Accepted()
            let fleet = workers(server.url, 2) { options in
                options.lease = .seconds(4)
                options.heartbeat = .milliseconds(500)
                options.sweep = .milliseconds(300)
            }
            try await withFleet(fleet) {
                for _ in 0..<12 { accepted.add(try await slow.delay(9, on: queue).id) }
                try await until { starts.total == 12 }
                server.pause()
                try await Task.sleep(for: .seconds(6))  // the fault's own length
                server.resume()
                let back = ContinuousClock.now
                let probe = try await quick.delay(-1, on: queue)
                _ = try await probe.result(within: .seconds(30))
                #expect(back.duration(to: .now) <= .seconds(3))
                try await waitForSuccess(accepted, queue)
            }
            #expect(starts.repeated == [:])
            let left = try await leftovers(queue)
            #expect(left == [])
            await queue.close()
        }
    }

    @Test func `scripts are flushed all the time`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let vandal = RedisClient(url, logger: quiet)
            let accepted = Accepted()
            let complaints = Complaints()
            let worker = FleetWorker(
                url, name: "w@host", tasks: [quick.registered, early.registered], logger: complaints.logger)
            try await withFleet([worker]) {
                async let producing: Void = produce(for: .seconds(3), on: queue, accepted)
                let end = ContinuousClock.now + .seconds(3)
                while .now < end {
                    try await vandal.send("SCRIPT", "FLUSH")
                    try await Task.sleep(for: .milliseconds(100))
                }
                await producing
                #expect(accepted.all.count >= 200)
                try await waitForSuccess(accepted, queue)
            }
            #expect(complaints.all == [])
            #expect(starts.repeated == [:])
            let left = try await leftovers(queue)
            #expect(left == [])
            await vandal.close()
            await queue.close()
        }
    }

    @Test func `a worker dies and another one takes over`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let fleet = workers(url, 2) { options in
                options.lease = .seconds(2)
                options.heartbeat = .milliseconds(300)
                options.sweep = .milliseconds(200)
            }
            fleet[0].start()
            let handle = try await slow.delay(1.5, on: queue)
            try await until { starts.count(handle.id) == 1 }
            await fleet[0].kill()
            let died = ContinuousClock.now
            try await withFleet([fleet[1]]) {
                try await until { starts.count(handle.id) == 2 }
                #expect(died.duration(to: .now) <= .seconds(5), "a lease, a sweep, and room")
                #expect(try await handle.result(within: .seconds(20)) == 1.5)
                // Well after it: nobody runs it a third time.
                try await Task.sleep(for: .seconds(3))
            }
            #expect(starts.count(handle.id) == 2)
            let left = try await leftovers(queue)
            #expect(left == [])
            await queue.close()
        }
    }

    @Test func `a worker that froze writes nothing over the result of the one that took over`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let deaf = TaskDefinition("samples.slow") { [starts] (context: TaskContext, seconds: Double) in
                starts.note(context.id)
                try? await Task.sleep(for: .seconds(seconds))  // told to stop, it ends at once and claims success
                return -1.0
            }
            let frozen = FleetWorker(url, name: "frozen@host", tasks: [deaf.registered]) { $0.concurrency = 1 }
            frozen.start()
            let handle = try await slow.delay(1, on: queue)
            try await until { starts.count(handle.id) == 1 }
            // As if its lease had run out while it could not renew it.
            let tokens = try await queue.redis.send("ZRANGE", "skirret:leases", 0, -1).array?.compactMap(\.string) ?? []
            for token in tokens { try await queue.redis.send("ZADD", "skirret:leases", 1, .init(token)) }
            try await withFleet(workers(url, 1) { $0.sweep = .milliseconds(20) }) {
                try await until { starts.count(handle.id) == 2 }
                #expect(try await handle.result(within: .seconds(20)) == 1, "the result of the one that took over")
                await frozen.stop()
            }
            #expect(try await queue.storedResult(of: handle.id)?.result.double == 1)
            #expect(starts.count(handle.id) == 2)
            let left = try await leftovers(queue)
            #expect(left == [])
            await queue.close()
        }
    }

    @Test func `connections are cut all the time`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .tcp)) { url in
            let queue = TaskQueue(url, logger: quiet)
            let vandal = RedisClient(url, logger: quiet)
            let accepted = Accepted()
            let complaints = Complaints()
            try await withFleet(workers(url, 2, complaints)) {
                async let producing: Void = produce(for: .seconds(5), on: queue, accepted)
                let end = ContinuousClock.now + .seconds(5)
                while .now < end {
                    for type: RedisArgument in ["normal", "pubsub"] {
                        try await vandal.send("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes")
                    }
                    try await Task.sleep(for: .milliseconds(200))
                }
                await producing
                try await waitForSuccess(accepted, queue)
            }
            #expect(accepted.all.count >= 300)
            // Nothing had to wait until a lease ended: every lost answer was asked for again.
            let waited = complaints.all.filter { $0.contains("dead workers") }
            #expect(waited == [], "\(complaints.all)")
            #expect(starts.repeated == [:])
            let left = try await leftovers(queue)
            #expect(left == [])
            #expect(try await queue.redis.send("EXISTS", "skirret:crashes", "skirret:dead").int == 0)
            await vandal.close()
            await queue.close()
        }
    }

    @Test func `a full Redis is drained`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let accepted = Accepted()
            await produce(50, on: queue, accepted)
            try await queue.redis.send("CONFIG", "SET", "maxmemory-policy", "noeviction")
            try await queue.redis.send("CONFIG", "SET", "maxmemory", 1)
            await #expect(throws: RedisError.self) { try await quick.delay(1, on: queue) }
            try await withFleet(workers(url, 2)) { try await waitForSuccess(accepted, queue) }
            #expect(accepted.all.count == 50)
            let left = try await leftovers(queue)
            #expect(left == [])
            await queue.close()
        }
    }

    @Test func `messages on their last chance do not run beside each other`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let accepted = Accepted()
            let inside = Mutex((now: 0, most: 0))
            let alone = TaskDefinition("samples.quick") { (number: Int) in
                inside.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                try await Task.sleep(for: .milliseconds(100))
                inside.withLock { $0.now -= 1 }
                return number
            }
            await produce(4, on: queue, accepted)
            for id in accepted.all { try await queue.redis.send("HSET", "skirret:crashes", .init(id.rawValue), 2) }
            let worker = FleetWorker(url, name: "w@host", tasks: [alone.registered])
            try await withFleet([worker]) { try await waitForSuccess(accepted, queue) }
            #expect(inside.withLock { $0.most } == 1, "one that kills its host would have taken the others along")
            let left = try await leftovers(queue)
            #expect(left == [])
            await queue.close()
        }
    }
}
