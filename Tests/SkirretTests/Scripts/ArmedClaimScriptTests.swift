import CeleryProtocol
import SkirretRedis
import Testing

@testable import Skirret

@Suite("Script: claim, armed", .serialized) struct ArmedClaimScriptTests {
    private func tokens(_ reply: RedisValue) -> [String] { Claim.all(in: reply.array ?? []).map(\.token) }

    private func isArmed(_ reply: RedisValue) -> Bool { reply.array?[4].int == 1 }

    /// What lies behind a worker's blocking wait.
    private func armedCall(
        _ bench: ScriptBench, generation: Int = 1, queues: [String] = ["celery"]
    ) async throws -> RedisValue {
        try await bench.claim("", most: 1, generation: generation, queues: queues)
    }

    @Test func `a claim that leaves slots free arms one more, which takes one message, once`() async throws {
        try await ScriptBench.run { bench in
            let low = "celery\u{06}\u{16}3"
            #expect(isArmed(try await bench.claim("S", most: 4, free: 4, queues: ["celery", low])))
            let left = try await bench.redis.send("PTTL", .init(bench.keys.armed("w"))).int ?? 0
            #expect(left > 3000 && left <= 5000, "it ends soon after its worker")
            try await bench.push(envelope("a"), to: low)
            try await bench.push(envelope("b"))
            try await bench.push(envelope("c"))
            let first = try await armedCall(bench, queues: ["celery", low])
            #expect(bench.messages(first) == [envelope("b")], "the most urgent list first, and one message")
            #expect(tokens(first) == ["Sa-0"])
            #expect(bench.messages(try await armedCall(bench, queues: ["celery", low])) == [])
            try await bench.expect(
                without: ["unacked_index", "skirret:leases"],
                [
                    "celery": .list([envelope("c")]), low: .list([envelope("a")]),
                    "unacked": .hash(["Sa-0": "[\(envelope("b")), \"\", \"celery\"]"]),
                    "skirret:owners": .hash(["Sa-0": owner("b")]),
                ])
        }
    }

    @Test func `a claim that fills the free slots, or that has none to fill, arms nothing`() async throws {
        try await ScriptBench.run { bench in
            for id in ["a", "b", "c"] { try await bench.push(envelope(id)) }
            #expect(!isArmed(try await bench.claim("S", most: 2, free: 2)))
            #expect(!isArmed(try await bench.claim("T", most: 5, free: 1)), "more is claimed than there are slots")
            #expect(!isArmed(try await bench.claim("U", most: 5)))
            try await bench.push(envelope("d"))
            #expect(tokens(try await armedCall(bench)) == [])
        }
    }

    @Test func `an armed call from before takes nothing`() async throws {
        try await ScriptBench.run { bench in
            for (round, old) in [1, 2, 11, 121].enumerated() {
                _ = try await bench.claim("S\(round)", free: 1, generation: 12)
                try await bench.push(envelope("a\(round)"))
                #expect(tokens(try await armedCall(bench, generation: old)) == [])
                try await bench.redis.send("DEL", "celery")
            }
            _ = try await bench.claim("S", free: 1, generation: 12)
            try await bench.push(envelope("a"))
            #expect(tokens(try await armedCall(bench, generation: 12)) == ["Sa-0"])
        }
    }

    @Test func `the next claim disarms, and says what was claimed meanwhile`() async throws {
        try await ScriptBench.run { bench in
            _ = try await bench.claim("S", free: 1)
            #expect(tokens(try await bench.claim("T", most: 0, disarmed: "Sa")) == [])
            for id in ["a", "b", "c", "d"] { try await bench.push(envelope(id)) }
            #expect(tokens(try await armedCall(bench)) == [], "disarmed")

            _ = try await bench.claim("U", most: 1, free: 2)
            #expect(tokens(try await armedCall(bench)) == ["Ua-0"])
            try await bench.expire("Ua-0")
            let found = try await bench.claim("V", most: 3, free: 4, disarmed: "Ta Ua Va")
            #expect(tokens(found) == ["Ua-0", "V-0", "V-1"])
            #expect(bench.messages(found) == [envelope("b"), envelope("c"), envelope("d")])
            #expect(!isArmed(found), "it takes the slot that was free")
            #expect(try await bench.redis.send("HKEYS", "unacked").array?.count == 4)
            let lease = try await bench.redis.send("ZSCORE", "skirret:leases", "Ua-0").string.flatMap { Double($0) }
            #expect((lease ?? 0) > Double(try await bench.now()), "renewed")
        }
    }

    @Test func `a call that its connection sends once more finds the claim that it armed, and arms no other`()
        async throws
    {
        try await ScriptBench.run { bench in
            #expect(isArmed(try await bench.claim("S", free: 1, disarmed: "Sa")))
            #expect(isArmed(try await bench.claim("S", free: 1, disarmed: "Sa")), "not made yet")
            try await bench.push(envelope("a"))
            _ = try await armedCall(bench)
            let again = try await bench.claim("S", free: 1, disarmed: "Sa")
            #expect(tokens(again) == ["Sa-0"])
            #expect(!isArmed(again))
            // Its own claims come with it, too.
            for id in ["b", "c"] { try await bench.push(envelope(id)) }
            let all = ["Sa-0", "T-0", "T-1"]
            #expect(tokens(try await bench.claim("T", most: 3, free: 4, disarmed: "Sa Ta")) == all)
            #expect(tokens(try await bench.claim("T", most: 3, repeated: 3, disarmed: "Sa Ta")) == all)
        }
    }

    @Test func `nothing is armed beyond what pauses and other people's keys allow`() async throws {
        try await ScriptBench.run { bench in
            _ = try await bench.claim("S", free: 1)
            try await bench.redis.send("HSET", .init(bench.keys.paused), "celery", 1)
            try await bench.push(envelope("a"))
            let paused = try await armedCall(bench)
            #expect(tokens(paused) == [])
            #expect(paused.array?[3].array?.compactMap(\.string) == ["celery"])
            try await bench.redis.send("DEL", .init(bench.keys.paused))
            _ = try await bench.claim("T", most: 0, free: 1)
            #expect(tokens(try await armedCall(bench)) == ["Ta-0"])
            // A queue that is no list must not hide what is known already.
            try await bench.redis.send("SET", "celery", "no list")
            #expect(tokens(try await bench.claim("U", free: 1, disarmed: "Ta")) == ["Ta-0"])
        }
    }

    @Test func `a full Redis is no reason not to arm`() async throws {
        try await ScriptBench.run { bench in
            try await bench.redis.send("CONFIG", "SET", "maxmemory", 1)
            #expect(isArmed(try await bench.claim("S", most: 1, free: 1)))
            try await bench.redis.send("CONFIG", "SET", "maxmemory", 0)
            try await bench.push(envelope("a"))
            try await bench.redis.send("CONFIG", "SET", "maxmemory", 1)
            #expect(tokens(try await armedCall(bench)) == ["Sa-0"])
            #expect(tokens(try await bench.claim("T", most: 1, free: 1, disarmed: "Sa")) == ["Sa-0"])
            #expect(tokens(try await bench.claim("S", most: 1, repeated: 1, disarmed: "Sa")) == ["Sa-0"])
            try await bench.redis.send("CONFIG", "SET", "maxmemory", 0)
        }
    }
}
