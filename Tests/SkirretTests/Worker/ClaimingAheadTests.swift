import CeleryProtocol
import SkirretRedis
import Testing

@testable import Skirret

/// How much is claimed at once.
@Suite("Claiming ahead", .timeLimit(.minutes(2))) struct ClaimingAheadTests {
    @Test func `short tasks of a long queue are claimed many at a time`() async throws {
        try await withQueue { queue in
            let count = 2000
            let nothing = RegisteredTask(name: "samples.nothing") { _, _, _ in .null }
            try await queue.send(many: Array(repeating: TaskCall("samples.nothing"), count: count))
            try await withWorker(queue, tasks: [nothing]) {
                try await until {
                    let left = try await queue.redis.pipeline([
                        RedisCommand("LLEN", "celery"), RedisCommand("HLEN", "unacked"),
                    ])
                    return left.allSatisfy { $0.int == 0 }
                }
            }
            let info = try await queue.redis.send("INFO", "commandstats").string ?? ""
            let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_rpop:") }
            let claims = line?.split(whereSeparator: { "=,".contains($0) }).dropFirst().first.flatMap { Int($0) }
            // One for each time that the four slots are empty would be five hundred.
            #expect(try #require(claims) < 200)
        }
    }
}
