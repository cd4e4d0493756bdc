import CeleryProtocol
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

/// Whoever waits for a message that was given up is told, though whoever gave it up is gone or never knew.
@Suite("Untold dead letters", .timeLimit(.minutes(2))) struct UntoldTests {
    private let add = TaskDefinition("samples.add") { (x: Int, y: Int) in x + y }
    private let total = TaskDefinition("samples.total") { (numbers: [Int]) in numbers.reduce(0, +) }
    private let errback = TaskDefinition("samples.errback") { (id: String) in id }
    private let broken = TaskDefinition("samples.broken") { (x: Int) in x }

    /// A chord with a part that nobody has begun, claimed by a worker that is gone; gives the body's id.
    private func chordWithADeadPart(_ queue: TaskQueue) async throws -> TaskID {
        let body = try await chord([broken.s(1), add.s(1, 1)], then: total.s()).delay(on: queue).id
        let claims = try await claimedByTheDead(queue, 2)
        // The part that lives goes on.
        _ = try await settler(queue).restore([claims[1]], why: .stopping, detail: "")
        return body
    }

    /// The tokens of messages that a worker claimed whose leases have run out.
    private func claimedByTheDead(_ queue: TaskQueue, _ count: Int = 1) async throws -> [String] {
        var options = WorkerOptions(name: "gone@host")
        options.lease = .milliseconds(1)
        var claimer = Claimer(queue: queue, options: options, consumed: ConsumedQueues(options.queues))
        let claims = try await claimer.claim(most: count)
        try #require(claims.count == count)
        return claims.map(\.token)
    }

    private func settler(_ queue: TaskQueue) -> Settler {
        var options = WorkerOptions(name: "sweeper@host")
        (options.mostCrashes, options.sweep) = (1, .milliseconds(100))
        return Settler(queue: queue, options: options, isStopping: { false })
    }

    private func workers(_ queue: TaskQueue, _ body: () async throws -> Void) async throws {
        try await withWorker(
            queue, tasks: [add.registered, total.registered, errback.registered],
            configure: { $0.sweep = .milliseconds(100) }, body)
    }

    @Test(arguments: [false, true])
    func `a chord hears of a part that its finder gave up and died`(hasOwnBackend: Bool) async throws {
        try await withQueue(hasOwnBackend: hasOwnBackend) { queue in
            let body = try await chordWithADeadPart(queue)
            let token = try await queue.redis.send("ZRANGE", "skirret:leases", 0, 0).array?.first?.string ?? ""
            // The finder's last command. It tells nobody.
            let letters = try await settler(queue).restore([token], why: .expired, detail: "it died")
            #expect(letters.map(\.failure) == [.workerLost("it died")])
            try await workers(queue) {
                let result = try await queue.result(of: body, within: .seconds(20))
                #expect(result.failure?.excType == "ChordError")
                #expect(result.failure?.description.contains("it died") == true)
                try await until { try await queue.redis.send("EXISTS", "skirret:dead:untold").int == 0 }
            }
            let left = try await leftovers(queue).filter { !$0.hasPrefix("celery-taskset-meta-") }
            #expect(left == ["skirret:dead", "skirret:dead:letters"])
        }
    }

    @Test func `a chord hears of a part whose finder never saw the answer`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let body = try await chordWithADeadPart(queue)
            let token = try await queue.redis.send("ZRANGE", "skirret:leases", 0, 0).array?.first?.string ?? ""
            try await FaultProxy.withProxy(to: url) { proxy in
                let deaf = TaskQueue(proxy.url, logger: quiet)
                _ = try await settler(deaf).restore(["none"], why: .expired, detail: "")
                proxy.faults.losesAnswers = true
                let finder = Task { try await settler(deaf).restore([token], why: .expired, detail: "it died") }
                try await until { try await queue.redis.send("ZCARD", "skirret:dead").int == 1 }
                // Killed: it learns of nothing any more.
                finder.cancel()
                await deaf.close()
                let outcome = await finder.result
                #expect(throws: (any Error).self) { try outcome.get() }
            }
            try await workers(queue) {
                let result = try await queue.result(of: body, within: .seconds(20))
                #expect(result.failure?.excType == "ChordError")
            }
            await queue.close()
        }
    }

    @Test func `errbacks are sent once, however many tell`() async throws {
        try await withQueue { queue in
            try await broken.call(1, on: queue, .id("lost"), .linkError(errback.s()))
            let token = try await claimedByTheDead(queue)[0]
            _ = try await settler(queue).restore([token], why: .expired, detail: "it died")
            try await until { try await queue.redis.send("ZSCORE", "skirret:dead:untold", .init(token)).string != nil }
            let workers = (1...3).map { number in
                FleetWorker(queue.url, name: "w\(number)@host", tasks: [add.registered]) {
                    ($0.sweep, $0.queues) = (.milliseconds(50), ["other"])
                }
            }
            try await withFleet(workers) {
                let result = try await queue.result(of: "lost", within: .seconds(20))
                #expect(result.failure == .workerLost("it died"))
                // A sweep or two more of each of them.
                try await until { try await queue.redis.send("EXISTS", "skirret:dead:untold").int == 0 }
                for _ in 0..<3 {
                    let before = try await queue.redis.send("GET", "skirret:swept").string
                    try await until { try await queue.redis.send("GET", "skirret:swept").string != before }
                }
            }
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
        }
    }

    @Test(arguments: [
        ("expired", TaskFailure.workerLost("because")), ("crashed", .workerLost("because")),
        ("refused", .builtin("ValueError", "because")), ("unknown", .notRegistered("t")),
    ])
    func `a letter says itself what those who wait are told`(why: String, failure: TaskFailure) throws {
        let about: JSONValue = [
            "why": .string(why), "reason": "because", "name": "t", "task": "a", "queue": "celery", "at": 1,
        ]
        let letter = try #require(Settler.DeadLetter(id: "l", stored: about.encoded() + Array("\nme\nssage".utf8)))
        #expect(letter.failure == failure && letter.task == "a" && letter.list == "celery")
        #expect(letter.message == Array("me\nssage".utf8))
    }

    @Test func `a letter that was replayed before anybody was told is told by its new run`() async throws {
        try await withQueue { queue in
            let handle = try await add.delay(20, 1, on: queue)
            let token = try await claimedByTheDead(queue)[0]
            _ = try await settler(queue).restore([token], why: .crashed, detail: "signal 9")
            _ = try await queue.replay(try await queue.deadLetters(limit: 1))
            #expect(try await queue.redis.send("EXISTS", "skirret:dead:untold", "skirret:dead:untold:letters").int == 0)
            try await workers(queue) {
                let sum = try await handle.result(within: .seconds(20))
                #expect(sum == 21)
            }
        }
    }

    @Test func `a letter that was discarded before anybody was told is told of`() async throws {
        try await withQueue { queue in
            let handle = try await add.delay(20, 1, on: queue)
            let token = try await claimedByTheDead(queue)[0]
            _ = try await settler(queue).restore([token], why: .crashed, detail: "signal 9")
            try await queue.discard(deadLetters: [token])
            try await workers(queue) {
                let result = try await queue.result(of: handle.id, within: .seconds(20))
                #expect(result.failure == .workerLost("signal 9"))
            }
            #expect(try await leftovers(queue) == [])
        }
    }
}
