import CeleryProtocol
import SkirretRedis
import Testing

@testable import Skirret

/// A Redis that somebody emptied knows no queues and no workers; whoever lives tells it again.
@Suite("A Redis that was emptied", .timeLimit(.minutes(1))) struct EmptiedRedisTests {
    private let member = "celery\u{06}\u{16}\u{06}\u{16}celery"

    private let step = TaskDefinition("t") { (x: Int) in x }

    private func expectDeclared(_ queue: TaskQueue, at place: SourceLocation = #_sourceLocation) async throws {
        for table in ["_kombu.binding.celery", "_kombu.binding_permanent.celery"] {
            let members = try await queue.redis.send("SMEMBERS", .init(table)).array?.compactMap(\.string)
            #expect(members == [member], sourceLocation: place)
        }
        let queues = try await queue.redis.send("SMEMBERS", "skirret:queues").array?.compactMap(\.string)
        #expect(queues == ["celery"], sourceLocation: place)
    }

    enum Way: CaseIterable {
        case now, later, fair, many, manyLater, manyFair, canvas, unique, uniqueLater, uniqueFair, batch, batchLater
    }

    private func send(_ way: Way, on queue: TaskQueue) async throws {
        var options = CallOptions()
        if [.later, .manyLater, .uniqueLater].contains(way) { options.countdown = .seconds(60) }
        if [.fair, .manyFair, .uniqueFair].contains(way) { options.fairKey = "key" }
        switch way {
        case .now, .later, .fair: try await queue.send("t", options: options)
        case .many, .manyLater, .manyFair:
            try await queue.send(many: [TaskCall("t", options: options), TaskCall("t", options: options)])
        case .unique, .uniqueLater, .uniqueFair:
            options.unique = Uniqueness.unique().call(of: "t", [], [:])
            try await queue.send("t", options: options)
        case .batch: try await queue.batch().add(step.s(1).signature)
        case .batchLater: try await queue.batch().add(step.s(1).set(.countdown(.seconds(60))).signature)
        case .canvas: try await queue.send(group(step.s(1), step.s(2)))
        }
    }

    @Test(arguments: Way.allCases)
    func `a producer declares its queue with the next message`(way: Way) async throws {
        try await withQueue { queue in
            try await send(way, on: queue)
            try await expectDeclared(queue)
            _ = try await queue.redis.send("FLUSHALL")
            try await send(way, on: queue)
            try await expectDeclared(queue)
        }
    }

    @Test func `a worker introduces itself with its next heartbeat`() async throws {
        let add = TaskDefinition("samples.add") { (x: Int, y: Int) in x + y }
        try await withQueue { queue in
            try await withWorker(queue, tasks: [add.registered], configure: { $0.heartbeat = .milliseconds(100) }) {
                let known = ["skirret:workers:tasks", "skirret:workers:about", "_kombu.binding.celery.pidbox"]
                func isKnown() async throws -> Bool {
                    try await queue.redis.send(RedisCommand("EXISTS", arguments: known.map { .init($0) })).int == 3
                }
                try await until { try await isKnown() }
                // Over and done with, so that nothing of the start is taken for what comes after.
                let beat = try await queue.redis.send("ZSCORE", "skirret:workers", "test@host").string
                try await until {
                    try await queue.redis.send("ZSCORE", "skirret:workers", "test@host").string != beat
                }
                _ = try await queue.redis.send("FLUSHALL")
                try await until { try await isKnown() }
                try await expectDeclared(queue)
            }
        }
    }
}
