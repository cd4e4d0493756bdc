import CeleryProtocol
import SkirretRedis
import Testing

@testable import Skirret

@Suite("Script: offer, survey, count", .serialized) struct OfferScriptTests {
    private let served = "\"celery\"\n\"t\"", unserved = "\"other\"\n\"u\""

    /// What ``shelve`` leaves behind, with times of its own.
    private func about(_ place: String, list: String, why: String = "unknown") -> String {
        JSONValue.object([
            "why": .string(why), "list": .string(list), "place": .string(place), "name": "t", "since": 1234,
            "ends": 9_999_999_999_999,
        ]).text
    }

    private func shelve(
        _ id: String, _ place: String, list: String = "celery", offerAt: Int = 1, _ bench: ScriptBench
    ) async throws {
        try await bench.redis.send("HSET", "skirret:waiting", .init(id), .init(about(place, list: list) + "\nof \(id)"))
        try await bench.redis.send("ZADD", "skirret:waiting:names", 0, .init("\(place)\n0000000001234\n\(id)"))
        try await bench.redis.send("ZADD", "skirret:waiting:overdue", 5, .init(id))
        try await bench.redis.send("ZADD", "skirret:waiting:offers", .init(offerAt), .init(id))
    }

    /// How many of those offered before wait again, what was offered now, and how long until the next may be.
    private func offer(
        _ most: Int, before: [String] = [], _ bench: ScriptBench
    ) async throws -> (back: Int?, offered: [String], next: Int?) {
        let keys = bench.keys
        let reply = try await bench.redis.run(
            Scripts.offer,
            keys: [
                keys.waiting, keys.waitingNames, keys.waitingOverdue, keys.waitingOffers, keys.paused,
                keys.waitingTelling,
            ],
            arguments: [.init(most), .init(keys.offered("")), 1, .init(served)] + before.map { .init($0) })
        let parts = reply.array ?? []
        return (parts[0].int, parts[1].array?.compactMap(\.string) ?? [], parts[2].int)
    }

    @Test func `what somebody serves goes next in line into its queue, few at a time`() async throws {
        try await ScriptBench.run { bench in
            try await bench.push("was here")
            for (id, at) in [("a", 1), ("b", 2), ("c", 3)] { try await shelve(id, served, offerAt: at, bench) }
            let first = try await offer(2, bench)
            #expect(first.back == 0 && first.offered == ["a", "b"] && first.next == 0)
            try await bench.expect([
                "celery": .list(["was here", "of a", "of b"]),
                "skirret:waiting": .hash(["c": about(served, list: "celery") + "\nof c"]),
                "skirret:waiting:names": .sorted(["\(served)\n0000000001234\nc"]),
                "skirret:waiting:overdue": .sorted(["c"]), "skirret:waiting:offers": .sorted(["c"]),
                "skirret:offered:a": .string("1"), "skirret:offered:b": .string("1"),
            ])
            #expect(try await bench.redis.send("TTL", "skirret:offered:a").int ?? 0 > 100)
            // One that came back counts on.
            try await shelve("b", served, bench)
            let second = try await offer(5, before: ["b", "a"], bench)
            #expect(second.back == 1 && second.offered == ["b", "c"] && second.next == -1)
            #expect(try await bench.redis.send("GET", "skirret:offered:b").string == "2")
        }
    }

    @Test func `what nobody serves, and what is paused, steps out of the way for a while`() async throws {
        try await ScriptBench.run { bench in
            try await shelve("stranger", unserved, list: "other", bench)
            try await shelve("paused", served, list: "celery", bench)
            try await shelve("early", served, offerAt: Int.max / 1024, bench)
            try await bench.redis.send("HSET", "skirret:paused", "celery", 1)
            let before = try await bench.space(without: "skirret:waiting:offers")
            let reply = try await offer(5, bench)
            #expect(reply.back == 0 && reply.offered == [])
            #expect((9000...10_000).contains(reply.next ?? 0))
            try await bench.expect(without: ["skirret:waiting:offers"], before)
            let order = try await bench.redis.send("ZRANGE", "skirret:waiting:offers", 0, -1)
            #expect(order.array?.compactMap(\.string) == ["paused", "stranger", "early"])
        }
    }

    @Test func `what somebody is being told of is left alone for a moment`() async throws {
        try await ScriptBench.run { bench in
            for id in ["told", "late"] { try await shelve(id, served, bench) }
            let soon = try await bench.now() + 60_000
            try await bench.redis.send("ZADD", "skirret:waiting:telling", .init(soon), "told", 1, "late")
            let reply = try await offer(5, bench)
            #expect(reply.offered == ["late"] && reply.next == 100)
            #expect(try await bench.redis.send("HKEYS", "skirret:waiting").array?.compactMap(\.string) == ["told"])
        }
    }

    @Test func `what waits no more, or for something else, is forgotten`() async throws {
        try await ScriptBench.run { bench in
            let limit = about(served, list: "celery", why: "limit") + "\nof limited"
            try await bench.redis.send("HSET", "skirret:waiting", "limited", .init(limit))
            try await bench.redis.send("ZADD", "skirret:waiting:offers", 1, "gone", 2, "limited")
            let reply = try await offer(5, bench)
            #expect(reply.offered == [] && reply.next == -1)
            try await bench.expect(["skirret:waiting": .hash(["limited": limit])])
        }
    }

    // MARK: survey

    /// A message whose notice is due, and what a survey says of notices.
    private func survey(
        _ bench: ScriptBench, elsewhere: Bool, stored: String? = nil
    ) async throws -> [[String]] {
        let keys = bench.keys
        try await shelve("a", served, bench)
        let about = JSONValue.object([
            "why": "unknown", "list": "celery", "place": .string(served), "name": "t", "since": 1234,
            "ends": 9_999_999_999_999, "key": "result-a", "result": "notice", "keep": "60",
            "elsewhere": elsewhere ? true : false,
        ])
        try await bench.redis.send("HSET", "skirret:waiting", "a", .init(about.text + "\nof a"))
        if let stored { try await bench.redis.send("SET", "result-a", .init(stored)) }
        let reply = try await bench.redis.run(
            Scripts.survey,
            keys: [
                keys.waiting, keys.waitingNames, keys.waitingOverdue, keys.dead, keys.letters, keys.untold,
                keys.untoldLetters, keys.waitingTelling,
            ], arguments: ["", 10, "S", 1000])
        return (reply.array?.last?.array ?? []).map { ($0.array ?? []).compactMap(\.string) }
    }

    @Test func `nobody adopts what somebody tells of in another Redis`() async throws {
        try await ScriptBench.run { bench in
            #expect(try await survey(bench, elsewhere: true) == [["a", "result-a", "notice", "9999999999999"]])
            #expect(try await bench.redis.send("EXISTS", "result-a").int == 0)
            // Should nobody say that it is told, it is told again.
            let again = try await bench.redis.send("ZSCORE", "skirret:waiting:overdue", "a").int ?? .max
            let now = try await bench.now()
            #expect(again <= now + 5000)
            let early = try await bench.adopt("T", most: 1)
            #expect(early.array?[1].array?.count == 0)
            #expect(early.array?[2].array?.count == 0, "it is still offered")
            // Told, or given up by who wanted to.
            try await bench.redis.send("ZADD", "skirret:waiting:telling", 1, "a")
            let late = try await bench.adopt("T", most: 1)
            #expect(late.array?[1].array?.count == 1 && late.array?[2].array?.count == 1)
        }
    }

    @Test(arguments: [
        (nil, "notice"), ("notice", "notice"), (#"{"status": "RETRY"}"#, "notice"),
        (#"{"status": "SUCCESS"}"#, #"{"status": "SUCCESS"}"#), (#"{"status": "STARTED"}"#, #"{"status": "STARTED"}"#),
    ])
    func `a notice does not take the place of a result`(stored: String?, wanted: String) async throws {
        try await ScriptBench.run { bench in
            let notices = try await survey(bench, elsewhere: false, stored: stored)
            #expect(notices == [])
            #expect(try await bench.redis.send("GET", "result-a").string == wanted)
            #expect(try await bench.redis.send("ZSCORE", "skirret:waiting:overdue", "a").string == "9999999999999")
        }
    }

    // MARK: count

    @Test func `entries are counted by their lists, slice by slice, and nothing is changed`() async throws {
        try await ScriptBench.run { bench in
            for number in 0..<900 {
                let list = ["one", "two", "three"][number % 3]
                // A list's name may stand in a message too, and a message may be several lines long.
                let entry = number % 2 == 0 ? "\(list)\none\ntwo" : about(served, list: list) + "\ntwo\n"
                try await bench.redis.send("HSET", "entries", .init(number), .init(entry))
            }
            let before = try await bench.space()
            for (lists, wanted) in [(["one"], 300), (["one", "three"], 600), (["none"], 0), ([], 0)] {
                var cursor = "0", count = 0, slices = 0
                repeat {
                    let reply = try await bench.redis.run(
                        Scripts.count, keys: [], arguments: ["entries", .init(cursor)] + lists.map { .init($0) })
                    cursor = reply.array?.first?.string ?? "0"
                    count += reply.array?.last?.int ?? 0
                    slices += 1
                } while cursor != "0"
                #expect(count == wanted)
                #expect(slices > 2, "one slice at a time")
            }
            try await bench.expect(before)
        }
    }
}
