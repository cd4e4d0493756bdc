import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import Testing

@Suite("Worker", .timeLimit(.minutes(2))) struct WorkerTests {
    let add = TaskDefinition("samples.add", parameters: ["x", "y"]) { (x: Int, y: Int) in x + y }

    @Test func `a call comes back with its result and leaves nothing behind`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [add.registered]) {
                let handle = try await add.delay(2, 3, on: queue)
                #expect(try await handle.result(within: .seconds(10)) == 5)
            }
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `keyword arguments are matched by declared names`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [add.registered]) {
                let id = try await queue.send("samples.add", args: [1], kwargs: ["y": 41])
                #expect(try await queue.result(of: id, within: .seconds(10)).result == 42)
                let wrong = try await queue.send("samples.add", args: [1], kwargs: ["z": 41])
                let failure = try await queue.result(of: wrong, within: .seconds(10)).failure
                #expect(failure?.excType == "TypeError")
                #expect(failure?.description.contains("'y'") == true)
            }
        }
    }

    @Test func `a failure reaches the caller with its type and message`() async throws {
        let fail = TaskDefinition("samples.fail") { (message: String) -> Int in
            throw TaskFailure.builtin("ValueError", message)
        }
        try await withQueue { queue in
            try await withWorker(queue, tasks: [fail.registered]) {
                let handle = try await fail.delay("broken", on: queue)
                await #expect(throws: TaskFailure.builtin("ValueError", "broken")) {
                    _ = try await handle.result(within: .seconds(10))
                }
            }
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `a countdown is parked in Redis, not in memory`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [add.registered]) {
                let began = ContinuousClock.now
                let handle = try await add.call(1, 2, on: queue, .countdown(.milliseconds(700)))
                #expect(try await queue.redis.send("ZCARD", "skirret:scheduled").int == 1)
                #expect(try await handle.result(within: .seconds(10)) == 3)
                #expect(began.duration(to: .now) >= .milliseconds(690))
            }
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `a task that asks for it is tried again with the same id`() async throws {
        let flaky = TaskDefinition("samples.flaky") { (context: TaskContext, times: Int) in
            if context.retries < times { throw context.retry(after: .milliseconds(50)) }
            return context.retries
        }
        try await withQueue { queue in
            try await withWorker(queue, tasks: [flaky.registered]) {
                let retries = try await flaky.delay(2, on: queue).result(within: .seconds(10))
                #expect(retries == 2)
                await #expect(throws: TaskFailure.self) {
                    _ = try await flaky.delay(9, on: queue).result(within: .seconds(10))
                }
            }
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `a chain carries each result to the next step`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [add.registered]) {
                let handle = try await chain(add.s(2, 2), Signature(task: "samples.add", args: [4])).delay(on: queue)
                #expect(try await handle.result(within: .seconds(10)) == 8)
            }
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `what is no message goes to the dead letters and harms nothing`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [add.registered], configure: { $0.unknownTaskPatience = .zero }) {
                for raw in ["not json", "{}", "[]", #"{"body": "*", "properties": {}, "headers": null}"#] {
                    _ = try await queue.redis.send("LPUSH", "celery", .init(raw))
                }
                let unknown = try await queue.send("no.such.task")
                #expect(try await queue.result(of: unknown, within: .seconds(10)).failure?.excType == "NotRegistered")
                #expect(try await add.delay(20, 22, on: queue).result(within: .seconds(10)) == 42)
                #expect(try await queue.redis.send("ZCARD", "skirret:dead").int == 4)
            }
        }
    }

    @Test func `an unreadable body with a known id fails its caller and keeps the bytes`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [add.registered]) {
                let message = TaskMessage(task: "samples.add", args: [1, 2], queue: "celery")
                let envelope = String(decoding: message.encoded(), as: UTF8.self)
                    .replacing("application/json", with: "application/x-python-serialize")
                _ = try await queue.redis.send("LPUSH", "celery", .init(envelope))
                let result = try await queue.result(of: message.headers.id, within: .seconds(10))
                #expect(result.state == .failure)
                let letters = try await queue.redis.send("HVALS", "skirret:dead:letters").array?.compactMap(\.string)
                #expect(letters?.count == 1)
                #expect(letters?.first?.hasSuffix(envelope) == true)
            }
        }
    }

    @Test func `a revoked task does not run, a running one is stopped`() async throws {
        let sleep = TaskDefinition("samples.sleep") { (seconds: Double) in
            try await Task.sleep(for: .seconds(seconds))
            return seconds
        }
        try await withQueue { queue in
            try await withWorker(
                queue, tasks: [add.registered, sleep.registered], configure: { $0.heartbeat = .milliseconds(200) }
            ) {
                let waiting = try await add.call(1, 1, on: queue, .countdown(.seconds(60)))
                try await queue.revoke([waiting.id])
                #expect(try await queue.result(of: waiting.id, within: .seconds(5)).state == .revoked)
                let running = try await sleep.delay(60, on: queue)
                try await until { try await queue.redis.send("HLEN", "skirret:owners").int == 1 }
                try await queue.revoke([running.id], terminate: true)
                #expect(try await queue.result(of: running.id, within: .seconds(5)).state == .revoked)
            }
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `stopping hands a running task back without costing an attempt`() async throws {
        let sleep = TaskDefinition("samples.sleep") { (seconds: Double) in
            try await Task.sleep(for: .seconds(seconds))
            return seconds
        }
        try await withQueue { queue in
            var id: TaskID?
            try await withWorker(queue, tasks: [sleep.registered], configure: { $0.grace = .milliseconds(100) }) {
                id = try await sleep.delay(60, on: queue).id
                try await until { try await queue.redis.send("HLEN", "skirret:owners").int == 1 }
            }
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
            let message = try await queue.redis.send("LINDEX", "celery", 0).bytes ?? []
            #expect(try TaskMessage(decoding: message).headers.id == id)
            #expect(try TaskMessage(decoding: message).headers.redelivered)
            #expect(try await queue.redis.send("EXISTS", "skirret:crashes").int == 0)
        }
    }

    @Test func `a stale worker writes nothing`() async throws {
        let sleep = TaskDefinition("samples.sleep") { (seconds: Double) in
            try? await Task.sleep(for: .seconds(seconds))  // deaf on purpose: it ends when it ends
            return seconds
        }
        try await withQueue { queue in
            try await withWorker(queue, tasks: [sleep.registered]) {
                let handle = try await sleep.delay(0.5, on: queue)
                try await until { try await queue.redis.send("HLEN", "skirret:owners").int == 1 }
                // As if the sweep had given the message to somebody else meanwhile.
                _ = try await queue.redis.send("DEL", "skirret:leases", "skirret:owners", "unacked", "unacked_index")
                try await until {
                    try await queue.redis.send("HGET", "skirret:workers:about", "test@host").string?.contains(
                        "samples.sleep") != true
                }
                #expect(try await handle.state() == nil)
            }
        }
    }

    @Test func `one task at a time runs under a single-flight name`() async throws {
        var options = TaskOptions()
        options.singleFlight = .init(name: { args, _ in "refresh:\(args)" }, answer: { .string("runs as \($0)") })
        let refresh = TaskDefinition("samples.refresh", options: options) { (id: Int) in
            try await Task.sleep(for: .milliseconds(400))
            return "done \(id)"
        }
        try await withQueue { queue in
            try await withWorker(queue, tasks: [refresh.registered]) {
                let first = try await refresh.delay(7, on: queue)
                try await until { try await queue.redis.send("EXISTS", "skirret:single:refresh:[7]").int == 1 }
                let second = try await refresh.delay(7, on: queue)
                #expect(try await second.result(within: .seconds(5)) == "runs as \(first.id)")
                #expect(try await first.result(within: .seconds(5)) == "done 7")
                #expect(try await refresh.delay(7, on: queue).result(within: .seconds(5)) == "done 7")
            }
            #expect(try await leftovers(queue) == [])
        }
    }
}
