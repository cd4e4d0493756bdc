import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis

/// What it takes to work a full queue off.
extension QueueBench {
    func drains(_ peer: CeleryPeer.Figures?) async throws -> [Reading] {
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
        try await redis.forgetSending()
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
    func drainLimit(ignoringResults: Bool = false) async throws -> Double {
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
}
