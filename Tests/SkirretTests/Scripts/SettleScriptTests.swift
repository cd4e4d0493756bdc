import SkirretRedis
import Testing

@testable import Skirret

@Suite("Script: settle", .serialized) struct SettleScriptTests {
    private let success = #"{"status": "SUCCESS", "result": 1}"#

    /// Three messages claimed as `S-0` to `S-2`.
    private func claimed(_ body: (ScriptBench) async throws -> Void) async throws {
        try await ScriptBench.run { bench in
            for id in ["a", "b", "c"] { try await bench.push(envelope(id)) }
            _ = try await bench.claim("S")
            try await body(bench)
        }
    }

    @Test func `many ends are their results and nothing else`() async throws {
        try await claimed { bench in
            try await bench.redis.send("HSET", "skirret:crashes", "a", 1, "other", 1)
            try await bench.redis.send("ZADD", "skirret:cancelled", 1, "b", 1, "other")
            let answers = try await bench.settle([
                ("S-0", "a", success), ("S-1", "b", ""), ("S-2", "c", success),
            ])
            #expect(answers == [1, 1, 1])
            try await bench.expect([
                "result-a": .string(success), "result-c": .string(success),
                "skirret:crashes": .hash(["other": "1"]), "skirret:cancelled": .sorted(["other"]),
            ])
            #expect(try await bench.redis.send("TTL", "result-a").int ?? 0 > 50)
        }
    }

    @Test func `a stale token refuses itself and none of the others`() async throws {
        try await claimed { bench in
            try await bench.expire("S-1")
            _ = try await bench.restore("S-1", why: "expired")
            let answers = try await bench.settle([
                ("S-0", "a", success), ("S-1", "b", success), ("gone", "x", success),
                ("S-2", "c", success),
            ])
            #expect(answers == [1, 0, 2, 1])
            try await bench.expect([
                "result-a": .string(success), "result-c": .string(success), "celery": .list([restored(envelope("b"))]),
                "skirret:crashes": .hash(["b": "1"]), "skirret:lost": .sorted(["S-1"]),
            ])
        }
    }

    @Test func `what Celery's sweep put back into its queue is refused, and none of the others`() async throws {
        try await claimed { bench in
            try await bench.restoreAsKombu("S-1")
            let all = [("S-0", "a", success), ("S-1", "b", success), ("S-2", "c", success)]
            #expect(try await bench.settle(all) == [1, 0, 1])
            #expect(try await bench.settle(all) == [2, 0, 2])
            try await bench.expect([
                "result-a": .string(success), "result-c": .string(success), "celery": .list([compact(envelope("b"))]),
                "skirret:lost": .sorted(["S-1"]),
            ])
        }
    }

    @Test func `a claim of which only the entry for Celery is left stays Celery's to give back`() async throws {
        try await claimed { bench in
            try await bench.redis.send("DEL", "skirret:owners")
            try await bench.expire("S-1")
            _ = try await bench.restore("S-1", why: "expired")
            #expect(try await bench.settle([("S-1", "b", success)]) == [0])
            #expect(try await bench.redis.send("HEXISTS", "unacked", "S-1").int == 1)
            #expect(try await bench.redis.send("ZSCORE", "unacked_index", "S-1").string != nil)
        }
    }

    @Test func `a repeated call learns that the first got through`() async throws {
        try await claimed { bench in
            let all = ["a", "b", "c"].enumerated().map {
                (token: "S-\($0.offset)", task: $0.element, result: success)
            }
            #expect(try await bench.settle(all) == [1, 1, 1])
            let before = try await bench.space()
            #expect(try await bench.settle(all) == [2, 2, 2])
            try await bench.expect(before)
        }
    }

    @Test(arguments: [
        (#"{"status": "SUCCESS", "result": 1}"#, false), (#"{"result": 1, "status":"SUCCESS"}"#, false),
        (#"{"status": "STARTED", "result": {"status": "SUCCESS"}}"#, true), ("no json", true),
    ])
    func `only a stored success is never overwritten`(stored: String, isOverwritten: Bool) async throws {
        try await claimed { bench in
            try await bench.redis.send("SET", "result-a", .init(stored))
            let failure = #"{"status": "FAILURE"}"#
            #expect(try await bench.settle([("S-0", "a", failure)]) == [1])
            #expect(try await bench.redis.send("GET", "result-a").string == (isOverwritten ? failure : stored))
        }
    }

    @Test func `the same task twice in one call keeps its first success`() async throws {
        try await claimed { bench in
            let failure = #"{"status": "FAILURE"}"#
            let answers = try await bench.settle([("S-0", "a", success), ("S-1", "a", failure)])
            #expect(answers == [1, 1])
            let stored = try await bench.redis.send("GET", "result-a").string
            #expect(stored == success)
        }
    }

    @Test func `a result after an early acknowledgement is fenced by nothing`() async throws {
        try await claimed { bench in
            try await bench.redis.send("HSET", "skirret:crashes", "a", 1)
            #expect(try await bench.settle([("", "a", success)], keep: 0) == [1])
            #expect(try await bench.redis.send("GET", "result-a").string == success)
            #expect(try await bench.redis.send("TTL", "result-a").int == -1)
            #expect(try await bench.redis.send("EXISTS", "skirret:crashes").int == 0)
        }
    }
}
