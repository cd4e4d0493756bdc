import CeleryProtocol
import SkirretRedis
import Testing

@testable import Skirret

@Suite("Script: claim, heartbeat, report", .serialized) struct ClaimScriptTests {
    @Test func `the oldest message of the most urgent list comes first and is kept in kombu's form`() async throws {
        try await ScriptBench.run { bench in
            let low = "celery\u{06}\u{16}3"
            for id in ["a", "b"] { try await bench.push(envelope(id)) }
            try await bench.push(envelope("c"), to: low)
            let first = try await bench.claim("S", most: 2, queues: ["celery", low])
            #expect(bench.messages(first) == [envelope("a"), envelope("b")])
            try await bench.expect([
                low: .list([envelope("c")]),
                "unacked": .hash([
                    "S-0": "[\(envelope("a")), \"\", \"celery\"]", "S-1": "[\(envelope("b")), \"\", \"celery\"]",
                ]),
                "unacked_index": .sorted(["S-0", "S-1"]),
                "skirret:leases": .sorted(["S-0", "S-1"]),
                "skirret:owners": .hash(["S-0": owner("a"), "S-1": owner("b")]),
            ])
            let lease = try await bench.redis.send("ZSCORE", "skirret:leases", "S-0").string.flatMap { Double($0) } ?? 0
            #expect(abs(lease - Double(try await bench.now() + ScriptBench.lease)) < 2000)
            let rest = try await bench.claim("T", queues: ["celery", low])
            #expect(bench.claims(rest).map(\.list) == [low])
        }
    }

    @Test(arguments: [
        "", "no json", "7", "[]", "{}", #"{"body": 1, "headers": {}, "properties": {}}"#,
        #"{"body": "", "headers": {}, "properties": {"delivery_tag": "x"}}"#,
        #"{"body": "", "headers": null, "properties": {"delivery_tag": "x", "delivery_info": {}}}"#,
        String(repeating: "[", count: 3000),
    ])
    func `what is no envelope is dead, with its bytes`(raw: String) async throws {
        try await ScriptBench.run { bench in
            try await bench.push(raw)
            try await bench.push(envelope("a"))
            let reply = try await bench.claim("S")
            #expect(reply.array?[1].int == 1)
            #expect(bench.messages(reply) == [envelope("a")])
            let reason =
                "not a Celery envelope: JSON object with body, headers, properties.delivery_tag and delivery_info"
            try await bench.expect([
                "skirret:dead": .sorted(["S-x1"]),
                "skirret:dead:letters": .hash([
                    "S-x1": record(["queue": "celery", "reason": .string(reason)]) + "\n" + raw
                ]),
                "unacked": .hash(["S-0": "[\(envelope("a")), \"\", \"celery\"]"]),
                "unacked_index": .sorted(["S-0"]), "skirret:leases": .sorted(["S-0"]),
                "skirret:owners": .hash(["S-0": owner("a")]),
            ])
        }
    }

    @Test func `a call whose answer was lost gets the same claims again and no more`() async throws {
        try await ScriptBench.run { bench in
            try await bench.push("broken")
            for id in ["a", "b", "c"] { try await bench.push(envelope(id)) }
            let first = try await bench.claim("S", most: 2)
            let space = try await bench.space()
            let second = try await bench.claim("S", most: 2, repeated: 2)
            #expect(bench.messages(second) == bench.messages(first))
            #expect(bench.claims(second).map(\.token) == ["S-0", "S-1"])
            try await bench.expect(space)
            // A first call that comes late, from a connection that was given up, takes nothing more either.
            _ = try await bench.claim("S", most: 2)
            try await bench.expect(space)
            // Once they are given back, nothing of that call is left.
            _ = try await bench.restore("S-0", "S-1", why: "stopping")
            #expect(bench.messages(try await bench.claim("S", most: 0, repeated: 2)) == [])
        }
    }

    @Test func `a call that its connection sends once more gets all of its claims, not the first alone`() async throws {
        try await ScriptBench.run { bench in
            for id in ["a", "b", "c", "d"] { try await bench.push(envelope(id)) }
            let first = try await bench.claim("S", most: 3)
            let second = try await bench.claim("S", most: 3)
            #expect(bench.messages(second) == bench.messages(first))
            // A caller that asks for more the second time may have its own call repeated as well.
            _ = try await bench.claim("T", most: 3, repeated: 1)
            let third = try await bench.claim("T", most: 3, repeated: 1)
            #expect(bench.messages(third) == [envelope("d")])
        }
    }

    @Test func `an adoption whose answer was lost gets the same claims again and no more`() async throws {
        try await ScriptBench.run { bench in
            for id in ["a", "b", "c"] { try await bench.push(envelope(id)) }
            _ = try await bench.claim("S", most: 3)
            for (number, id) in ["a", "b", "c"].enumerated() { try await bench.shelve("S-\(number)", envelope(id), id) }
            let first = try await bench.adopt("T", most: 2)
            #expect(first.array?[1].array?.compactMap { $0.array?[2].string } == [envelope("a"), envelope("b")])
            let space = try await bench.space()
            for (most, repeated) in [(2, 0), (2, 2), (0, 2)] {
                let again = try await bench.adopt("T", most: most, repeated: repeated)
                #expect(again.array?[1] == first.array?[1])
                try await bench.expect(space)
            }
            let rest = try await bench.adopt("U", most: 2)
            #expect(rest.array?[1].array?.first?.array?[2].string == envelope("c"))
        }
    }

    @Test func `a repeated call finds the claims behind a gap and overwrites none of them`() async throws {
        try await ScriptBench.run { bench in
            for id in ["a", "b", "c"] { try await bench.push(envelope(id)) }
            _ = try await bench.claim("S", most: 3)
            // The sweep took the first one away in the meantime.
            _ = try await bench.restore("S-0", why: "stopping")
            let again = try await bench.claim("S", most: 1, repeated: 3)
            #expect(bench.messages(again) == [envelope("b"), envelope("c")])
            #expect(try await bench.redis.send("LLEN", "celery").int == 1)
        }
    }

    @Test func `somebody else's value under one of our keys keeps every message in its queue`() async throws {
        for key in [
            "unacked", "unacked_index", "skirret:leases", "skirret:owners", "skirret:dead", "skirret:dead:letters",
            "skirret:crashes", "skirret:revoked", "skirret:paused",
        ] {
            try await ScriptBench.run { bench in
                for message in ["broken", envelope("a"), envelope("b")] { try await bench.push(message) }
                try await bench.redis.send("SET", .init(key), "somebody else's")
                let space = try await bench.space()
                await #expect(throws: RedisError.self) { try await bench.claim("S") }
                try await bench.expect(space)
            }
        }
    }

    @Test func `a queue that is no list does not keep the others from being served`() async throws {
        try await ScriptBench.run { bench in
            try await bench.redis.send("SET", "broken", "no list")
            await #expect(throws: RedisError.self) { try await bench.claim("R", queues: ["broken", "celery"]) }
            try await bench.push(envelope("a"))
            let reply = try await bench.claim("S", queues: ["broken", "celery"])
            #expect(bench.messages(reply) == [envelope("a")])
        }
    }

    @Test func `claims go on when Redis is over its maxmemory`() async throws {
        try await ScriptBench.run { bench in
            for id in ["a", "b"] { try await bench.push(envelope(id)) }
            try await bench.redis.send("CONFIG", "SET", "maxmemory", 1)
            #expect(bench.messages(try await bench.claim("S", most: 1)).count == 1)
            _ = try await bench.heartbeat([("S-0", "a")])
            #expect(try await bench.settle([("S-0", "a", "{}")]) == [1])
            #expect(bench.messages(try await bench.claim("T", most: 1)).count == 1)
            #expect(try await bench.finish("T-0", task: "b", results: [("r", "{}", 60)]) == 1)
            await #expect(throws: RedisError.self) { try await bench.enqueue("c", "m") }
            try await bench.redis.send("CONFIG", "SET", "maxmemory", 0)
            #expect(try await bench.redis.send("EXISTS", "result-a", "r").int == 2)
        }
    }

    @Test func `a claim says how often the task's worker died and whether it is revoked`() async throws {
        try await ScriptBench.run { bench in
            try await bench.redis.send("HSET", "skirret:crashes", "a", 2)
            try await bench.redis.send("ZADD", "skirret:revoked", 1, "a")
            try await bench.push(envelope("a"))
            try await bench.push(envelope("b"))
            try await bench.push(envelope("c"))
            try await bench.redis.send("ZADD", "skirret:revoked", 1, "c")
            let claims = bench.claims(try await bench.claim("S"))
            #expect(claims.map(\.crashes) == [2, 0, 0])
            #expect(claims.map(\.isRevoked) == [true, false, true])
            let again = bench.claims(try await bench.claim("S", repeated: 10))
            #expect(again.map(\.crashes) == [2, 0, 0] && again.map(\.isRevoked) == [true, false, true])
        }
    }

    @Test func `many messages of many lists come in their order, each under the token it is held by`() async throws {
        try await ScriptBench.run { bench in
            let lists = ["celery", "celery\u{06}\u{16}3", "celery\u{06}\u{16}6"]
            // More than the script takes at once, exactly as many, and what is refused among them.
            let ids = [(0..<37).map { "a\($0)" }, (0..<16).map { "b\($0)" }, (0..<50).map { "c\($0)" }]
            for (list, ids) in zip(lists, ids) {
                for id in ids {
                    if id.hasSuffix("7") { try await bench.push("broken", to: list) }
                    try await bench.push(envelope(id), to: list)
                }
            }
            let reply = try await bench.claim("S", most: 90, queues: lists)
            let claims = bench.claims(reply)
            let all = zip(lists, ids).flatMap { list, ids in ids.map { (list: list, message: envelope($0)) } }
            #expect(claims.map(\.token) == (0..<90).map { "S-\($0)" })
            #expect(claims.map(\.list) == all.prefix(90).map(\.list))
            #expect(bench.messages(reply) == all.prefix(90).map(\.message))
            for (claim, one) in zip(claims, all) {
                let held = try await bench.redis.send("HGET", "unacked", .init(claim.token)).string
                #expect(held == "[\(one.message), \"\", \"celery\"]")
            }
            #expect(bench.messages(try await bench.claim("S", most: 90, repeated: 90, queues: lists)).count == 90)
            let rest = try await bench.claim("T", most: 90, queues: lists)
            #expect(bench.messages(rest) == all.dropFirst(90).map(\.message))
        }
    }

    @Test func `what was taken goes back in its order where somebody else's value lies under a key`() async throws {
        try await ScriptBench.run { bench in
            let low = "celery\u{06}\u{16}3"
            let ids = (0..<40).map { "a\($0)" }
            for id in ids { try await bench.push(envelope(id)) }
            for id in ["x", "y"] { try await bench.push(envelope(id), to: low) }
            try await bench.redis.send("SET", "skirret:leases", "somebody else's")
            let space = try await bench.space()
            await #expect(throws: RedisError.self) { try await bench.claim("S", most: 90, queues: ["celery", low]) }
            try await bench.expect(space)
        }
    }

    @Test func `a heartbeat names what Celery's sweep put back into its queue`() async throws {
        try await ScriptBench.run { bench in
            for id in ["a", "b", "c"] { try await bench.push(envelope(id)) }
            _ = try await bench.claim("S")
            try await bench.restoreAsKombu("S-1")
            let reply = try await bench.heartbeat([("S-0", "a"), ("S-1", "b"), ("S-2", "c")])
            #expect(reply == .array([.array([.bytes(Array("S-1".utf8))]), .array([]), .integer(1)]))
            let second = try await bench.heartbeat([])
            #expect(second == .array([.array([]), .array([]), .integer(0)]), "known by now")
        }
    }

    @Test func `a heartbeat renews what is held and names what is lost or cancelled`() async throws {
        try await ScriptBench.run { bench in
            for id in ["a", "b"] { try await bench.push(envelope(id)) }
            _ = try await bench.claim("S")
            try await bench.expire("S-0", "S-1")
            try await bench.redis.send("ZADD", "unacked_index", 1, "S-0")
            try await bench.redis.send("ZREM", "unacked_index", "S-1")
            try await bench.redis.send("ZADD", "skirret:cancelled", 1, "b", 1, "z")
            let reply = try await bench.heartbeat([("S-0", "a"), ("S-1", "b"), ("gone", "z")])
            #expect(
                reply == .array([.array([.bytes(Array("gone".utf8))]), .array([.bytes(Array("b".utf8))]), .integer(1)]))
            try await bench.expect(
                without: ["unacked", "skirret:owners"],
                [
                    "skirret:leases": .sorted(["S-0", "S-1"]),
                    // An entry that kombu took away is not brought back.
                    "unacked_index": .sorted(["S-0"]),
                    "skirret:workers": .sorted(["w@h"]), "skirret:workers:about": .hash(["w@h": "{}"]),
                    "skirret:cancelled": .sorted(["b", "z"]),
                ])
            let now = try await bench.now()
            #expect(try await bench.redis.send("ZCOUNT", "skirret:leases", .init(now), "+inf").int == 2)
            #expect(try await bench.redis.send("ZCOUNT", "unacked_index", .init(now / 1000 - 5), "+inf").int == 1)
        }
    }

    @Test func `a report is stored for the holder only and never over a success`() async throws {
        try await ScriptBench.run { bench in
            // The last one was put back into its queue by Celery's sweep.
            try await bench.redis.send("ZADD", "skirret:leases", 1, "mine", 1, "restored")
            try await bench.redis.send("HSET", "unacked", "mine", "[]")
            func report(_ token: String, _ key: String, _ json: String, isResult: Bool) async throws -> Int? {
                try await bench.redis.run(
                    Scripts.report, keys: [bench.keys.leases, key, bench.keys.unacked],
                    arguments: [.init(token), .init(json), 60, isResult ? "1" : "0"]
                ).int
            }
            #expect(try await report("stale", "p", "1", isResult: false) == 0)
            #expect(try await report("restored", "p", "1", isResult: false) == 0)
            #expect(try await report("mine", "p", "2", isResult: false) == 1)
            #expect(try await report("", "q", "3", isResult: false) == 1)
            #expect(try await report("mine", "r", #"{"status": "STARTED"}"#, isResult: true) == 1)
            try await bench.redis.send("SET", "s", #"{"status": "SUCCESS"}"#)
            #expect(try await report("mine", "s", #"{"status": "STARTED"}"#, isResult: true) == 0)
            try await bench.expect([
                "skirret:leases": .sorted(["mine", "restored"]), "unacked": .hash(["mine": "[]"]), "p": .string("2"),
                "q": .string("3"),
                "r": .string(#"{"status": "STARTED"}"#), "s": .string(#"{"status": "SUCCESS"}"#),
            ])
        }
    }
}
