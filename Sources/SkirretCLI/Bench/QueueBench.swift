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

    var url: RedisURL { redis.server.url }

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

    // MARK: queues

    /// What our client sends while the body runs.
    func record(_ body: (TaskQueue) async throws -> Void) async throws -> [RecordedCommand] {
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
    func fill(_ count: Int, ignoringResults: Bool = false) async throws {
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

    static func inParallel(
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
