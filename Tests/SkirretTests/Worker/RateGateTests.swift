import CeleryProtocol
import SkirretRedis
import Synchronization
import Testing

@testable import Skirret

@Suite("Rate gate", .timeLimit(.minutes(2))) struct RateGateTests {
    @Test func `runs start no faster than the rate, and what waits gets one moment each`() {
        let gate = RateGate(), limit = RateLimit(10, per: .seconds(1)), now = ContinuousClock.now
        #expect(gate.wait("t", limit, now: now) == nil)
        #expect(gate.wait("t", limit, now: now) == .milliseconds(100))
        #expect(gate.wait("t", limit, now: now) == .milliseconds(200))
        #expect(gate.wait("other", limit, now: now) == nil)
        // The first that waited comes back at its moment; the next one behind the others.
        #expect(gate.wait("t", limit, now: now + .milliseconds(100)) == nil)
        #expect(gate.wait("t", limit, now: now + .milliseconds(110)) == .milliseconds(190))
    }

    @Test func `a changed rate counts at once and zero is no limit`() {
        let gate = RateGate(), now = ContinuousClock.now
        #expect(gate.wait("t", RateLimit(1, per: .seconds(3600)), now: now) == nil)
        #expect(gate.wait("t", RateLimit(10, per: .seconds(1)), now: now) == .milliseconds(100))
        #expect(gate.wait("t", RateLimit(0, per: .seconds(1)), now: now) == nil)
    }

    @Test func `a fast rate grants what came together in a moment`() {
        let gate = RateGate(), limit = RateLimit(1000, per: .seconds(1)), now = ContinuousClock.now
        let started = (0..<100).count { _ in gate.wait("t", limit, now: now) == nil }
        #expect(started == 50)
    }

    @Test func `a message over the rate is parked in Redis and runs when the bucket frees`() async throws {
        let times = Mutex<[ContinuousClock.Instant]>([])
        let task = TaskDefinition("samples.rated", options: .init(rateLimit: RateLimit(10, per: .seconds(1)))) {
            (number: Int) in
            times.withLock { $0.append(.now) }
            return number
        }
        let other = TaskDefinition("samples.other") { (number: Int) in number }
        try await withQueue { queue in
            try await withWorker(queue, tasks: [task.registered, other.registered], configure: { $0.concurrency = 2 }) {
                var handles: [TaskHandle<Int>] = []
                for number in 0..<6 { handles.append(try await task.delay(number, on: queue)) }
                try await until { try await queue.redis.send("ZCARD", "skirret:scheduled").int ?? 0 >= 3 }
                // What waits for the bucket is in nobody's way.
                let quick = try await other.delay(1, on: queue).result(within: .seconds(10))
                #expect(quick == 1)
                for handle in handles { _ = try await handle.result(within: .seconds(20)) }
            }
            let all = times.withLock { $0.sorted() }
            #expect(all.count == 6)
            #expect((all.last ?? .now) - (all.first ?? .now) >= .milliseconds(480))
            #expect(try await leftovers(queue) == [])
        }
    }
}
