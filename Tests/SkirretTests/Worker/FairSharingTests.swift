import CeleryProtocol
import SkirretRedis
import Synchronization
import Testing

@testable import Skirret

@Suite("Fair sharing", .timeLimit(.minutes(2))) struct FairSharingTests {
    @Test func `one key with many calls does not hold up another key with one`() async throws {
        let order = Mutex<[String]>([])
        let task = TaskDefinition("samples.fair") { (key: String) in
            order.withLock { $0.append(key) }
            return key
        }
        try await withQueue { queue in
            for _ in 0..<2000 { try await task.call("many", on: queue, .fair("many"), .ignoringResult) }
            let one = try await task.call("one", on: queue, .fair("one"))
            try await withWorker(queue, tasks: [task.registered]) {
                let answer = try await one.result(within: .seconds(20))
                #expect(answer == "one")
                try await until { order.withLock { $0.count } == 2001 }
            }
            let place = order.withLock { $0.firstIndex(of: "one") } ?? .max
            #expect(place < 100)
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `keys take turns by their weights`() async throws {
        try await withQueue { queue in
            for number in 0..<30 {
                let heavy = CallOptions.fair("heavy", 2), light = CallOptions.fair("light", 1)
                _ = try await queue.send("t", args: [.string("h"), .int(number)], options: heavy)
                _ = try await queue.send("t", args: [.string("l"), .int(number)], options: light)
            }
            let keys = queue.keys
            let reply = try await queue.redis.run(
                Scripts.deal,
                keys: [
                    "celery", keys.fair, keys.fairRing("celery"), keys.fairWeights("celery"), keys.fairCredit("celery"),
                ], arguments: [12, "skirret:wake", .init(keys.fairHands("celery"))])
            #expect(reply.array?.compactMap(\.int) == [0, 48])
            let dealt = try await queue.redis.send("LRANGE", "celery", 0, -1).array ?? []
            let order = try dealt.reversed().compactMap(\.bytes).map { bytes in
                try TaskMessage(decoding: bytes).body.args.compactMap { $0.string ?? $0.int.map(String.init) }.joined()
            }
            #expect(order == ["h0", "h1", "l0", "h2", "h3", "l1", "h4", "h5", "l2", "h6", "h7", "l3"])
        }
    }

    @Test func `low priorities do not starve while high ones wait, and come last otherwise`() async throws {
        let order = Mutex<[Int]>([])
        let task = TaskDefinition("samples.ordered") { (priority: Int) in
            order.withLock { $0.append(priority) }
            // Long enough that nothing is claimed ahead of its time.
            try await Task.sleep(for: .milliseconds(10))
            return priority
        }
        try await withQueue { queue in
            for _ in 0..<3 { try await task.call(9, on: queue, .priority(9)) }
            for _ in 0..<60 { try await task.call(0, on: queue, .priority(0)) }
            try await withWorker(queue, tasks: [task.registered], configure: { $0.concurrency = 1 }) {
                try await until { order.withLock { $0.count } == 63 }
            }
            let places = order.withLock { order in order.indices.filter { order[$0] == 9 } }
            #expect(places.count == 3)
            // Some urgent ones first, and none of the others only after all of those.
            #expect(places.first ?? 0 >= 3 && places.first ?? .max < 40)
            #expect(places.last ?? .max < 62)
        }
    }
}

extension CallOptions {
    fileprivate static func fair(_ key: String, _ weight: Int) -> CallOptions {
        var options = CallOptions()
        options.fairKey = key
        options.fairWeight = weight
        return options
    }
}
