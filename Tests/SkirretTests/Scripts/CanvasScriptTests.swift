import SkirretRedis
import Testing

@testable import Skirret

@Suite("Script: canvas, start", .serialized) struct CanvasScriptTests {
    private let base = "celery-taskset-meta-g"
    private let first = (position: "0", task: "a", json: "first"), second = (position: "1", task: "b", json: "second")

    /// Two messages claimed as `S-0` and `S-1`, parts of a chord of two.
    private func claimed(size: Int = 2, _ body: (ScriptBench) async throws -> Void) async throws {
        try await ScriptBench.run { bench in
            for id in ["a", "b"] { try await bench.push(envelope(id)) }
            _ = try await bench.claim("S")
            try await bench.redis.send("SET", .init(base + ".s"), .init(size))
            try await body(bench)
        }
    }

    private func space(_ bench: ScriptBench) async throws -> [String: Held] {
        try await bench.space().filter { $0.key.hasPrefix(base) }
    }

    @Test func `a part is recorded with the end of its task`() async throws {
        try await claimed { bench in
            let answer = try await bench.finishCanvas("S-1", parts: [second]).int
            #expect(answer == 1)
            #expect(
                try await space(bench) == [
                    base + ".j": .sorted(["second"]), base + ".s": .string("2"), base + ".d": .set(["b:1"]),
                ])
            #expect(try await bench.redis.send("ZSCORE", "skirret:leases", "S-1").isNull)
            #expect(try await bench.redis.send("TTL", .init(base + ".s")).int ?? 0 > 500)
        }
    }

    @Test func `the last part waits for the body, and both are written at once`() async throws {
        try await claimed { bench in
            _ = try await bench.finishCanvas("S-1", parts: [second])
            let before = try await bench.space()
            let answer = try await bench.finishCanvas("S-0", parts: [first]).array
            #expect(answer?.first?.string == base)
            #expect(answer?[1].array?.compactMap(\.string) == ["first", "second"])
            try await bench.expect(before)
            #expect(try await bench.finishCanvas("S-0", parts: [first], body: (2, "body")).int == 1)
            #expect(try await space(bench) == [base + ".c": .string("done")])
            // Late duplicates, whoever sends them, find it done.
            #expect(try await bench.finishCanvas("", parts: [first]).int == 1)
            #expect(try await space(bench) == [base + ".c": .string("done")])
        }
    }

    @Test func `a chord that failed keeps its parts and loses its size`() async throws {
        try await claimed { bench in
            _ = try await bench.finishCanvas("S-1", parts: [second])
            #expect(try await bench.finishCanvas("S-0", parts: [first], body: (2, "error")).int == 1)
            #expect(
                try await space(bench) == [
                    base + ".j": .sorted(["first", "second"]), base + ".d": .set(["a:0", "b:1"]),
                ])
            #expect(try await bench.finishCanvas("", parts: [first]).int == 1)
        }
    }

    @Test func `a part that was counted counts no second time`() async throws {
        try await claimed { bench in
            _ = try await bench.finishCanvas("", parts: [first])
            #expect(try await bench.finishCanvas("S-0", parts: [("0", "a", "first again")]).int == 1)
            #expect(
                try await bench.redis.send("ZRANGE", .init(base + ".j"), 0, -1).array?.compactMap(\.string) == ["first"]
            )
        }
    }

    @Test func `a worker that lost its lease records nothing`() async throws {
        try await claimed { bench in
            try await bench.expire("S-0")
            _ = try await bench.restore("S-0", why: "expired")
            let before = try await bench.space()
            #expect(try await bench.finishCanvas("S-0", parts: [first], chords: [("h", 1)]).int == 0)
            try await bench.expect(before)
        }
    }

    @Test func `a chord whose last part nothing fences ends once`() async throws {
        try await claimed { bench in
            _ = try await bench.finishCanvas("S-1", parts: [second])
            let next: [RedisArgument] = ["celery", "n", "0", "the body"]
            let body = (count: 2, kind: "body")
            #expect(try await bench.finishCanvas("", parts: [first], body: body, followUp: next).int == 1)
            // The same call again, as its answer was lost: not "somebody else sends the body".
            #expect(try await bench.finishCanvas("", parts: [first], body: body, followUp: next).int == 2)
            #expect(try await bench.redis.send("LRANGE", "celery", 0, -1).array?.compactMap(\.string) == ["the body"])
        }
    }

    @Test func `a body that somebody else sends is not sent`() async throws {
        try await claimed { bench in
            _ = try await bench.finishCanvas("S-1", parts: [second])
            try await bench.redis.send("SET", .init(base + ".c"), "a Python worker's claim")
            let answer = try await bench.finishCanvas("S-0", parts: [first], body: (2, "body")).array
            #expect(answer?.first?.string == base && answer?[1].isNull == true)
            #expect(try await bench.finishCanvas("S-0", parts: [first]).int == 1)
            #expect(try await bench.redis.send("GET", .init(base + ".c")).string == "a Python worker's claim")
        }
    }

    @Test func `a chord that grew while it ran waits for what was added`() async throws {
        try await claimed(size: 1) { bench in
            try await bench.redis.send("SET", .init(base + ".t"), 1)
            #expect(try await bench.finishCanvas("S-0", parts: [first]).int == 1)
            let answer = try await bench.finishCanvas("S-1", parts: [("+inf", "b", "added")]).array
            #expect(answer?[1].array?.compactMap(\.string) == ["first", "added"])
        }
    }

    @Test func `parts that Celery left unordered are counted as they are`() async throws {
        try await claimed { bench in
            try await bench.redis.send("RPUSH", .init(base + ".j"), "second")
            try await bench.redis.send("SADD", .init(base + ".d"), "b:1")
            let answer = try await bench.finishCanvas("S-0", parts: [first]).array
            #expect(answer?[1].array?.compactMap(\.string) == ["second", "first"])
            #expect(try await bench.finishCanvas("S-0", parts: [first], body: (2, "body")).int == 1)
        }
    }

    @Test func `a chord that is started knows its size, and nothing of an earlier run`() async throws {
        try await claimed { bench in
            try await bench.redis.send("SET", "celery-taskset-meta-h.c", "done")
            #expect(
                try await bench.finishCanvas("S-0", chords: [("h", 3)], groups: [("h", "saved")]).int == 1)
            let found = try await bench.space().filter { $0.key.hasPrefix("celery-taskset-meta-h") }
            #expect(found == ["celery-taskset-meta-h.s": .string("3"), "celery-taskset-meta-h": .string("saved")])
        }
    }
}
