import CeleryProtocol
import Foundation
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

    /// The fair keys of messages in the order in which they are dealt, all of them.
    private func deal(_ queue: TaskQueue) async throws -> [String] {
        let keys = queue.keys
        _ = try await queue.redis.run(
            Scripts.deal,
            keys: [
                "celery", keys.fair, keys.fairRing("celery"), keys.fairWeights("celery"), keys.fairCredit("celery"),
            ], arguments: [1000, "skirret:wake", .init(keys.fairHands("celery"))])
        let dealt = try await queue.redis.send("LRANGE", "celery", 0, -1).array ?? []
        return try dealt.reversed().compactMap(\.bytes).map { bytes in
            try TaskMessage(decoding: bytes).headers.additional(FairTurn.keyHeader)?.string ?? "none"
        }
    }

    @Test func `what waited for its time takes turns once it is due, however it was sent`() async throws {
        try await withQueue { queue in
            var calls: [TaskCall] = []
            for _ in 0..<3 {
                var options = CallOptions.fair("many", 1)
                options.countdown = .milliseconds(1)
                _ = try await queue.send("t", options: options)
                calls.append(TaskCall("t", options: options))
            }
            try await queue.send(many: calls)
            var one = CallOptions.fair("one", 1)
            one.eta = Date(timeIntervalSinceNow: 0.001)
            _ = try await queue.send("t", options: one)
            try await until {
                _ = try await queue.redis.run(
                    Scripts.promote, keys: [queue.keys.scheduled, queue.keys.scheduledMessages, queue.keys.fair],
                    arguments: [100, "wake"])
                return try await queue.redis.send("EXISTS", "skirret:scheduled").int == 0
            }
            #expect(try await deal(queue) == ["many", "one", "many", "many", "many", "many", "many"])
        }
    }

    @Test func `what follows a call takes the call's turn, unless it has one of its own`() async throws {
        let step = TaskDefinition("samples.step") { (x: Int) in x }
        let sum = TaskDefinition("samples.sum") { (all: [Int]) in all.reduce(0, +) }
        try await withQueue { queue in
            let header: [any CanvasPart] = [try step.s(), try step.s()]
            let body = try sum.s().set(.queue("elsewhere"), .fair("own"))
            let canvas = chain(try step.s(0), chord(header, then: body))
            try await queue.send(canvas, options: .fair("customer", 3))
            try await step.call(7, on: queue, .fair("customer"), .link(try step.s().set(.queue("after"))))
            #expect(try await queue.redis.send("LLEN", "celery").int == 0)
            try await withWorker(queue, tasks: [step.registered, sum.registered]) {
                let hands = ["skirret:fair:hand:elsewhere:own", "skirret:fair:hand:after:customer"]
                try await until {
                    // Its own worker deals these as well.
                    let space = try await keySpace(queue.redis)
                    return hands.allSatisfy { space[$0] != nil } || space["elsewhere"] != nil && space["after"] != nil
                }
            }
            func turn(_ list: String) async throws -> FairTurn? {
                let lists = [list, "skirret:fair:hand:\(list):own", "skirret:fair:hand:\(list):customer"]
                for name in lists {
                    guard let bytes = try await queue.redis.send("LINDEX", .init(name), 0).bytes else { continue }
                    return FairTurn(try TaskMessage(decoding: bytes).headers)
                }
                return nil
            }
            let own = try await turn("elsewhere"), inherited = try await turn("after")
            #expect(own?.key == "own" && own?.weight == 1)
            #expect(inherited?.key == "customer" && inherited?.weight == 1)
        }
    }

    @Test(arguments: ["seal", "finish", "recheck"])
    func `what follows a batch takes its turn, whoever ends the batch`(by end: String) async throws {
        let step = TaskDefinition("samples.step") { (x: Int) in x }
        try await withQueue { queue in
            let batch = queue.batch(then: try step.s(1).set(.queue("after"), .fair("customer", weight: 2)).signature)
            var ids: [TaskID] = []
            if end != "seal" { ids = try await batch.add(try step.s(2).signature) }
            try await batch.seal()
            if end == "recheck" {
                let result = TaskResult.success(ids[0], 1, at: Date())
                _ = try await queue.redis.send("SET", .init(queue.keys.result(ids[0])), .init(result.encoded()))
                try await batch.recheck()
            } else if end == "finish" {
                // By hand: a worker would deal it at once.
                let options = WorkerOptions(name: "w@h")
                var claimer = Claimer(queue: queue, options: options, consumed: ConsumedQueues(options.queues))
                let claim = try #require(try await claimer.claim(most: 1).first)
                var settlement = Settlement(own: .success(ids[0], 1, at: Date()))
                settlement.batch = batch.id
                let settler = Settler(queue: queue, options: options, isStopping: { false })
                _ = try await settler.write(
                    settlement, of: ids[0], token: claim.token, claim: claim.token, single: nil)
            }
            #expect(try await batch.summary()?.isDone == true)
            let hand = try await queue.redis.send("LRANGE", "skirret:fair:hand:after:customer", 0, -1).array
            #expect(hand?.count == 1)
            #expect(try await queue.redis.send("HGET", "skirret:fair:weights:after", "customer").string == "2")
            #expect(try await queue.redis.send("EXISTS", "after").int == 0)
        }
    }

    @Test func `what beat fires, and what a ledger brings, takes its turn`() async throws {
        try await withQueue { queue in
            let bench = ScriptBench(redis: queue.redis)
            let headers = ", \"skirret_fair_key\": \"customer\""
            _ = try await bench.lead("one")
            let fired = envelope("f", headers: headers), kept = envelope("k", headers: headers)
            #expect(try await bench.fire(1000, term: 1, message: fired) == 2)
            try await queue.push(accepted: [
                .init(id: "k", queue: "celery", priority: nil, due: nil, message: Array(kept.utf8))
            ])
            let hand = try await queue.redis.send("LRANGE", "skirret:fair:hand:celery:customer", 0, -1).array
            #expect(hand?.compactMap(\.string) == [kept, fired])
            #expect(try await queue.redis.send("EXISTS", "celery").int == 0)
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
