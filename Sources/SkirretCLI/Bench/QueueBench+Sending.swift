import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis

/// What it takes to send: one after the other, side by side, many in one call.
extension QueueBench {
    func enqueues(_ peer: CeleryPeer.Figures?) async throws -> [Reading] {
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
    func enqueue(
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
}
