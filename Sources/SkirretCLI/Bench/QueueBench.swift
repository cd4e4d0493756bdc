import CeleryProtocol
import Foundation
import Logging
import Skirret
import SkirretRedis
import SkirretTesting

/// Measures the queue: each figure beside what a perfect client reaches on the same Redis in the same run.
struct QueueBench {
    struct Plan {
        /// Tasks of the drains.
        var tasks = 200_000
        /// Tasks of the enqueues and of what is recorded and played back.
        var sample = 20_000
        /// Tasks that lie in the queue for the long-queue reading.
        var backlog = 1_000_000
        /// Rounds of the latency readings.
        var rounds = 300
        /// Tasks scheduled ahead for the memory reading.
        var ahead = 100_000
        /// A worker's slots.
        var concurrency = 64
        /// What is measured.
        var parts = Part.allCases
        /// The Python of the peer, if it is wanted.
        var celery: String?
    }

    /// What can be measured by itself.
    enum Part: String, CaseIterable {
        case enqueue, drain, latency, lateness, idle
    }

    let plan: Plan
    let redis: BenchRedis
    /// Tells what is being measured, as it takes minutes.
    let tell: (String) -> Void

    private var url: RedisURL { redis.server.url }

    /// Takes all readings.
    func run() async throws -> [Reading] {
        var peer: CeleryPeer.Figures?
        if let python = plan.celery {
            tell("Celery, \(min(plan.sample, 10_000)) tasks")
            peer = try await CeleryPeer(python: python, redis: redis)
                .measure(tasks: min(plan.sample, 10_000), rounds: plan.rounds)
        }
        var readings: [Reading] = []
        for part in plan.parts {
            switch part {
            case .enqueue: readings += try await enqueues(peer)
            case .drain: readings += try await drains(peer)
            case .latency: readings += try await latency(peer)
            case .lateness: readings += try await lateness()
            case .idle: readings += try await idle(peer)
            }
        }
        return readings
    }

    // MARK: producing

    private func enqueues(_ peer: CeleryPeer.Figures?) async throws -> [Reading] {
        [
            try await enqueue("one after the other", peer, window: 1) { queue, count in
                for _ in 0..<count { try await queue.send("samples.nothing") }
            },
            try await enqueue("one after the other, from the pool", peer, window: 1, isBeside: false) { queue, count in
                for _ in 0..<count { try await queue.send("samples.nothing") }
            },
            try await enqueue("64 callers", peer, window: 64) { queue, count in
                try await Self.inParallel(64, count) { try await queue.send("samples.nothing") }
            },
            try await enqueue("64 callers, from the pool", peer, window: 64, isBeside: false) { queue, count in
                try await Self.inParallel(64, count) { try await queue.send("samples.nothing") }
            },
            try await enqueue("many in one call", peer, window: 1, samples: 5) { queue, count in
                try await queue.send(many: Array(repeating: TaskCall("samples.nothing"), count: count))
            },
        ]
    }

    /// Sends the sample three times straight, records it once, and plays the record back three times.
    ///
    /// With `isBeside` the callers run on the connection's thread, as a program can choose; else on Swift's pool.
    private func enqueue(
        _ what: String, _ peer: CeleryPeer.Figures?, window: Int, isBeside: Bool = true, samples: Int = 1,
        _ body: @escaping (TaskQueue, Int) async throws -> Void
    ) async throws -> Reading {
        tell("enqueue: \(what)")
        let count = plan.sample * samples
        func send(_ queue: TaskQueue) async throws {
            try await withTaskExecutorPreference(isBeside ? queue.redis.executor : nil) { try await body(queue, count) }
        }
        let recorded = try await record { queue in try await send(queue) }
        let client = try PerfectClient(port: redis.port)
        var ours: [Double] = []
        var limit: [Double] = []
        for _ in 0..<3 {
            try await redis.flush()
            let queue = TaskQueue(url, defaultQueue: .init(rawValue: BenchRedis.queue), name: "bench")
            try await queue.send("samples.nothing")  // connects
            let took = try await ContinuousClock().measure { try await send(queue) }
            await queue.close()
            ours.append(Double(count) / took.seconds)
            try await redis.flush()
            limit.append(Double(count) / (try client.replay(recorded, window: window)).seconds)
            guard try await redis.waiting() >= count else {
                throw BenchFailure("the replay of \(recorded.count) commands did not enqueue \(count) tasks")
            }
        }
        return Reading(
            what: "enqueue, \(what)", unit: "/s", ours: quantile(ours), limit: quantile(limit), celery: peer?.delay)
    }

    /// What our client sends while the body runs.
    private func record(_ body: (TaskQueue) async throws -> Void) async throws -> [RecordedCommand] {
        let proxy = try RecordingProxy(target: redis.port)
        defer { proxy.close() }
        try await redis.flush()
        let queue = TaskQueue(
            RedisURL(address: .tcp(host: "127.0.0.1", port: proxy.port)),
            defaultQueue: .init(rawValue: BenchRedis.queue), name: "bench")
        try await body(queue)
        await queue.close()
        return proxy.take()
    }

    /// Fills the queue by playing one recorded call per task, each with a fresh id.
    private func fill(_ count: Int, ignoringResults: Bool = false) async throws {
        let queue = TaskQueue(url, defaultQueue: .init(rawValue: BenchRedis.queue), name: "bench")
        var options = CallOptions()
        options.ignoresResult = ignoringResults ? true : nil
        let slice = 10_000
        for first in stride(from: 0, to: count, by: slice) {
            let call = TaskCall("samples.nothing", options: options)
            try await queue.send(many: Array(repeating: call, count: min(slice, count - first)))
        }
        await queue.close()
    }

    // MARK: working

    private func drains(_ peer: CeleryPeer.Figures?) async throws -> [Reading] {
        tell("drain of \(plan.tasks) no-ops, results on")
        let on = try await drain(plan.tasks)
        tell("drain of \(plan.tasks) no-ops, results off")
        let off = try await drain(plan.tasks, ignoringResults: true)
        tell("the limit of the drain")
        let limits = (try await drainLimit(), try await drainLimit(ignoringResults: true))
        tell("drain with \(plan.backlog) queued")
        let full = try await drain(plan.backlog, stopAfter: plan.tasks)
        return [
            Reading(
                what: "drain, late ack, results on", unit: "/s", ours: on.rate, limit: limits.0, celery: peer?.drain),
            Reading(what: "drain, late ack, results off", unit: "/s", ours: off.rate, limit: limits.1),
            Reading(
                what: "drain, \(plan.backlog) queued (limit: the row above the last)", unit: "/s", ours: full.rate,
                limit: on.rate),
            Reading(what: "processor of a worker, per task", unit: "us", ours: on.workerMicroseconds, isCost: true),
            Reading(what: "processor of Redis, per task", unit: "us", ours: on.redisMicroseconds, isCost: true),
            Reading(
                what: "processor of Redis, per task, \(plan.backlog) queued", unit: "us",
                ours: full.redisMicroseconds, limit: on.redisMicroseconds, isCost: true),
        ]
    }

    private struct Drain {
        var rate: Double
        var workerMicroseconds: Double
        var redisMicroseconds: Double
    }

    private func drain(_ count: Int, stopAfter: Int? = nil, ignoringResults: Bool = false) async throws -> Drain {
        try await redis.flush()
        try await fill(count, ignoringResults: ignoringResults)
        let before = redis.cpuSeconds
        let worker = try WorkerProcess.start(port: redis.port, concurrency: plan.concurrency)
        let rate = try await drainRate(of: redis, tasks: count, leaving: count - (stopAfter ?? count))
        let done = Double(stopAfter ?? count)
        let drain = Drain(
            rate: rate, workerMicroseconds: worker.cpuSeconds / done * 1e6,
            redisMicroseconds: (redis.cpuSeconds - before) / done * 1e6)
        await worker.stop()
        return drain
    }

    /// Records a worker that drains the sample, and plays its commands back on the same queue.
    private func drainLimit(ignoringResults: Bool = false) async throws -> Double {
        let proxy = try RecordingProxy(target: redis.port)
        defer { proxy.close() }
        var options = CallOptions()
        options.ignoresResult = ignoringResults ? true : nil
        // The same messages must lie there for the replay: its claims and acknowledgements name them.
        let enqueue = try await record { queue in
            try await Self.inParallel(64, plan.sample) { [options] in
                try await queue.send("samples.nothing", options: options)
            }
        }
        let worker = try WorkerProcess.start(port: proxy.port, concurrency: plan.concurrency)
        _ = try await drainRate(of: redis, tasks: plan.sample)
        let work = proxy.take()
        await worker.stop()
        let client = try PerfectClient(port: redis.port)
        var rates: [Double] = []
        for _ in 0..<3 {
            try await redis.flush()
            _ = try client.replay(enqueue, window: 64)
            rates.append(Double(plan.sample) / (try client.replay(work, window: 16)).seconds)
            let left = try await redis.unfinished()
            guard left == 0 else { throw BenchFailure("the replay left \(left) of \(plan.sample) tasks undone") }
        }
        return quantile(rates)
    }

    // MARK: waiting

    private func latency(_ peer: CeleryPeer.Figures?) async throws -> [Reading] {
        tell("latency of an idle worker")
        try await redis.flush()
        let least = try HandOver.measure(port: redis.port, rounds: plan.rounds)
        let worker = try WorkerProcess.start(port: redis.port, concurrency: plan.concurrency)
        let queue = TaskQueue(url, defaultQueue: .init(rawValue: BenchRedis.queue), name: "bench")
        var times: [Double] = []
        for round in 0..<plan.rounds + 20 {
            try await Task.sleep(for: HandOver.pause)
            let began = BenchTasks.monotonicNanoseconds
            let id = try await withTaskExecutorPreference(queue.redis.executor) {
                try await queue.send("samples.clock")
            }
            let result = try await queue.result(of: id, within: .seconds(30))
            guard let started = result.result["monotonic"]?.int else {
                throw BenchFailure("no time in \(result.result)")
            }
            if round >= 20 { times.append(Double(started - began) / 1000) }  // the first ones warm up
        }
        await queue.close()
        await worker.stop()
        return [0.5, 0.99].map { share in
            Reading(
                what: "idle: enqueue to start, p\(Int(share * 100))", unit: "us", ours: quantile(times, share),
                limit: quantile(least, share), celery: peer.map { quantile($0.latency, share) }, isCost: true)
        }
    }

    /// Tasks with a time, while others keep the worker busy.
    private func lateness() async throws -> [Reading] {
        tell("lateness of scheduled tasks, under load")
        try await redis.flush()
        let worker = try WorkerProcess.start(port: redis.port, concurrency: plan.concurrency)
        let queue = TaskQueue(url, defaultQueue: .init(rawValue: BenchRedis.queue), name: "bench")
        let late = try await withThrowingTaskGroup(of: [Double].self) { group in
            group.addTask {
                // A load that leaves room: late is then the scheduler's doing, not the queue's.
                while !Task.isCancelled {
                    for _ in 0..<20 { try await queue.send("samples.nothing") }
                    try await Task.sleep(for: .milliseconds(10))
                }
                return []
            }
            group.addTask {
                var due: [(TaskID, Date)] = []
                for index in 0..<1000 {
                    var options = CallOptions()
                    let eta = Date(timeIntervalSinceNow: 3 + Double(index) / 500)
                    options.eta = eta
                    due.append((try await queue.send("samples.clock", options: options), eta))
                }
                var late: [Double] = []
                for (id, eta) in due {
                    let result = try await queue.result(of: id, within: .seconds(30))
                    guard let started = result.result["calendar"]?.double else { continue }
                    late.append((started - eta.timeIntervalSince1970) * 1000)
                }
                return late
            }
            defer { group.cancelAll() }
            while let late = try await group.next() { if !late.isEmpty { return late } }
            return []
        }
        await queue.close()
        await worker.stop()
        return [0.5, 0.99].map {
            Reading(
                what: "scheduled: late under load, p\(Int($0 * 100))", unit: "ms", ours: quantile(late, $0),
                isCost: true)
        }
    }

    private func idle(_ peer: CeleryPeer.Figures?) async throws -> [Reading] {
        tell("an idle worker")
        try await redis.flush()
        let proxy = try RecordingProxy(target: redis.port)
        defer { proxy.close() }
        let worker = try WorkerProcess.start(port: proxy.port, concurrency: plan.concurrency)
        try await Task.sleep(for: .seconds(5))
        let before = (proxy.commandCount, worker.cpuSeconds)
        try await Task.sleep(for: .seconds(20))
        let commands = Double(proxy.commandCount - before.0) / 20
        let processor = (worker.cpuSeconds - before.1) / 20 * 100
        let memory = worker.residentMegabytes
        tell("\(plan.ahead) tasks scheduled ahead")
        let queue = TaskQueue(url, defaultQueue: .init(rawValue: BenchRedis.queue), name: "bench")
        var options = CallOptions()
        options.eta = Date(timeIntervalSinceNow: 86_400)
        try await Self.inParallel(64, plan.ahead) { [options] in
            try await queue.send("samples.nothing", options: options)
        }
        try await Task.sleep(for: .seconds(6))  // the worker has heard of them, and looked
        let grown = worker.residentMegabytes - memory
        await queue.close()
        await worker.stop()
        return [
            Reading(
                what: "idle worker: commands", unit: "/s", ours: commands, celery: peer?.idleCommands, isCost: true),
            Reading(
                what: "idle worker: connections", unit: "", ours: Double(proxy.connectionCount),
                celery: peer?.connections, isCost: true),
            Reading(what: "idle worker: memory", unit: "MB", ours: memory, celery: peer?.idleMegabytes, isCost: true),
            Reading(what: "idle worker: processor", unit: "%", ours: processor, isCost: true),
            Reading(
                what: "worker's memory with \(plan.ahead) scheduled", unit: "MB more", ours: grown, isCost: true),
        ]
    }

    private static func inParallel(
        _ callers: Int, _ count: Int, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    for _ in stride(from: caller, to: count, by: callers) { try await body() }
                }
            }
            try await group.waitForAll()
        }
    }
}
