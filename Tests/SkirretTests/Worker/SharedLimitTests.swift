import CeleryProtocol
import Skirret
import SkirretRedis
import SkirretTesting
import Synchronization
import Testing

/// Notes when runs begin and end, and how many of one kind there were at the same time.
private final class Record: Sendable {
    private struct State {
        var running: [String: Int] = [:]
        var most: [String: Int] = [:]
        var begun: [Int] = []
        var times: [ContinuousClock.Instant] = []
    }
    private let state = Mutex(State())

    func run(_ key: String, _ number: Int, for time: Duration) async throws {
        state.withLock { state in
            state.running[key, default: 0] += 1
            state.most[key] = max(state.most[key] ?? 0, state.running[key] ?? 0)
            state.begun.append(number)
            state.times.append(.now)
        }
        defer { state.withLock { $0.running[key, default: 0] -= 1 } }
        try await Task.sleep(for: time)
    }

    /// Whether so many runs have begun or stand in line, so that the next one comes after them.
    func hasMet(_ count: Int, _ queue: TaskQueue) async throws -> Bool {
        let waiting = try await queue.redis.send("HLEN", "skirret:waiting").int ?? 0
        return begun.count + waiting >= count
    }

    var most: [String: Int] { state.withLock { $0.most } }
    var begun: [Int] { state.withLock { $0.begun } }
    var times: [ContinuousClock.Instant] { state.withLock { $0.times } }
}

@Suite("Shared limits", .timeLimit(.minutes(2))) struct SharedLimitTests {
    @Test func `no more than allowed run at the same time in the whole fleet, each key by itself`() async throws {
        let record = Record()
        let task = TaskDefinition(
            "samples.limited", options: .init(limits: [.concurrency(2) { args, _ in args.first?.string ?? "" }])
        ) { (key: String, number: Int) in
            try await record.run(key, number, for: .milliseconds(20))
            return number
        }
        try await ThrowawayRedis.withServer { url in
            let fleet = (0..<2).map { FleetWorker(url, name: "w\($0)@host", tasks: [task.registered]) }
            let queue = TaskQueue(url, logger: quiet)
            try await withFleet(fleet) {
                var handles: [TaskHandle<Int>] = []
                for number in 0..<20 {
                    handles.append(try await task.delay("a", number, on: queue))
                    handles.append(try await task.delay("b", number, on: queue))
                }
                for handle in handles { _ = try await handle.result(within: .seconds(20)) }
                #expect(record.most == ["a": 2, "b": 2])
                #expect(record.begun.count == 40)
            }
            #expect(try await leftovers(queue) == [])
            await queue.close()
        }
    }

    @Test func `those that wait pass in their order`() async throws {
        let record = Record()
        let task = TaskDefinition("samples.limited", options: .init(limits: [.concurrency(1)])) { (number: Int) in
            try await record.run("", number, for: .milliseconds(5))
            return number
        }
        try await withQueue { queue in
            var handles: [TaskHandle<Int>] = []
            try await withWorker(queue, tasks: [task.registered], configure: { $0.concurrency = 2 }) {
                for number in 0..<12 {
                    handles.append(try await task.delay(number, on: queue))
                    try await until { try await record.hasMet(number + 1, queue) }
                }
                for handle in handles { _ = try await handle.result(within: .seconds(20)) }
            }
            #expect(record.begun == Array(0..<12))
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `the place of a worker that died becomes free with its lease`() async throws {
        let task = TaskDefinition("samples.limited", options: .init(limits: [.concurrency(1)])) { (seconds: Double) in
            try await Task.sleep(for: .seconds(seconds))
            return seconds
        }
        try await ThrowawayRedis.withServer { url in
            func quick(_ options: inout WorkerOptions) {
                options.lease = .milliseconds(600)
                options.heartbeat = .milliseconds(150)
                options.sweep = .milliseconds(150)
                options.mostCrashes = 1
            }
            let doomed = FleetWorker(url, name: "doomed@host", tasks: [task.registered], configure: quick)
            let other = FleetWorker(url, name: "other@host", tasks: [task.registered], configure: quick)
            let queue = TaskQueue(url, logger: quiet)
            doomed.start()
            let first = try await task.delay(60, on: queue)
            try await until { try await queue.redis.send("EXISTS", "skirret:waiting:limits:held").int == 1 }
            let second = try await task.delay(0, on: queue)
            try await until { try await queue.redis.send("HLEN", "skirret:waiting").int == 1 }
            await doomed.kill()
            try await withFleet([other]) {
                let passed = try await second.result(within: .seconds(20))
                #expect(passed == 0)
                let lost = try await queue.result(of: first.id, within: .seconds(20))
                #expect(lost.failure?.excType == "WorkerLostError")
            }
            #expect(try await leftovers(queue) == ["skirret:dead", "skirret:dead:letters"])
            await queue.close()
        }
    }

    @Test func `a rate holds for the whole fleet and keeps the order`() async throws {
        let record = Record()
        let task = TaskDefinition(
            "samples.rated", options: .init(limits: [.rate(RateLimit(10, per: .seconds(1)))])
        ) { (number: Int) in
            try await record.run("", number, for: .zero)
            return number
        }
        try await ThrowawayRedis.withServer { url in
            let fleet = (0..<2).map { FleetWorker(url, name: "w\($0)@host", tasks: [task.registered]) }
            let queue = TaskQueue(url, logger: quiet)
            try await withFleet(fleet) {
                var handles: [TaskHandle<Int>] = []
                for number in 0..<8 {
                    handles.append(try await task.delay(number, on: queue))
                    try await until { try await record.hasMet(number + 1, queue) }
                }
                for handle in handles { _ = try await handle.result(within: .seconds(20)) }
            }
            #expect(record.begun == Array(0..<8))
            // Eight starts at ten a second: 0.7 s from the first to the last, whatever single ones were late.
            #expect((record.times.last ?? .now) - (record.times.first ?? .now) >= .milliseconds(600))
            #expect(try await leftovers(queue).filter { !$0.hasSuffix(":next") } == [])
            await queue.close()
        }
    }

    @Test func `two limits that two tasks take in turn never block each other`() async throws {
        let record = Record()
        func task(_ name: String, _ limits: [SharedLimit]) -> TaskDefinition<Int, Int> {
            TaskDefinition(name, options: .init(limits: limits)) { (number: Int) in
                try await record.run("", number, for: .milliseconds(2))
                return number
            }
        }
        let x = SharedLimit.concurrency(1, named: "x"), y = SharedLimit.concurrency(1, named: "y")
        let one = task("samples.one", [x, y]), two = task("samples.two", [y, x])
        try await withQueue { queue in
            try await withWorker(queue, tasks: [one.registered, two.registered], configure: { $0.concurrency = 8 }) {
                var handles: [TaskHandle<Int>] = []
                for number in 0..<30 {
                    handles.append(try await one.delay(number, on: queue))
                    handles.append(try await two.delay(number, on: queue))
                }
                for handle in handles { _ = try await handle.result(within: .seconds(20)) }
            }
            #expect(record.most == ["": 1])
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `one that is revoked while it waits lets the next one pass`() async throws {
        let task = TaskDefinition("samples.limited", options: .init(limits: [.concurrency(1)])) { (seconds: Double) in
            try await Task.sleep(for: .seconds(seconds))
            return seconds
        }
        try await withQueue { queue in
            try await withWorker(queue, tasks: [task.registered]) {
                let first = try await task.delay(0.3, on: queue)
                try await until { try await queue.redis.send("EXISTS", "skirret:waiting:limits:held").int == 1 }
                let second = try await task.delay(60, on: queue)
                try await until { try await queue.redis.send("HLEN", "skirret:waiting").int == 1 }
                let third = try await task.delay(0.01, on: queue)
                try await until { try await queue.redis.send("HLEN", "skirret:waiting").int == 2 }
                try await queue.revoke([second.id])
                #expect(try await first.result(within: .seconds(10)) == 0.3)
                #expect(try await third.result(within: .seconds(10)) == 0.01)
                #expect(try await queue.result(of: second.id, within: .seconds(10)).state == .revoked)
            }
            #expect(try await leftovers(queue) == [])
        }
    }
}
