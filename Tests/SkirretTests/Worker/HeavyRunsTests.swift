import CeleryProtocol
import SkirretRedis
import Synchronization
import Testing

@testable import Skirret

@Suite("Slot costs", .timeLimit(.minutes(2))) struct HeavyRunsTests {
    /// What runs at the same time, and the most of it.
    private final class Load: Sendable {
        private let state = Mutex((now: 0, most: 0, order: [String]()))
        var most: Int { state.withLock { $0.most } }
        var order: [String] { state.withLock { $0.order } }

        func run(_ name: String, weight: Int, for duration: Duration) async throws {
            state.withLock { state in
                state.now += weight
                state.most = max(state.most, state.now)
                state.order.append(name)
            }
            defer { state.withLock { $0.now -= weight } }
            try await Task.sleep(for: duration)
        }
    }

    @Test func `heavy tasks wait for all of their slots, are not starved, and never exceed the worker`() async throws {
        let load = Load()
        let light = TaskDefinition("samples.light") { (number: Int) -> Int in
            try await load.run("light", weight: 1, for: .milliseconds(20))
            return number
        }
        let heavy = TaskDefinition("samples.heavy", options: TaskOptions(slots: 3)) { (number: Int) -> Int in
            try await load.run("heavy", weight: 3, for: .milliseconds(20))
            return number
        }
        try await withQueue { queue in
            var handles: [TaskHandle<Int>] = []
            for number in 0..<20 { handles.append(try await light.delay(number, on: queue)) }
            for number in 0..<4 { handles.append(try await heavy.delay(number, on: queue)) }
            for number in 0..<200 { handles.append(try await light.delay(number, on: queue)) }
            try await withWorker(queue, tasks: [light.registered, heavy.registered]) {
                for handle in handles { _ = try await handle.result(within: .seconds(30)) }
            }
            #expect(load.most <= 4)
            let last = load.order.lastIndex(of: "heavy") ?? .max
            #expect(last < 150, "the fourth heavy one came after \(last) others")
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `what needs more than there is runs alone`() async throws {
        let load = Load()
        let light = TaskDefinition("samples.light") { (number: Int) -> Int in
            try await load.run("light", weight: 1, for: .milliseconds(10))
            return number
        }
        let giant = TaskDefinition("samples.giant", options: TaskOptions(slots: 100)) { (number: Int) -> Int in
            try await load.run("giant", weight: 4, for: .milliseconds(10))
            return number
        }
        try await withQueue { queue in
            try await withWorker(queue, tasks: [light.registered, giant.registered]) {
                var handles: [TaskHandle<Int>] = []
                for number in 0..<60 {
                    handles.append(try await (number % 20 == 10 ? giant : light).delay(number, on: queue))
                }
                for handle in handles { _ = try await handle.result(within: .seconds(30)) }
            }
            #expect(load.most <= 4)
        }
    }

    @Test func `whoever asks is told what it waits for, and a stop sends it back`() async throws {
        let go = AsyncStream<Void>.makeStream()
        let light = TaskDefinition("samples.light") { () -> Int in
            for await _ in go.stream { break }
            return 1
        }
        let heavy = TaskDefinition("samples.heavy", options: TaskOptions(slots: 4)) { () -> Int in 4 }
        try await withQueue { queue in
            let handle: TaskHandle<Int> = try await {
                let first = try await light.delay(on: queue)
                var waiting: TaskHandle<Int>?
                try await withWorker(
                    queue, tasks: [light.registered, heavy.registered], configure: { $0.heartbeat = .milliseconds(50) }
                ) {
                    try await until { try await queue.explain(first.id).place == .running }
                    let handle = try await heavy.delay(on: queue)
                    waiting = handle
                    try await until { try await queue.explain(handle.id).facts["slots"] == 4 }
                }
                return try #require(waiting)
            }()
            go.continuation.finish()
            #expect(try await queue.explain(handle.id).place == .queued)
            #expect(try await queue.redis.send("EXISTS", "skirret:crashes").int == 0)
        }
    }

    @Test func `the first in line goes first, and one that is cancelled lets the next pass`() async {
        let line = HeavyRuns()
        let runners = Mutex(3)
        let load: @Sendable () -> (runners: Int, slots: Int) = { (runners.withLock { $0 }, 4) }
        // Two in line beside one light runner.
        async let first = line.enter(4, of: "first", running: load)
        while line.waiting.isEmpty { await Task.yield() }
        let second = Task { await line.enter(2, of: "second", running: load) }
        while line.waiting.count < 2 { await Task.yield() }
        #expect(line.concurrency(of: 4) == 1)
        runners.withLock { $0 = 2 }
        line.look(load())
        let isFirst = await first
        #expect(isFirst)
        #expect(line.waiting.keys == ["second"])
        line.leave(4, running: (1, 4))
        let isSecond = await second.value
        #expect(isSecond)
        #expect(line.concurrency(of: 4) == 3)
    }
}
