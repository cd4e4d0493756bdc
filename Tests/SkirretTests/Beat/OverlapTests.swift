import CeleryProtocol
import Foundation
import SkirretRedis
import Testing

@testable import Skirret

@Suite("Overlapping runs", .serialized, .timeLimit(.minutes(1))) struct OverlapTests {
    private func withBeat(
        _ policy: OverlappingRuns, _ queue: TaskQueue, _ body: () async throws -> Void
    ) async throws {
        var task = ScheduledTask("s", .interval(.milliseconds(300)), ScheduledCall(task: "t", queue: "q"))
        task.overlap = policy
        let beat = Beat(queue, schedules: [task], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await beat.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    private func ids(_ queue: TaskQueue) async throws -> [TaskID] {
        try await queue.redis.send("LRANGE", "q", 0, -1).array?.compactMap(\.bytes).map {
            try TaskMessage(decoding: $0).headers.id
        } ?? []
    }

    /// The due time that was settled last.
    private func settled(_ queue: TaskQueue) async throws -> Date {
        LastRun(try await queue.redis.send("HGET", "skirret:beat:declared:runs", "s").string)?.due ?? .distantPast
    }

    private func finish(_ id: TaskID, _ queue: TaskQueue) async throws {
        let result = TaskResult(taskID: id, state: .success, result: 5)
        try await queue.redis.send("SET", .init(queue.keys.result(id)), .init(result.encoded()))
    }

    @Test func `skip waits for the result of the run before`() async throws {
        try await withQueue { queue in
            try await withBeat(.skip, queue) {
                try await until { try await ids(queue).count == 1 }
                let first = try await settled(queue)
                try await until { try await settled(queue) > first + 1 }  // three more were due
                #expect(try await ids(queue).count == 1)
                try await finish(try await ids(queue)[0], queue)
                try await until { try await ids(queue).count == 2 }
            }
        }
    }

    @Test func `allow does not care`() async throws {
        try await withQueue { queue in
            try await withBeat(.allow, queue) { try await until { try await ids(queue).count >= 3 } }
            #expect(try await queue.redis.send("EXISTS", .init(queue.keys.cancelled)).int == 0)
        }
    }

    @Test func `cancel revokes the run before and starts the new one`() async throws {
        try await withQueue { queue in
            try await withBeat(.cancel, queue) { try await until { try await ids(queue).count >= 2 } }
            let sent = try await ids(queue)
            let revoked = try await queue.redis.send("ZRANGE", .init(queue.keys.revoked), 0, -1).array ?? []
            #expect(revoked.compactMap(\.string).contains(sent[sent.count - 1].rawValue), "the oldest")
            #expect(!revoked.compactMap(\.string).contains(sent[0].rawValue), "the newest")
        }
    }
}
