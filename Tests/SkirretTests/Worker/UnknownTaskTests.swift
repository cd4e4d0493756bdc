import CeleryProtocol
import Skirret
import SkirretRedis
import SkirretTesting
import Testing

@Suite("Unknown tasks", .timeLimit(.minutes(2))) struct UnknownTaskTests {
    let add = TaskDefinition("samples.add") { (x: Int, y: Int) in x + y }
    let new = TaskDefinition("samples.new") { (x: Int) in x * 2 }

    @Test func `a message waits for a worker that knows its task and holds up nobody`() async throws {
        try await ThrowawayRedis.withServer { url in
            let old = FleetWorker(url, name: "old@host", tasks: [add.registered])
            let recent = FleetWorker(url, name: "new@host", tasks: [add.registered, new.registered])
            let queue = old.queue
            try await withFleet([old]) {
                let waiting = try await new.delay(21, on: queue)
                try await until { try await queue.redis.send("HLEN", "skirret:waiting").int == 1 }
                for _ in 0..<5 { #expect(try await add.delay(1, 2, on: queue).result(within: .seconds(10)) == 3) }
                // Not claimed again and again: it is neither queued nor held.
                #expect(try await queue.redis.send("LLEN", "celery").int == 0)
                #expect(try await waiting.state() == nil)
                try await withFleet([recent]) {
                    #expect(try await waiting.result(within: .seconds(10)) == 42)
                    // The one that does not know them meets more of them while the other lives.
                    let more = try await calls(of: new, 40, on: queue)
                    for (number, handle) in more.enumerated() {
                        #expect(try await handle.result(within: .seconds(10)) == number * 2)
                    }
                    #expect(try await queue.redis.send("EXISTS", "skirret:crashes").int == 0)
                }
            }
        }
    }

    private func calls(
        of task: TaskDefinition<Int, Int>, _ count: Int, on queue: TaskQueue
    ) async throws -> [TaskHandle<Int>] {
        var handles: [TaskHandle<Int>] = []
        for number in 0..<count { handles.append(try await task.delay(number, on: queue)) }
        return handles
    }

    @Test func `whoever waits for the result is told, and the task still runs`() async throws {
        try await ThrowawayRedis.withServer { url in
            let old = FleetWorker(url, name: "old@host", tasks: [add.registered]) {
                $0.unknownTaskNotice = .milliseconds(100)
            }
            let recent = FleetWorker(url, name: "new@host", tasks: [new.registered])
            let queue = old.queue
            try await withFleet([old]) {
                let handle = try await new.delay(21, on: queue)
                let told = try await queue.result(of: handle.id, within: .seconds(10))
                #expect(told.failure == .notRegistered("samples.new"))
                #expect(told.dateDone == nil)
                #expect(try await queue.redis.send("HLEN", "skirret:waiting").int == 1)
                try await withFleet([recent]) {
                    try await until { try await handle.state() == .success }
                }
            }
        }
    }

    @Test func `after its patience the message is dead with the reason, and its chain has failed`() async throws {
        try await withQueue { queue in
            try await withWorker(
                queue, tasks: [add.registered], configure: { $0.unknownTaskPatience = .milliseconds(200) }
            ) {
                let end = try await chain(new.s(1), add.s(1, 1)).delay(on: queue)
                let result = try await queue.result(of: end.id, within: .seconds(10))
                #expect(result.failure?.excType == "NotRegistered")
                let letters = try await queue.deadLetters(limit: 10)
                #expect(letters.map(\.reason) == ["no worker knows task samples.new"])
                #expect(letters.map(\.name) == ["samples.new"])
            }
            // The worker may have been about to ask Celery's workers; what it leaves of that ends by itself.
            let left = try await leftovers(queue).filter { $0 != queue.keys.spokesman && !$0.hasSuffix(".pidbox") }
            #expect(left == ["skirret:dead", "skirret:dead:letters"])
        }
    }

    @Test func `a worker without patience fails it at once, as Celery does`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [add.registered], configure: { $0.unknownTaskPatience = .zero }) {
                let handle = try await new.delay(1, on: queue)
                await #expect(throws: TaskFailure.notRegistered("samples.new")) {
                    _ = try await handle.result(within: .seconds(10))
                }
            }
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `what is revoked while it waits is over at once`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [add.registered]) {
                let handle = try await new.delay(1, on: queue)
                try await until { try await queue.redis.send("HLEN", "skirret:waiting").int == 1 }
                try await queue.revoke([handle.id])
                #expect(try await queue.result(of: handle.id, within: .seconds(10)).state == .revoked)
                #expect(try await queue.redis.send("HLEN", "skirret:waiting").int == 0)
            }
        }
    }

    @Test func `what was adopted goes back to its queue like any other claim`() async throws {
        let slow = TaskDefinition("samples.slow") { (seconds: Double) in
            try await Task.sleep(for: .seconds(seconds))
            return seconds
        }
        try await ThrowawayRedis.withServer { url in
            let old = FleetWorker(url, name: "old@host", tasks: [add.registered])
            try await withFleet([old]) {
                let handle = try await slow.delay(60, on: old.queue)
                try await until { try await old.queue.redis.send("HLEN", "skirret:waiting").int == 1 }
                let envelope = try await old.queue.redis.send("HGET", "skirret:waiting", .init(handle.id.rawValue))
                    .string
                await old.stop()
                let recent = FleetWorker(url, name: "new@host", tasks: [slow.registered]) { $0.grace = .zero }
                try await withFleet([recent]) {
                    try await until { try await recent.queue.redis.send("HLEN", "skirret:owners").int == 1 }
                }
                let reader = TaskQueue(url, logger: quiet)
                let back = try await reader.redis.send("LINDEX", "celery", 0).string ?? ""
                #expect(back.contains(handle.id.rawValue) && back.contains("redelivered"))
                #expect(envelope?.contains("samples.slow") == true)
                #expect(try await reader.redis.send("HLEN", "skirret:crashes").int == 0)
                await reader.close()
            }
        }
    }
}
