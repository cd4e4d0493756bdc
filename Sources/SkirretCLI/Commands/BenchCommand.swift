import ArgumentParser
import CeleryProtocol
import Foundation
import Logging
import Skirret
import SkirretRedis

/// `skirret bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure this machine: no-op tasks a second, and the latency of an idle worker.",
        discussion: """
            Runs a producer and a worker in this process on a queue of its own, beside Redis's own limit measured in
            the same minute.

            EXAMPLES
              skirret bench --redis redis://127.0.0.1:6379/9
              skirret bench --tasks 50000 --json
            """)

    @OptionGroup var common: CommonFlags

    @Option(help: "How many no-op tasks.")
    var tasks = 20_000

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        let logger = Logger(label: "skirret.bench")
        let queue = TaskQueue(
            settings.redis, defaultQueue: "skirret-bench", resultLifetime: .seconds(60), name: "skirret-bench",
            logger: logger)
        var options = WorkerOptions(name: Settings.nodeName("bench"), queues: ["skirret-bench"], concurrency: 64)
        options.grace = .seconds(1)
        let redis = try await redisLimit(queue)
        let enqueued = try await enqueue(queue)
        let worker = Worker(queue, registry: TaskRegistry(SampleTasks.all), options: options, logger: logger)
        async let running: Void = worker.run()
        let drained = try await drain(queue)
        let latency = try await latency(queue)
        worker.stop()
        try await running
        await queue.close()
        let rates = (Double(tasks) / enqueued.seconds, Double(tasks) / drained.seconds)
        if json {
            return Output.json([
                "redis_lpush_per_second": .double(redis.rounded()), "enqueued_per_second": .double(rates.0.rounded()),
                "tasks_per_second": .double(rates.1.rounded()), "latency_p50_ms": .double(latency.0),
                "latency_p99_ms": .double(latency.1),
            ])
        }
        Output.table(
            ["WHAT", "FIGURE", "UNIT", "TO REDIS"],
            [
                ["Redis alone: 1 KiB LPUSH, 64 at a time", String(Int(redis)), "per second", "1.00"],
                ["enqueue, 64 at a time", String(Int(rates.0)), "per second", Self.ratio(rates.0, redis)],
                [
                    "no-op tasks with results, 64 at a time", String(Int(rates.1)), "per second",
                    Self.ratio(rates.1, redis),
                ],
                ["idle: enqueue to result, median", Self.two(latency.0), "ms", ""],
                ["idle: enqueue to result, 99th", Self.two(latency.1), "ms", ""],
            ])
    }

    private static func ratio(_ value: Double, _ limit: Double) -> String { two(value / limit) }
    private static func two(_ value: Double) -> String { String(format: "%.2f", value) }

    /// LPUSH of 1 KiB by 64 callers on one connection.
    private func redisLimit(_ queue: TaskQueue) async throws -> Double {
        let payload = [UInt8](repeating: 120, count: 1024)
        let took = try await ContinuousClock().measure {
            try await inParallel { index in
                _ = try await queue.redis.send("LPUSH", "skirret-bench-limit", .init(payload))
            }
        }
        _ = try await queue.redis.send("DEL", "skirret-bench-limit")
        return Double(tasks) / took.seconds
    }

    private func enqueue(_ queue: TaskQueue) async throws -> Duration {
        try await ContinuousClock().measure {
            try await inParallel { _ in _ = try await queue.send("samples.nothing") }
        }
    }

    private func drain(_ queue: TaskQueue) async throws -> Duration {
        try await ContinuousClock().measure {
            while true {
                let overview = try await queue.overview()
                let waiting = overview.queues.first { $0.name == "skirret-bench" }?.waiting ?? 0
                if waiting == 0 && overview.running == 0 { return }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// One call after the other, each on an idle worker: median and 99th percentile in milliseconds.
    private func latency(_ queue: TaskQueue) async throws -> (Double, Double) {
        var times: [Double] = []
        for _ in 0..<200 {
            let began = ContinuousClock.now
            let id = try await queue.send("samples.nothing")
            _ = try await queue.result(of: id, within: .seconds(10))
            times.append(began.duration(to: .now).seconds * 1000)
        }
        times.sort()
        return (times[times.count / 2], times[times.count * 99 / 100])
    }

    private func inParallel(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        let callers = 64
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask { [tasks] in
                    for index in stride(from: caller, to: tasks, by: callers) { try await body(index) }
                }
            }
            try await group.waitForAll()
        }
    }
}
