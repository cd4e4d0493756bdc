import SkirretRedis
import Testing

@testable import Skirret

@Suite("Script: revoke, revoke stamps, reply", .serialized) struct ControlScriptTests {
    @Test(arguments: ["0", "1"])
    func `a revoked task that waits for its time is due at once, another is remembered`(
        terminate: String
    ) async throws {
        try await ScriptBench.run { bench in
            _ = try await bench.enqueue("a", "m", delay: 5_000_000)
            let due = try await bench.revoke(terminate: terminate, "a", "result-a", "{}", "b", "result-b", "{}")
            #expect(due == 1)
            var expected: [String: Held] = [
                "skirret:revoked": .sorted(["a", "b"]), "result-a": .string("{}"), "result-b": .string("{}"),
                "skirret:scheduled": .sorted(["a"]), "skirret:scheduled:messages": .hash(["a": "celery\nm"]),
            ]
            if terminate == "1" { expected["skirret:cancelled"] = .sorted(["a", "b"]) }
            try await bench.expect(
                without: ["_kombu.binding.celery", "_kombu.binding_permanent.celery", "skirret:sent:a"], expected)
            let score = try await bench.redis.send("ZSCORE", "skirret:scheduled", "a").string.flatMap(Double.init)
            let now = try await bench.redis.send("TIME").array?.first?.string.flatMap(Double.init) ?? 0
            #expect((score ?? .infinity) <= (now + 1) * 1000)
        }
    }

    @Test func `a revocation leaves results and running tasks alone, and hearsay stores nothing`() async throws {
        try await ScriptBench.run { bench in
            try await bench.redis.send("SET", "done", #"{"status": "SUCCESS"}"#)
            try await bench.redis.send("SET", "begun", #"{"status": "STARTED"}"#)
            try await bench.redis.send("SET", "again", #"{"status": "RETRY"}"#)
            try await bench.redis.send("HSET", "skirret:owners", "token", #"{"task":"runs","name":"t"}"#)
            _ = try await bench.revoke(
                terminate: "0", "a", "done", "R", "b", "begun", "R", "c", "again", "R", "runs", "running", "R",
                "old", "nothing", "")
            try await bench.expect(
                [
                    "done": .string(#"{"status": "SUCCESS"}"#), "begun": .string(#"{"status": "STARTED"}"#),
                    "again": .string("R"), "skirret:owners": .hash(["token": #"{"name":"t","task":"runs"}"#]),
                    "skirret:revoked": .sorted(["a", "b", "c", "old", "runs"]),
                ])
        }
    }

    @Test func `the oldest revocations are forgotten when there are too many`() async throws {
        try await ScriptBench.run { bench in
            for id in ["a", "b", "c"] {
                _ = try await bench.revoke(terminate: "0", most: 2, .init(id), "nothing", "")
                try await bench.redis.send("ZINCRBY", "skirret:revoked", -1, .init(id))
            }
            _ = try await bench.revoke(terminate: "0", most: 2, "d", "nothing", "")
            try await bench.expect(["skirret:revoked": .sorted(["c", "d"])])
        }
    }

    @Test func `a reply goes to who waits for it, and to nobody else`() async throws {
        try await ScriptBench.run { bench in
            func reply(_ text: RedisArgument) async throws -> Int? {
                try await bench.redis.run(
                    Scripts.reply, keys: ["binding", "replies"], arguments: ["me", text, 60, 2]
                ).int
            }
            #expect(try await reply("early") == 0)
            let bound = try await bench.redis.run(
                Scripts.bindForAWhile, keys: ["binding", "_kombu.binding_deadlines"],
                arguments: ["me", "exchange", 3_600_000])
            #expect(bound.int == 1)
            #expect(try await reply("one") == 1)
            #expect(try await reply("two") == 1)
            #expect(try await reply("three") == 0, "more wait than anybody reads")
            let life = try await bench.redis.send("TTL", "replies").int ?? 0
            #expect((1...60).contains(life))
            try await bench.expect([
                "binding": .set(["me"]), "_kombu.binding_deadlines": .sorted(["exchange"]),
                "replies": .list(["two", "one"]),
            ])
        }
    }

    @Test func `revoked stamps are remembered, the newest`() async throws {
        try await ScriptBench.run { bench in
            for stamp in ["a", "b", "c"] {
                _ = try await bench.redis.run(
                    Scripts.revokeStamps, keys: [bench.keys.revokedStamps], arguments: [60_000, 2, .init(stamp)])
                try await bench.redis.send("ZINCRBY", .init(bench.keys.revokedStamps), -1, .init(stamp))
            }
            let count = try await bench.redis.run(
                Scripts.revokeStamps, keys: [bench.keys.revokedStamps], arguments: [60_000, 2, "d"])
            #expect(count.int == 2)
            try await bench.expect(["skirret:revoked:stamps": .sorted(["c", "d"])])
        }
    }
}

extension ScriptBench {
    /// Three arguments for each task: its id, its result's key, its REVOKED result.
    fileprivate func revoke(
        terminate: String, most: Int = 100, _ tasks: RedisArgument...
    ) async throws -> Int? {
        try await redis.run(
            Scripts.revoke, keys: [keys.revoked, keys.cancelled, keys.scheduled, keys.waiting],
            arguments: [.init(terminate), 10_000, .init(most), 60, "skirret:wake", .init(keys.owners)] + tasks
        ).array?.first?.int
    }
}
