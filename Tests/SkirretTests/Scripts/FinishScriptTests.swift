import SkirretRedis
import Testing

@testable import Skirret

@Suite("Script: finish", .serialized) struct FinishScriptTests {
    private let success = #"{"status": "SUCCESS", "result": 1}"#

    /// One message claimed as `S-0`.
    private func claimed(_ body: (ScriptBench) async throws -> Void) async throws {
        try await ScriptBench.run { bench in
            try await bench.push(envelope("a"))
            _ = try await bench.claim("S")
            try await body(bench)
        }
    }

    @Test func `the end of a task is its result and nothing else`() async throws {
        try await claimed { bench in
            try await bench.redis.send("HSET", "skirret:crashes", "a", 1, "other", 1)
            try await bench.redis.send("ZADD", "skirret:cancelled", 1, "a", 1, "other")
            try await bench.redis.send("SET", "skirret:single:s", "S-0|a")
            #expect(
                try await bench.finish(
                    "S-0", task: "a", results: [("r", success, 60), ("for ever", success, 0)],
                    single: "skirret:single:s")
                    == 1)
            try await bench.expect([
                "r": .string(success), "for ever": .string(success),
                "skirret:crashes": .hash(["other": "1"]), "skirret:cancelled": .sorted(["other"]),
            ])
            #expect(try await bench.redis.send("TTL", "r").int ?? 0 > 50)
            #expect(try await bench.redis.send("TTL", "for ever").int == -1)
        }
    }

    @Test func `a stale token writes nothing at all`() async throws {
        try await claimed { bench in
            try await bench.expire("S-0")
            _ = try await bench.restore("S-0", why: "expired")
            try await bench.redis.send("SET", "skirret:single:s", "S-0|a")
            let before = try await bench.space()
            let results = [(key: "r", json: success, keep: 60)]
            let followUps = [(list: "celery", id: "n", due: "0", message: "next")]
            let answer = try await bench.finish(
                "S-0", task: "a", results: results, followUps: followUps, unique: "skirret:unique:u",
                single: "skirret:single:s",
                batch: ("skirret:batch:b", "succeeded"))
            #expect(answer == 0)
            try await bench.expect(before)
        }
    }

    @Test func `what Celery's sweep put back into its queue is not settled, though the lease is there`() async throws {
        try await claimed { bench in
            try await bench.restoreAsKombu("S-0")
            let before = try await bench.space()
            #expect(
                try await bench.finish(
                    "S-0", task: "a", results: [("r", success, 60)], followUps: [("celery", "n", "0", "next")]) == 0)
            let answer = try await bench.finishCanvas(
                "S-0", parts: [(position: "0", task: "a", json: "part")], chords: [("h", 1)])
            #expect(answer.int == 0)
            try await bench.expect(before)
        }
    }

    @Test func `a run that nothing fences sends what follows it once`() async throws {
        try await ScriptBench.run { bench in
            let next = [(list: "celery", id: "n", due: "0", message: "next")]
            #expect(try await bench.finish("", task: "a", results: [("r", success, 60)], followUps: next) == 1)
            let life = try await bench.redis.send("TTL", "skirret:settled:run").int ?? 0
            #expect(life > 60 && life <= 120)
            let before = try await bench.space()
            #expect(try await bench.finish("", task: "a", results: [("r", "again", 60)], followUps: next) == 2)
            try await bench.expect(before)
            try await bench.expect([
                "r": .string(success), "celery": .list(["next"]), "skirret:settled:run": .string("1"),
            ])
            #expect(try await bench.finish("", task: "a", followUps: next, claim: "second") == 1)
            #expect(try await bench.redis.send("LLEN", "celery").int == 2)
        }
    }

    @Test func `a run that nothing fences leaves no marker when nothing follows it`() async throws {
        try await ScriptBench.run { bench in
            #expect(try await bench.finish("", task: "a", results: [("r", success, 60)]) == 1)
            try await bench.expect(["r": .string(success)])
        }
    }

    @Test func `a repeated call learns that the first got through`() async throws {
        try await claimed { bench in
            #expect(try await bench.finish("S-0", task: "a", results: [("r", success, 60)]) == 1)
            let before = try await bench.space()
            #expect(try await bench.finish("S-0", task: "a", results: [("r", #"{"status": "FAILURE"}"#, 60)]) == 2)
            try await bench.expect(before)
        }
    }

    @Test(arguments: [
        (#"{"status": "SUCCESS", "result": 1}"#, false), (#"{"result": 1, "status":"SUCCESS"}"#, false),
        (#"{"status": "RETRY", "result": {"status": "SUCCESS"}}"#, true),
        (#"{"status": "FAILURE", "result": "\"status\": \"SUCCESS\""}"#, true), ("no json", true),
    ])
    func `only a stored success is never overwritten`(stored: String, isOverwritten: Bool) async throws {
        try await claimed { bench in
            try await bench.redis.send("SET", "r", .init(stored))
            let failure = #"{"status": "FAILURE"}"#
            #expect(try await bench.finish("S-0", task: "a", results: [("r", failure, 60)]) == 1)
            try await bench.expect(["r": .string(isOverwritten ? failure : stored)])
        }
    }

    @Test func `follow-ups go to their queues now, or into the scheduled set`() async throws {
        try await claimed { bench in
            try await bench.push("waiting", to: "q")
            let now = try await bench.now()
            #expect(
                try await bench.finish(
                    "S-0", task: "a",
                    followUps: [
                        ("q", "n", "0", "next"), ("q", "later", "+5000", "l"), ("p", "at", "\(now + 9000)", "t\nu"),
                    ], isFinal: false) == 1)
            try await bench.expect([
                "q": .list(["next", "waiting"]), "skirret:scheduled": .sorted(["later", "at"]),
                "skirret:scheduled:messages": .hash(["later": "q\nl", "at": "p\nt\nu"]),
            ])
            let due =
                try await bench.redis.send("ZSCORE", "skirret:scheduled", "later").string.flatMap { Double($0) } ?? 0
            #expect(abs(due - Double(now + 5000)) < 2000)
        }
    }

    @Test func `a follow-up with a fair key waits for its turn`() async throws {
        try await claimed { bench in
            let fair = envelope("n", headers: ", \"skirret_fair_key\": \"x\"")
            #expect(
                try await bench.finish(
                    "S-0", task: "a", followUps: [("q", "n", "0", fair), ("q", "m", "0", "plain")]) == 1)
            try await bench.expect([
                "q": .list(["plain"]), "skirret:fair": .hash(["q": "1"]), "skirret:fair:ring:q": .list(["x"]),
                "skirret:fair:hand:q:x": .list([fair]),
            ])
        }
    }

    @Test func `an attempt that is not the last keeps crashes and cancellation`() async throws {
        try await claimed { bench in
            try await bench.redis.send("HSET", "skirret:crashes", "a", 1)
            try await bench.redis.send("ZADD", "skirret:cancelled", 1, "a")
            #expect(try await bench.finish("S-0", task: "a", isFinal: false) == 1)
            try await bench.expect([
                "skirret:crashes": .hash(["a": "1"]), "skirret:cancelled": .sorted(["a"]),
            ])
        }
    }

    @Test func `only the task that stands for equal calls lets them in again`() async throws {
        try await claimed { bench in
            try await bench.redis.send("SET", "skirret:unique:mine", "a")
            try await bench.redis.send("SET", "skirret:unique:other", "b")
            #expect(try await bench.finish("S-0", task: "a", unique: "skirret:unique:other") == 1)
            try await bench.expect(["skirret:unique:mine": .string("a"), "skirret:unique:other": .string("b")])
            #expect(try await bench.finish("", task: "a", unique: "skirret:unique:mine") == 1)
            try await bench.expect(["skirret:unique:other": .string("b")])
        }
    }

    @Test func `the last task of a sealed batch sends what follows, once`() async throws {
        try await claimed { bench in
            try await bench.redis.send("HSET", "skirret:batch:b", "total", 2, "sealed", 1, "then", "next\nbody")
            try await bench.redis.send("SADD", "skirret:batch:b:open", "a", "b")
            #expect(try await bench.finish("", task: "b", batch: ("skirret:batch:b", "failed")) == 1)
            #expect(try await bench.redis.send("EXISTS", "next").int == 0)
            for _ in 1...2 {
                #expect(try await bench.finish("", task: "a", batch: ("skirret:batch:b", "succeeded")) == 1)
            }
            #expect(try await bench.redis.send("LRANGE", "next", 0, -1).array?.compactMap(\.string) == ["body"])
            let counts = try await bench.redis.send("HMGET", "skirret:batch:b", "succeeded", "failed", "done")
            #expect(counts.array?.compactMap(\.string) == ["1", "1", "1"])
        }
    }

    @Test func `somebody else's single-flight name is not released`() async throws {
        try await claimed { bench in
            try await bench.redis.send("SET", "skirret:single:s", "T-0|b")
            #expect(try await bench.finish("S-0", task: "a", single: "skirret:single:s") == 1)
            try await bench.expect(["skirret:single:s": .string("T-0|b")])
        }
    }

    @Test func `a message that was acknowledged early is fenced by nothing`() async throws {
        try await ScriptBench.run { bench in
            let answer = try await bench.finish("", task: "a", results: [("r", success, 60)])
            #expect(answer == 1)
            try await bench.expect(["r": .string(success)])
        }
    }
}
