import SkirretRedis
import Testing

@testable import Skirret

@Suite("Script: enqueue, single flight, beat", .serialized) struct ProducerScriptTests {
    @Test func `a repeated enqueue changes nothing`() async throws {
        try await ScriptBench.run { bench in
            try await bench.redis.send("SADD", "_kombu.binding.celery", "member")
            #expect(try await bench.enqueue("a", "m") == 1)
            let expected: [String: Held] = [
                "celery": .list(["m"]), "skirret:sent:a": .string("1"), "_kombu.binding.celery": .set(["member"]),
            ]
            try await bench.expect(expected)
            #expect(try await bench.enqueue("a", "m") == 0)
            try await bench.expect(expected)
        }
    }

    @Test func `a delayed message waits in the scheduled set`() async throws {
        try await ScriptBench.run { bench in
            try await bench.redis.send("SADD", "_kombu.binding.celery", "member")
            #expect(try await bench.enqueue("a", "m", delay: 5000) == 1)
            #expect(try await bench.enqueue("a", "m", delay: 5000) == 0)
            try await bench.expect([
                "_kombu.binding.celery": .set(["member"]),
                "skirret:sent:a": .string("1"), "skirret:scheduled": .sorted(["a"]),
                "skirret:scheduled:messages": .hash(["a": "celery\nm"]),
            ])
        }
    }

    @Test func `the first message in a Redis that was emptied says so`() async throws {
        try await ScriptBench.run { bench in
            var answers: [Int?] = []
            for (id, delay) in [("a", 0), ("b", 0), ("c", 5000), ("d", 9000)] {
                answers.append(try await bench.enqueue(id, "m", delay: delay))
            }
            #expect(answers == [2, 1, 2, 1], "looked at only where nothing lay before")
            #expect(try await bench.redis.send("EXISTS", "_kombu.binding.celery").int == 0)
        }
    }

    @Test func `an enqueue that Redis refuses leaves no marker that would make the next try a repeat`() async throws {
        try await ScriptBench.run { bench in
            try await bench.redis.send("SET", "celery", "no list")
            await #expect(throws: RedisError.self) { try await bench.enqueue("a", "m") }
            try await bench.expect(["celery": .string("no list")])
        }
    }

    @Test func `a single-flight name is held by a living lease only`() async throws {
        try await ScriptBench.run { bench in
            try await bench.redis.send("ZADD", "skirret:leases", 1, "A")
            #expect(try await bench.single("A", task: "a") == "")
            #expect(try await bench.single("A", task: "a") == "", "asking again, as an answer was lost, is no conflict")
            #expect(try await bench.single("B", task: "b") == "a")
            try await bench.expect(["skirret:leases": .sorted(["A"]), "skirret:single:s": .string("A|a")])
            try await bench.redis.send("DEL", "skirret:leases")
            #expect(try await bench.single("B", task: "b") == "")
            try await bench.expect(["skirret:single:s": .string("B|b")])
        }
    }

    @Test func `one beat leads, and a new leader fences the old one off`() async throws {
        try await ScriptBench.run { bench in
            #expect(try await bench.lead("one") == [1, nil])
            #expect(try await bench.lead("two") == [0, nil])
            #expect(try await bench.lead("one", term: "1", looked: "77") == [1, 77])
            #expect(try await bench.fire(100, term: 1) == 2, "nobody had declared the queue")
            #expect(try await bench.fire(100, term: 1) == 0, "the same due time a second time")
            try await bench.redis.send("DEL", "skirret:beat:leader")  // its lease ran out
            #expect(try await bench.lead("two") == [2, 77], "it learns how far the one before came")
            #expect(try await bench.fire(200, term: 1) == -1, "the old leader woke up")
            #expect(try await bench.lead("one", term: "1", looked: "88") == [0, nil])
            #expect(try await bench.fire(100, term: 2) == 0, "what the old leader fired stays fired")
            let run = try await bench.redis.send("HGET", "skirret:beat:runs", "s").string ?? ""
            #expect(run.hasPrefix("100 ") && run.hasSuffix(" 1 id-100"))
            try await bench.expect(
                without: ["skirret:beat:runs"],
                [
                    "celery": .list(["message 100"]), "skirret:beat:leader": .string("two"),
                    "skirret:beat:term": .string("2"), "skirret:beat:fired:s@100": .string("1"),
                    "skirret:beat:looked": .string("77"),
                    "_kombu.binding.celery": .set(["member"]), "_kombu.binding_permanent.celery": .set(["member"]),
                ])
        }
    }

    @Test func `a due time that is passed over counts as settled and enqueues nothing`() async throws {
        try await ScriptBench.run { bench in
            #expect(try await bench.lead("one") == [1, nil])
            #expect(try await bench.fire(100, term: 1) == 2)
            let before = try await bench.redis.send("HGET", "skirret:beat:runs", "s").string ?? ""
            #expect(try await bench.fire(200, term: 1, message: "") == 1)
            #expect(try await bench.fire(200, term: 1) == 0)
            let after = try await bench.redis.send("HGET", "skirret:beat:runs", "s").string
            #expect(after == "200" + before.dropFirst(3), "the run itself stays the one before")
            #expect(try await bench.redis.send("LLEN", "celery").int == 1)
        }
    }

    @Test func `a beat that lost its lease and got it back has a new term`() async throws {
        try await ScriptBench.run { bench in
            #expect(try await bench.lead("one") == [1, nil])
            try await bench.redis.send("DEL", "skirret:beat:leader")
            #expect(try await bench.lead("one", term: "1", looked: "5") == [2, nil])
        }
    }

    @Test func `a schedule is set, switched and removed, each with a new version`() async throws {
        try await ScriptBench.run { bench in
            func set(_ definition: String, _ enabled: String) async throws -> Int? {
                try await bench.redis.run(
                    Scripts.scheduleSet,
                    keys: [bench.keys.schedules, bench.keys.disabledSchedules, bench.keys.schedulesVersion],
                    arguments: ["s", .init(definition), .init(enabled), .init(bench.keys.beatBell)]
                ).int
            }
            func remove() async throws -> Int? {
                try await bench.redis.run(
                    Scripts.scheduleRemove,
                    keys: [bench.keys.schedules, bench.keys.disabledSchedules, bench.keys.schedulesVersion],
                    arguments: ["s", .init(bench.keys.beatBell)]
                ).int
            }
            #expect(try await set("", "0") == -1)
            #expect(try await remove() == 0)
            try await bench.expect([:])
            #expect(try await set("{}", "1") == 0)
            #expect(try await set("", "0") == 1)
            try await bench.expect([
                "skirret:schedules": .hash(["s": "{}"]), "skirret:schedules:disabled": .set(["s"]),
                "skirret:schedules:version": .string("2"),
            ])
            #expect(try await remove() == 1)
            try await bench.expect(["skirret:schedules:version": .string("3")])
        }
    }

    @Test func `only the leader steps down`() async throws {
        try await ScriptBench.run { bench in
            _ = try await bench.lead("one")
            func stepDown(_ name: RedisArgument) async throws -> Int? {
                let beat = bench.keys.beat("")
                return try await bench.redis.run(
                    Scripts.stepDown, keys: [beat.leader, beat.looked],
                    arguments: [name, "5", .init(bench.keys.beatBell)]
                ).int
            }
            #expect(try await stepDown("two") == 0)
            #expect(try await stepDown("one") == 1)
            try await bench.expect(["skirret:beat:term": .string("1"), "skirret:beat:looked": .string("5")])
        }
    }
}
