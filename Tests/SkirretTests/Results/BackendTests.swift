import CeleryProtocol
import Foundation
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

/// Results in another Redis than messages: Celery's `result_backend`.
@Suite("Backend", .timeLimit(.minutes(2))) struct BackendTests {
    private let add = TaskDefinition("samples.add") { (x: Int, y: Int) in x + y }
    private let total = TaskDefinition("samples.total") { (numbers: [Int]) in numbers.reduce(0, +) }
    private let success = #"{"status": "SUCCESS", "result": 1, "task_id": "a"}"#

    /// A queue with a backend of its own, a settler for it, and what a worker would have claimed.
    private func withSettler(_ body: (TaskQueue, Settler) async throws -> Void) async throws {
        try await withQueue(hasOwnBackend: true) { queue in
            try await body(
                queue, Settler(queue: queue, options: WorkerOptions(name: "w@host"), isStopping: { false }))
        }
    }

    private func names(_ redis: RedisClient, _ pattern: RedisArgument = "*") async throws -> [String] {
        try await redis.send("KEYS", pattern).array?.compactMap(\.string).sorted() ?? []
    }

    @Test func `messages are in the broker, results and what chords count in the backend`() async throws {
        try await withQueue(hasOwnBackend: true) { queue in
            #expect(queue.hasOwnBackend)
            try await withWorker(queue, tasks: [add.registered, total.registered]) { options in
                options.tracksStarted = true
            } _: {
                let plain = try await add.delay(1, 2, on: queue)
                #expect(try await plain.result(within: .seconds(10)) == 3)
                let six = try await chord([add.s(1, 1), add.s(2, 2)], then: total.s()).delay(on: queue)
                #expect(try await six.result(within: .seconds(10)) == 6)
                let unknown = try await queue.send("samples.unknown")
                try await until { try await queue.redis.send("HLEN", "skirret:waiting").int == 1 }
                try await queue.revoke([unknown])
                #expect(try await queue.result(of: unknown, within: .seconds(10)).state == .revoked)
                try await plain.forget()
                #expect(try await plain.state() == nil)
            }
            let astray = try await names(queue.redis, "celery-task*")
            #expect(astray == [])
            let chords = try await names(queue.backend, "celery-taskset-meta-*")
            #expect(chords.count == 1)
            var known = try await names(queue.backend, "celery-task-meta-*") + chords
            known += try await names(queue.backend, "skirret:sent:*")
            let all = try await names(queue.backend)
            #expect(all.sorted() == known.sorted())
        }
    }

    @Test func `canvases are what they are with one Redis`() async throws {
        let canvases = CanvasTests(hasOwnBackend: true)
        try await canvases.`chains, groups and chords, typed from end to end`()
        try await canvases.`nested as deep as it comes`()
        try await canvases.`canvases as callbacks`()
        try await canvases.`a failure reaches the body, what follows it, and the errbacks`()
        try await canvases.`a chord that fails inside a chord fails that too`()
        try await canvases.`a step that fails fails the chord at the chain's end`()
        try await canvases.`a task in a chord may be replaced, and may add another`()
        try await canvases.`groups are saved, restored, read as they complete, and forgotten`()
    }

    @Test func `a worker that died between the result and the acknowledgement is made up for by the next run`()
        async throws
    {
        try await withSettler { queue, settler in
            let six = try await chord([add.s(1, 1), add.s(2, 2)], then: total.s()).delay(on: queue)
            // Both parts ran, the second up to where the backend is done with it; then its worker was gone.
            for (index, value) in [2, 4].enumerated() {
                let message = try TaskMessage(
                    decoding: try #require(try await queue.redis.send("LINDEX", "celery", .init(-1 - index)).bytes))
                let claim = Claim(token: "", list: "celery", message: message.encoded(), claimedAt: .now)
                let settling = Settling(
                    keys: queue.keys, message: message, claim: claim, route: { _ in "celery" }, ignoresResult: false,
                    now: Date())
                let settlement = try settling.settlement(for: .succeeded(.int(value)))
                try await settler.store(settlement.results.map { ($0.key, $0.result.encoded()) })
                let complete = try await settler.join(settlement.parts, claimedBy: message.headers.id)
                #expect(complete.count == index)
                // Somebody else's copy of the same part must not send the body too.
                #expect(try await settler.join(settlement.parts, claimedBy: "another").isEmpty)
            }
            try await withWorker(queue, tasks: [add.registered, total.registered]) {
                let sum = try await six.result(within: .seconds(10))
                #expect(sum == 6)
            }
            #expect(try await queue.redis.send("LLEN", "celery").int == 0)
        }
    }

    @Test func `who lost its claim stores nothing`() async throws {
        try await withSettler { queue, settler in
            #expect(try await !settler.isHeld("gone"))
            try await queue.redis.send("ZADD", "skirret:leases", 1, "held")
            try await queue.redis.send("HSET", "skirret:owners", "held", "{}")
            try await queue.redis.send("HSET", "unacked", "held", "[]")
            try await queue.redis.send("ZADD", "unacked_index", 1, "held")
            let batch = ["gone", "held", ""].map { token in
                let message = TaskMessage(
                    task: "t", id: TaskID(rawValue: "of-" + token), args: [], kwargs: [:], queue: "celery")
                var run = Run(
                    claim: Claim(token: token, list: "celery", message: [], claimedAt: .now), message: message)
                if token.isEmpty { run.token = nil }
                return PlainSettlement(
                    run: run, outcome: .succeeded(1), runtime: .zero, result: Array(success.utf8))
            }
            #expect(try await settler.write(batch) == [false, true, true])
            #expect(try await names(queue.backend) == ["celery-task-meta-of-", "celery-task-meta-of-held"])
            try await settler.report(
                Array(success.utf8), at: "celery-task-meta-x", keep: 10, isResult: true, token: "gone")
            #expect(try await queue.backend.send("EXISTS", "celery-task-meta-x").int == 0)
        }
    }

    @Test func `whoever waits for a task that nobody knows is told, and it still runs`() async throws {
        let new = TaskDefinition("samples.new") { (x: Int) in x * 2 }
        try await withQueue(hasOwnBackend: true) { queue in
            let handle = try await new.delay(21, on: queue)
            try await withWorker(
                queue, tasks: [add.registered], configure: { $0.unknownTaskNotice = .milliseconds(50) }
            ) {
                let told = try await queue.result(of: handle.id, within: .seconds(10))
                #expect(told.failure == .notRegistered("samples.new") && told.dateDone == nil)
                // It is not told again and again.
                try await until {
                    let next = try await queue.redis.send(
                        "ZSCORE", "skirret:waiting:overdue", .init(handle.id.rawValue))
                    let now = try await queue.brokerTime().timeIntervalSince1970 * 1000
                    return (next.string.flatMap(Double.init) ?? 0) > now + 60_000
                }
            }
            try await withWorker(queue, tasks: [new.registered]) {
                try await until { try await handle.state() == .success }
            }
        }
    }

    @Test func `whoever waits for a task that is revoked hears of it before anybody claims it`() async throws {
        try await withQueue(hasOwnBackend: true) { queue in
            let waiting = try await add.delay(1, 2, on: queue), done = try await add.delay(1, 2, on: queue)
            let running = try await add.delay(1, 2, on: queue)
            try await queue.backend.send("SET", .init(queue.keys.result(done.id)), .init(success))
            let owner = #"{"task":"\#(running.id)","worker":"w@h","queue":"celery","tail":15}"#
            try await queue.redis.send("HSET", .init(queue.keys.owners), "token", .init(owner))
            async let told = queue.result(of: waiting.id, within: .seconds(10))
            try await queue.revoke([waiting.id, done.id, running.id])
            #expect(try await told.state == .revoked)
            let stored = try await queue.backend.send("GET", .init(queue.keys.result(done.id))).string
            #expect(stored == success)
            #expect(try await running.state() == nil, "its worker has the last word")
        }
    }

    @Test func `a note is no last word, and is told again`() async throws {
        try await ScriptBench.run { bench in
            let note = #"{"status":"REVOKED"}"#
            let before = [
                "none": "", "retry": #"{"status": "RETRY"}"#, "started": #"{"status": "STARTED"}"#,
                "success": success, "same": note,
            ]
            for (key, stored) in before where !stored.isEmpty {
                try await bench.redis.send("SET", .init(key), .init(stored))
            }
            let names = ["none", "retry", "started", "success", "same"]
            let count = try await bench.redis.run(
                Scripts.note, keys: names, arguments: [60] + names.map { _ in RedisArgument(note) })
            #expect(count.int == 3)
            try await bench.expect([
                "none": .string(note), "retry": .string(note), "started": .string(#"{"status": "STARTED"}"#),
                "success": .string(success), "same": .string(note),
            ])
            #expect(try await bench.redis.send("TTL", "none").int ?? 0 > 50)
        }
    }

    @Test func `a stored success stays`() async throws {
        try await withSettler { queue, settler in
            let key = queue.keys.result("a")
            try await settler.store([(key, Array(success.utf8))])
            try await settler.store([(key, Array(#"{"status": "FAILURE"}"#.utf8))])
            #expect(try await queue.backend.send("GET", .init(key)).string == success)
        }
    }

    @Test func `a backend that is away holds up the acknowledgement, and nothing is lost`() async throws {
        try await ThrowawayRedis.withServerProcess(.init(isDurable: true)) { backend in
            try await ThrowawayRedis.withServer { url in
                let queue = TaskQueue(url, backend: backend.url, logger: quiet)
                try await withWorker(queue, tasks: [add.registered]) {
                    #expect(try await add.delay(1, 1, on: queue).result(within: .seconds(10)) == 2)
                    await backend.kill()
                    let handle = try await add.delay(2, 3, on: queue)
                    try await until { try await queue.redis.send("LLEN", "celery").int == 0 }
                    #expect(try await queue.redis.send("HLEN", "unacked").int == 1, "not acknowledged")
                    try await backend.restart()
                    #expect(try await handle.result(within: .seconds(20)) == 5)
                    try await until { try await queue.redis.send("HLEN", "unacked").int == 0 }
                }
                await queue.close()
            }
        }
    }
}
