import CeleryProtocol
import SkirretRedis
import Testing

@testable import Skirret

@Suite("Script: restore, sweep, promote", .serialized) struct RestoreScriptTests {
    private func claimed(_ ids: String..., body: (ScriptBench) async throws -> Void) async throws {
        try await ScriptBench.run { bench in
            for id in ids { try await bench.push(envelope(id)) }
            _ = try await bench.claim("S")
            try await body(bench)
        }
    }

    // MARK: restore

    @Test func `an expired claim goes back, next in line; one that was renewed stays`() async throws {
        try await claimed("a", "b") { bench in
            try await bench.push("waiting")
            try await bench.expire("S-0")
            let reply = try await bench.restore("S-0", "S-1", "never", why: "expired")
            #expect(reply.array?.map { $0.array?.compactMap(\.string) } == [["S-0", "queued"]])
            try await bench.expect([
                "celery": .list(["waiting", restored(envelope("a"))]), "skirret:crashes": .hash(["a": "1"]),
                "skirret:lost": .sorted(["S-0"]),
                "unacked": .hash(["S-1": "[\(envelope("b")), \"\", \"celery\"]"]),
                "unacked_index": .sorted(["S-1"]), "skirret:leases": .sorted(["S-1"]),
                "skirret:owners": .hash(["S-1": owner("b")]),
            ])
        }
    }

    @Test(arguments: [("crashed", ["a": "1"]), ("stopping", [:])])
    func `only a crash costs an attempt`(why: String, crashes: [String: String]) async throws {
        try await claimed("a") { bench in
            try await bench.age("S-0")
            _ = try await bench.restore("S-0", why: why)
            var expected: [String: Held] = ["celery": .list([restored(envelope("a"))])]
            if !crashes.isEmpty { expected["skirret:crashes"] = .hash(crashes) }
            try await bench.expect(expected)
            // A second answer to the same death changes nothing.
            _ = try await bench.restore("S-0", why: why)
            try await bench.expect(expected)
        }
    }

    @Test func `what died right after its claim waits a moment, the longer the more often`() async throws {
        try await claimed("a") { bench in
            for (crashes, bounds) in [(0, 200...500), (1, 300...600)] {
                let token = crashes == 0 ? "S-0" : "T-0"
                let before = try await bench.now()
                let reply = try await bench.restore(token, why: "crashed", most: 5)
                let after = try await bench.now()
                #expect(reply.array?.first?.array?.compactMap(\.string) == [token, "scheduled"])
                let due = try await bench.redis.send("ZSCORE", "skirret:scheduled", .init(token)).string
                let millisecond = due.flatMap { Int($0) } ?? 0
                #expect(millisecond - before >= bounds.lowerBound && millisecond - after <= bounds.upperBound)
                try await bench.expect([
                    "skirret:scheduled": .sorted([token]),
                    "skirret:scheduled:messages": .hash([token: "celery\n" + restored(envelope("a"))]),
                    "skirret:crashes": .hash(["a": "\(crashes + 1)"]),
                ])
                try await bench.makeDue(token)
                _ = try await bench.claim("T")
            }
        }
    }

    @Test func `what cannot be read is dead at once`() async throws {
        try await claimed("a") { bench in
            let reply = try await bench.restore("S-0", why: "refused", most: 0)
            #expect(reply.array?.first?.array?.compactMap(\.string) == ["S-0", "dead", "a", "celery", envelope("a")])
            let letter = record([
                "crashes": 1, "name": "t", "queue": "celery", "reason": "because", "task": "a", "why": "refused",
                "worker": "w@h",
            ])
            let letters = ["S-0": letter + "\n" + envelope("a")]
            try await bench.expect([
                "skirret:dead": .sorted(["S-0"]), "skirret:dead:letters": .hash(letters),
                "skirret:dead:untold": .sorted(["S-0"]), "skirret:dead:untold:letters": .hash(letters),
            ])
        }
    }

    @Test func `who waits for a dead message is told of it once, by whoever comes first`() async throws {
        try await claimed("a") { bench in
            _ = try await bench.restore("S-0", why: "refused", most: 0)
            // Whoever gave it up has its time first.
            #expect(try await bench.retell() == [])
            try await bench.redis.send("ZADD", "skirret:dead:untold", 1, "S-0")
            #expect(try await bench.retell() == ["S-0"])
            #expect(try await bench.retell() == [], "it is handed out to one at a time")
            try await bench.redis.send("ZADD", "skirret:dead:untold", 1, "S-0")
            #expect(try await bench.retell(tell: 0) == ["S-0"])
            // Whoever tells settles it, see finish; the second finds it settled.
            let untold = [
                "skirret:dead:untold:letters", "unacked_index", "skirret:dead:untold", "skirret:dead:untold:letters",
                "skirret:crashes", "skirret:scheduled", "skirret:scheduled:messages", "skirret:cancelled",
                "skirret:dead:untold", "skirret:waiting", "skirret:settled:S-0", "skirret:fair",
            ]
            for answer in [1, 2] {
                let reply = try await bench.redis.run(
                    Scripts.finish, keys: untold,
                    arguments: [
                        "S-0", "a", "wake", "1", 1, "r", "failure", 0, 1, "celery", "e", "0", "errback", "", "", "",
                        "", "",
                    ])
                #expect(reply.int == answer)
            }
            try await bench.expect(
                without: ["skirret:dead", "skirret:dead:letters"],
                ["r": .string("failure"), "celery": .list(["errback"])])
        }
    }

    @Test func `a letter nobody can be told of is tried less and less often, and forgotten after a week`() async throws
    {
        try await ScriptBench.run { bench in
            let now = try await bench.now()
            for (id, age) in [("minute", 60_000), ("day", 86_400_000), ("weeks", 1_000_000_000)] {
                try await bench.redis.send("ZADD", "skirret:dead:untold", 1, .init(id))
                try await bench.redis.send(
                    "HSET", "skirret:dead:untold:letters", .init(id), .init("{\"at\": \(now - age)}\nmessage"))
            }
            try await bench.redis.send("ZADD", "skirret:dead:untold", 1, "nothing left of it")
            #expect(try await Set(bench.retell(tell: 2000)) == ["minute", "day"])
            for (id, wait) in [("minute", 60_000...70_000), ("day", 3_600_000...3_610_000)] {
                let next = try await bench.redis.send("ZSCORE", "skirret:dead:untold", .init(id)).string
                #expect(wait.contains((next.flatMap { Int($0) } ?? 0) - now))
            }
            #expect(try await bench.redis.send("ZCARD", "skirret:dead:untold").int == 2)
            #expect(try await bench.redis.send("HLEN", "skirret:dead:untold:letters").int == 2)
        }
    }

    @Test func `the third crash is the last`() async throws {
        try await claimed("a") { bench in
            _ = try await bench.restore("S-0", why: "crashed")
            try await bench.makeDue("S-0")
            _ = try await bench.claim("T")
            try await bench.expire("T-0")
            _ = try await bench.restore("T-0", why: "expired")
            _ = try await bench.claim("U")
            let reply = try await bench.restore("U-0", why: "crashed")
            #expect(reply.array?.first?.array?[1].string == "dead")
            let space = try await bench.space(without: "skirret:lost")
            #expect(
                Set(space.keys) == [
                    "skirret:dead", "skirret:dead:letters", "skirret:dead:untold", "skirret:dead:untold:letters",
                ])
            guard case .hash(let letters)? = space["skirret:dead:letters"] else { return }
            #expect(letters["U-0"]?.hasSuffix("\n" + restored(envelope("a"))) == true)
            #expect(letters["U-0"]?.hasPrefix(record(["crashes": 3]).dropLast()) == true)
        }
    }

    @Test func `what dies in company is given up after twice as many crashes, alone after as many`() async throws {
        try await claimed("a", "b") { bench in
            try await bench.redis.send("HSET", "skirret:crashes", "a", 2, "b", 4)
            for token in ["S-0", "S-1"] { try await bench.age(token) }
            _ = try await bench.restore("S-0", "S-1", why: "crashed")
            #expect(try await bench.redis.send("EXISTS", "skirret:dead").int == 0)
            _ = try await bench.claim("T")
            // The last in the line comes first: b, which has died five times.
            for token in ["T-0", "T-1"] { try await bench.age(token) }
            let reply = try await bench.restore("T-0", "T-1", why: "crashed")
            #expect(reply.array?.map { $0.array?[1].string } == ["dead", "queued"])
            _ = try await bench.claim("U")
            try await bench.age("U-0")
            let last = try await bench.restore("U-0", why: "crashed")
            #expect(last.array?.map { $0.array?[1].string } == ["dead"])
        }
    }

    @Test(arguments: [
        (
            #"{"body":"","headers":{},"properties":{"delivery_tag":"x","delivery_info":{}}}"#,
            #"{"body":"","headers":{"redelivered": true},"properties":{"delivery_tag":"x","delivery_info":{"redelivered": true}}}"#
        ),
        (
            #"{ "headers" : { "a": [] } , "body": "", "properties":{"delivery_info" :{ } ,"delivery_tag":"x"}}"#,
            #"{ "headers" : {"redelivered": true,  "a": [] } , "body": "", "properties":{"delivery_info" :{"redelivered": true } ,"delivery_tag":"x"}}"#
        ),
        (
            #"{"body": "", "headers": {"delivery_info": {"mine": 1}, "text": "\"headers\": {"}, "properties": {"delivery_tag": "x", "delivery_info": {"a": 1}}}"#,
            #"{"body": "", "headers": {"redelivered": true, "delivery_info": {"mine": 1}, "text": "\"headers\": {"}, "properties": {"delivery_tag": "x", "delivery_info": {"redelivered": true, "a": 1}}}"#
        ),
        (
            #"{"body": "", "headers": {"redelivered":false}, "properties": {"delivery_tag": "x", "delivery_info": {}}}"#,
            #"{"body": "", "headers": {"redelivered": true, "redelivered": true}, "properties": {"delivery_tag": "x", "delivery_info": {"redelivered": true}}}"#
        ),
        (
            #"{"body": "", "headers": {"redelivered":true}, "properties": {"delivery_tag": "x", "delivery_info": {"redelivered":true}}}"#,
            #"{"body": "", "headers": {"redelivered":true}, "properties": {"delivery_tag": "x", "delivery_info": {"redelivered":true}}}"#
        ),
    ])
    func `both flags are set, whatever the spelling, and nothing else is touched`(raw: String, wanted: String)
        async throws
    {
        try await ScriptBench.run { bench in
            try await bench.push(raw)
            _ = try await bench.claim("S")
            _ = try await bench.restore("S-0", why: "stopping")
            try await bench.expect(["celery": .list([wanted])])
            let json = try JSONValue(parsing: wanted)
            #expect(json["headers"]?["redelivered"] == true)
            #expect(json["properties"]?["delivery_info"]?["redelivered"] == true)
        }
    }

    @Test func `a claim whose owner is unknown is left to kombu rather than lost`() async throws {
        try await claimed("a") { bench in
            try await bench.redis.send("DEL", "skirret:owners")
            try await bench.expire("S-0")
            _ = try await bench.restore("S-0", why: "expired")
            try await bench.expect([
                "unacked": .hash(["S-0": "[\(envelope("a")), \"\", \"celery\"]"]),
                "unacked_index": .sorted(["S-0"]),
                "skirret:lost": .sorted(["S-0"]),
            ])
        }
    }

    // MARK: sweep

    @Test func `a sweep finds what expired and forgets who is gone`() async throws {
        try await claimed("a", "b") { bench in
            try await bench.expire("S-1")
            let now = try await bench.now()
            try await bench.redis.send("ZADD", "skirret:workers", .init(now + 9000), "alive", 1, "gone")
            try await bench.redis.send("HSET", "skirret:workers:about", "alive", "{}", "gone", "{}")
            try await bench.redis.send("ZADD", "skirret:cancelled", .init(now), "new", 1, "old")
            try await bench.redis.send("ZADD", "skirret:lost", .init(now), "new", 1, "old")
            #expect(try await bench.sweep() == ["S-1"])
            try await bench.expect(
                without: ["unacked", "unacked_index", "skirret:owners", "skirret:swept"],
                [
                    "skirret:leases": .sorted(["S-1", "S-0"]), "skirret:workers": .sorted(["alive"]),
                    "skirret:workers:about": .hash(["alive": "{}"]), "skirret:cancelled": .sorted(["new"]),
                    "skirret:lost": .sorted(["new"]),
                ])
        }
    }

    @Test func `a claim without a lease is found, counted and given back`() async throws {
        try await claimed("a", "b") { bench in
            try await bench.redis.send("ZREM", "skirret:leases", "S-0")
            _ = try await bench.sweep()
            let counted = try await bench.redis.send("HGETALL", "skirret:repairs").array?.compactMap(\.string)
            #expect(counted == ["count", "1"])
            #expect(try await bench.sweep() == ["S-0"])
            #expect(try await bench.redis.send("HGET", "skirret:repairs", "count").string == "1")
        }
    }

    @Test func `after a stall of Redis nothing is taken for one lease, however many are overdue`() async throws {
        try await claimed("a", "b", "c") { bench in
            #expect(try await bench.sweep() == [])
            try await bench.expire("S-0", "S-1", "S-2")
            let now = try await bench.now()
            try await bench.redis.send("SET", "skirret:swept", .init(now - ScriptBench.lease * 3 / 4))
            #expect(try await bench.sweep(most: 2) == [])
            #expect(try await bench.sweep(most: 2) == [])
            let left = try await bench.redis.send("PTTL", "skirret:stalled").int ?? 0
            #expect(left > ScriptBench.lease - 2000 && left <= ScriptBench.lease)
            try await bench.redis.send("DEL", "skirret:stalled")
            #expect(try await bench.sweep() == ["S-0", "S-1", "S-2"])
        }
    }

    @Test func `a sweep takes no more than it was told`() async throws {
        try await claimed("a", "b", "c") { bench in
            try await bench.expire("S-0", "S-1", "S-2")
            #expect(try await bench.sweep(most: 2).count == 2)
        }
    }

    @Test func `nothing is taken from a node while somebody vouches for its process`() async throws {
        try await claimed("a", "b") { bench in
            try await bench.redis.send(
                "HSET", "skirret:owners", "S-1", #"{"worker": "other@h", "queue": "celery", "tail": 13, "task": "b"}"#)
            try await bench.redis.send("ZADD", "skirret:workers", .init(try await bench.now() + 9000), "other@h")
            #expect(try await bench.vouch("w@h", "other@h") == ["w@h"])
            try await bench.redis.send("ZREM", "skirret:workers:vouched", "other@h")
            try await bench.expire("S-0", "S-1")
            #expect(try await bench.sweep() == ["S-1"])
            // Renewed: not even a restore that had seen it expire may take it now.
            let reply = try await bench.restore("S-0", why: "expired")
            #expect(reply.array?.count == 0)
            // Who vouches no more has said all there is to say.
            #expect(try await bench.vouch("w@h", lease: -1) == ["w@h"])
            try await bench.expire("S-0")
            #expect(try await bench.sweep() == ["S-0", "S-1"])
        }
    }

    // MARK: promote

    @Test func `what is due and has a fair key waits for its turn, in front of its own key's`() async throws {
        try await ScriptBench.run { bench in
            func fair(_ id: String, _ key: String) -> String {
                envelope(id, headers: ", \"skirret_fair_key\": \(key), \"skirret_fair_weight\": 2")
            }
            let now = try await bench.now()
            // One that only speaks of a fair key, and one whose key is no text.
            let messages = [
                fair("a", "\"x\""), fair("b", "\"x\""), envelope("c", headers: ", \"t\": \"'skirret_fair_key'\""),
                fair("d", "7"), fair("e", "\"\\u0079\""),
            ]
            for (index, message) in messages.enumerated() {
                try await bench.redis.send("ZADD", "skirret:scheduled", .init(now - 1000 + index), .init(index))
                try await bench.redis.send(
                    "HSET", "skirret:scheduled:messages", .init(index), .init("celery\n" + message))
            }
            try await bench.redis.send("RPUSH", "skirret:fair:hand:celery:x", "was here")
            try await bench.redis.send("RPUSH", "skirret:fair:ring:celery", "x")
            try await bench.redis.send("HSET", "skirret:fair", "celery", 1)
            #expect(try await bench.promote(most: 10) == [5, -1])
            try await bench.expect([
                "celery": .list([messages[3], messages[2]]),
                "skirret:fair:hand:celery:x": .list(["was here", messages[1], messages[0]]),
                "skirret:fair:hand:celery:y": .list([messages[4]]),
                "skirret:fair:ring:celery": .list(["x", "y"]), "skirret:fair": .hash(["celery": "4"]),
                "skirret:fair:weights:celery": .hash(["x": "2", "y": "2"]),
            ])
        }
    }

    @Test func `what is due moves in slices, the earliest served first`() async throws {
        try await ScriptBench.run { bench in
            let now = try await bench.now()
            for (index, id) in ["a", "b", "c"].enumerated() {
                try await bench.redis.send("ZADD", "skirret:scheduled", .init(now - 1000 + index), .init(id))
                try await bench.redis.send("HSET", "skirret:scheduled:messages", .init(id), .init("celery\n\(id)\nx"))
            }
            try await bench.redis.send("ZADD", "skirret:scheduled", .init(now + 60_000), "later")
            try await bench.redis.send("HSET", "skirret:scheduled:messages", "later", "celery\nl")
            try await bench.push("waiting")
            #expect(try await bench.promote(most: 2) == [2, 0])
            try await bench.expect([
                "celery": .list(["waiting", "b\nx", "a\nx"]), "skirret:scheduled": .sorted(["c", "later"]),
                "skirret:scheduled:messages": .hash(["c": "celery\nc\nx", "later": "celery\nl"]),
            ])
            let second = try await bench.promote(most: 2)
            #expect(second[0] == 1)
            #expect(second[1] > 55_000 && second[1] <= 60_000)
            try await bench.redis.send("DEL", "skirret:scheduled")
            #expect(try await bench.promote(most: 2) == [0, -1])
        }
    }
}
