import CeleryProtocol
import Skirret
import SkirretTesting
import Synchronization
import Testing

private let add = TaskDefinition("samples.add") { (a: Int, b: Int) in a + b }

/// How a user of the library tests their own tasks; each test is an example of one tool.
@Suite("Test kit", .timeLimit(.minutes(1))) struct TestKitTests {
    @Test func `a task's body runs inline, without Redis`() async throws {
        #expect(try await add.inline(2, 3) == 5)
        let failing = TaskDefinition("samples.fail") { (_: Int) -> Int in throw TaskFailure.builtin("ValueError", "no")
        }
        await #expect(throws: TaskFailure.self) { try await failing.inline(1) }
    }

    @Test func `a call is found where it waits, with its arguments`() async throws {
        try await withQueue { queue in
            try await queue.expectNothingQueued()
            try await add.delay(2, 3, on: queue)
            try await add.call(4, 5, on: queue, .queue("mail"), .priority(9))
            try await add.call(6, 7, on: queue, .countdown(.seconds(60)))
            try await queue.expectQueued("samples.add", args: [2, 3])
            try await queue.expectQueued("samples.add", in: "mail", args: [4, 5])
            #expect(try await queue.expectScheduled("samples.add").args == "[6,7]")
            try await queue.expectNothingQueued("samples.other")
            try await queue.expectNoDeadLetters()
        }
    }

    @Test func `time passes when it is told to`() async throws {
        try await withQueue { queue in
            let tomorrow = try await add.call(6, 7, on: queue, .countdown(.seconds(86_400)))
            try await add.call(8, 9, on: queue, .countdown(.seconds(2 * 86_400)))
            try await queue.drain([add.registered])
            #expect(try await tomorrow.state() == nil)
            try await queue.advance(by: .seconds(86_400))
            try await queue.drain([add.registered])
            #expect(try await tomorrow.result(within: .seconds(1)) == 13)
            #expect(try await queue.expectScheduled("samples.add").args == "[8,9]")
        }
    }

    @Test func `a failed expectation shows what is there instead`() async throws {
        try await withQueue { queue in
            let handle = try await add.delay(2, 3, on: queue)
            let failure = await #expect(throws: QueueExpectationFailure.self) {
                try await queue.expectQueued("samples.add", in: "mail")
            }
            let text = failure?.description ?? ""
            #expect(text.contains("expected a call of samples.add in queue mail"))
            #expect(text.contains("queue celery: 1 waiting"))
            #expect(text.contains("samples.add(2,3) \(handle.id)"))
            #expect(text.contains("dead letters: 0"))
        }
    }

    @Test func `drain runs what waits and what that enqueues, retries included, until nothing is left`() async throws {
        try await withQueue { queue in
            let sum = Mutex(0)
            let note = TaskDefinition("samples.note") { (number: Int) in
                sum.withLock { sum in
                    sum += number
                    return sum
                }
            }
            let spread = TaskDefinition("samples.spread") { (context: TaskContext, count: Int) in
                if context.retries == 0 { throw context.retry(after: .milliseconds(20)) }
                for number in 1...count { try await note.delay(number, on: queue) }
                return count
            }
            try await spread.delay(10, on: queue)
            try await add.call(1, 1, on: queue, .countdown(.seconds(600)))
            try await queue.drain([spread.registered, note.registered])
            #expect(sum.withLock { $0 } == 55)
            try await queue.expectNothingQueued()
            try await queue.expectScheduled("samples.add")
        }
    }

    @Test func `a drain that cannot end says what is left`() async throws {
        try await withQueue { queue in
            let endless = TaskDefinition("samples.endless") { (round: Int) in
                try await queue.send("samples.endless", args: [.int(round + 1)])
                return round
            }
            try await endless.delay(1, on: queue)
            let timeout = await #expect(throws: DrainTimeout.self) {
                try await queue.drain([endless.registered], limit: .milliseconds(300))
            }
            #expect(timeout?.description.contains("running") == true)
        }
    }

    /// An empty database of the server that all tests of this process share.
    private func withQueue(_ body: (TaskQueue) async throws -> Void) async throws {
        try await ThrowawayRedis.withDatabase { url in
            let queue = TaskQueue(url, logger: quiet)
            do { try await body(queue) } catch {
                await queue.close()
                throw error
            }
            await queue.close()
        }
    }
}
