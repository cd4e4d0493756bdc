import CeleryProtocol
import Skirret
import SkirretRedis
import Testing

@Suite("Explain", .timeLimit(.minutes(2))) struct ExplainTests {
    let sleep = TaskDefinition("samples.sleep", options: .init(limits: [.concurrency(1, named: "nap")])) {
        (seconds: Double) in
        try await Task.sleep(for: .seconds(seconds))
        return seconds
    }
    let add = TaskDefinition("samples.add") { (x: Int, y: Int) in x + y }

    private func expect(
        _ place: Explanation.Place, _ words: String, _ id: TaskID, _ queue: TaskQueue,
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await queue.explain(id)
        #expect(found.place == place, "\(found.summary)", sourceLocation: location)
        #expect(found.summary.contains(words), sourceLocation: location)
    }

    @Test func `without a worker it says where the message lies and that nobody takes it`() async throws {
        try await withQueue { queue in
            try await expect(.unknown, "no trace", "nobody-knows", queue)
            let first = try await add.delay(1, 1, on: queue)
            let second = try await add.call(1, 1, on: queue, .priority(6))
            try await expect(.queued, "with 0 before it. No live worker", first.id, queue)
            try await expect(.queued, "at priority 6", second.id, queue)
            try await queue.pause("celery")
            try await expect(.queued, "paused", first.id, queue)
            let later = try await add.call(1, 1, on: queue, .countdown(.seconds(600)))
            try await expect(.scheduled, "Its time has not come", later.id, queue)
            try await queue.revoke([first.id])
            try await expect(.revoked, "revoked", first.id, queue)
            let end = try await chain(add.s(1, 1), Signature(task: "samples.add", args: [1])).delay(on: queue)
            try await expect(.waitingForParents, "samples.add", end.id, queue)
        }
    }

    @Test func `with a worker it says who holds what, and what it waits for`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [sleep.registered, add.registered]) {
                let done = try await add.delay(1, 1, on: queue)
                _ = try await done.result(within: .seconds(10))
                try await expect(.finished, "SUCCESS", done.id, queue)
                let running = try await sleep.delay(60, on: queue)
                try await until { try await queue.explain(running.id).place == .running }
                try await expect(.running, "test@host", running.id, queue)
                let limited = try await sleep.delay(60, on: queue)
                try await until { try await queue.explain(limited.id).place == .waitingForLimit }
                try await expect(.waitingForLimit, "\(running.id) on test@host", limited.id, queue)
                let unknown = try await queue.send("samples.nobody")
                try await until { try await queue.explain(unknown).place == .waitingForWorker }
                try await expect(.waitingForWorker, "knows task samples.nobody", unknown, queue)
            }
        }
    }

    @Test func `what was given up says why`() async throws {
        try await withQueue { queue in
            try await withWorker(
                queue, tasks: [add.registered], configure: { $0.unknownTaskPatience = .milliseconds(50) }
            ) {
                let unknown = try await queue.send("samples.nobody")
                try await until { try await queue.explain(unknown).place == .dead }
                try await expect(.dead, "no worker knows task samples.nobody", unknown, queue)
            }
        }
    }
}
