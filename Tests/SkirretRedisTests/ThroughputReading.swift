import Foundation
import SkirretRedis
import SkirretTesting
import Testing

/// Prints what the client does per second on this machine; asserts nothing, for the machine's load decides.
///
/// Worth reading in a release build on a quiet machine: `SKIRRET_READINGS=1 swift test -c release -Xswiftc -enable-testing
/// --filter ThroughputReading`, beside `redis-benchmark -t lpush -d 1024 -c 64`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SKIRRET_READINGS"] != nil, "set SKIRRET_READINGS=1"))
struct ThroughputReading {
    @Test func `64 tasks push 1 KiB values, one task pings`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .tcp)) { url in
            let redis = RedisClient(url)
            let clock = ContinuousClock()
            let value = RedisArgument([UInt8](repeating: 120, count: 1_024))
            try await redis.send("PING")
            let perTask = 2_000
            let pushing = try await clock.measure {
                _ = try await concurrently(64) { task in
                    for _ in 0..<perTask { try await redis.send("LPUSH", .init("list\(task)"), value) }
                }
            }
            var pings: [Duration] = []
            for _ in 0..<2_000 {
                try await pings.append(clock.measure { try await redis.send("PING") })
            }
            pings.sort()
            print("64 tasks, LPUSH of 1 KiB: \(Int(Double(64 * perTask) / (pushing / .seconds(1)))) commands/s")
            print("1 task, PING: p50 \(pings[1_000] / .microseconds(1)) µs, p99 \(pings[1_980] / .microseconds(1)) µs")
        }
    }
}
