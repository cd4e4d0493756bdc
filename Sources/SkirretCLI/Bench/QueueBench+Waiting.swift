import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis

/// What an idle worker takes, and how soon it is there.
extension QueueBench {
    private static let turns = 5

    func latency(_ peer: CeleryPeer.Figures?) async throws -> [Reading] {
        tell("latency of an idle worker")
        try await redis.flush()
        let handOver = try HandOver(port: redis.port)
        let worker = try WorkerProcess.start(port: redis.port, concurrency: plan.concurrency)
        var (least, beside, fromPool): ([Double], [Double], [Double]) = ([], [], [])
        // In turns, because what a wake-up costs changes from one minute to the next.
        for _ in 0..<Self.turns {
            least += try handOver.measure(rounds: plan.rounds / Self.turns)
            beside += try await starts(isBeside: true)
            fromPool += try await starts(isBeside: false)
        }
        await worker.stop()
        func reading(_ what: String, _ times: [Double], _ share: Double) -> Reading {
            Reading(
                what: "idle: enqueue to start\(what), p\(Int(share * 100))", unit: "us", ours: quantile(times, share),
                limit: quantile(least, share), celery: peer.map { quantile($0.latency, share) }, isCost: true)
        }
        return [
            reading("", beside, 0.5), reading("", beside, 0.99), reading(", from the pool", fromPool, 0.5),
            reading(", from the pool", fromPool, 0.99),
        ]
    }

    /// Microseconds from a call of `send` to the first line of the task's body, in another process that is idle.
    ///
    /// With `isBeside` the caller runs on the connection's thread, as a program can choose; else on Swift's pool.
    private func starts(isBeside: Bool) async throws -> [Double] {
        let queue = TaskQueue(url, defaultQueue: .init(rawValue: BenchRedis.queue), name: "bench")
        let times = try await withTaskExecutorPreference(isBeside ? queue.redis.executor : nil) {
            var times: [Double] = []
            for round in 0..<plan.rounds / Self.turns + 20 {
                try await Task.sleep(for: HandOver.pause)
                let began = BenchTasks.monotonicNanoseconds
                let id = try await queue.send("samples.clock")
                let result = try await queue.result(of: id, within: .seconds(30))
                guard let started = result.result["monotonic"]?.int else {
                    throw BenchFailure("no time in \(result.result)")
                }
                if round >= 20 { times.append(Double(started - began) / 1000) }  // the first ones warm up
            }
            return times
        }
        await queue.close()
        return times
    }

    /// Tasks with a time, while others keep the worker busy.
    func lateness() async throws -> [Reading] {
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

    func idle(_ peer: CeleryPeer.Figures?) async throws -> [Reading] {
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
}
