import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import Synchronization
import Testing

/// What an operator does to a worker that runs.
@Suite("Worker: quiet, resize, dump, stop", .timeLimit(.minutes(2))) struct IntakeTests {
    private let starts = Starts()

    /// Runs until the gate opens, or until it is cancelled.
    private func gated(_ gate: Gate) -> TaskDefinition<Int, Int> {
        TaskDefinition("samples.gated", options: TaskOptions(timeLimit: .seconds(60))) {
            [starts] (context: TaskContext, number: Int) in
            starts.note(context.id)
            await context.progress(40, "half way")
            try await gate.opened()
            return number
        }
    }

    private func withGatedWorker(
        _ gate: Gate, concurrency: Int, grace: Duration = .seconds(30),
        _ body: (TaskQueue, Worker, TaskDefinition<Int, Int>) async throws -> Void
    ) async throws {
        try await withQueue { queue in
            let task = gated(gate)
            var options = WorkerOptions(name: "w1@host", concurrency: concurrency)
            options.grace = grace
            let worker = Worker(queue, registry: TaskRegistry([task.registered]), options: options, logger: quiet)
            async let running: Void = worker.run()
            do { try await body(queue, worker, task) } catch {
                worker.hurry()
                try await running
                throw error
            }
            worker.hurry()
            try await running
        }
    }

    @Test func `a worker that grows fills its new slots at once`() async throws {
        let gate = Gate()
        try await withGatedWorker(gate, concurrency: 1) { queue, worker, task in
            for number in 0..<3 { _ = try await task.delay(number, on: queue) }
            try await until { starts.total == 1 }
            #expect(try await queue.redis.send("LLEN", "celery").int == 2)
            worker.resize(concurrency: 3)
            try await until { starts.total == 3 }
            #expect(worker.concurrency == 3)
            gate.open()
        }
    }

    @Test func `a worker that shrinks takes the next one when it is below its new size`() async throws {
        let gate = Gate()
        try await withGatedWorker(gate, concurrency: 2) { queue, worker, task in
            for number in 0..<4 { _ = try await task.delay(number, on: queue) }
            try await until { starts.total == 2 }
            worker.resize(concurrency: 0)
            #expect(worker.concurrency == 1)
            gate.open()
            try await until { starts.total == 4 }
        }
    }

    @Test func `a quiet worker finishes what it has and claims no more until it resumes`() async throws {
        let gate = Gate()
        try await withGatedWorker(gate, concurrency: 2) { queue, worker, task in
            let first = try await task.delay(1, on: queue)
            try await until { starts.total == 1 }
            worker.quiet()
            let second = try await task.delay(2, on: queue)
            gate.open()
            #expect(try await first.result(within: .seconds(10)) == 1)
            // Longer than the claim loop's own pulse: it had every chance to take it.
            try await Task.sleep(for: .milliseconds(1300))
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
            worker.resume()
            #expect(try await second.result(within: .seconds(10)) == 2)
        }
    }

    @Test func `a quiet worker can be stopped, and a stopped one does not resume`() async throws {
        let gate = Gate()
        gate.open()
        try await withQueue { queue in
            let task = gated(gate)
            let worker = Worker(
                queue, registry: TaskRegistry([task.registered]), options: WorkerOptions(name: "w1@host"),
                logger: quiet)
            async let running: Void = worker.run()
            _ = try await task.delay(1, on: queue).result(within: .seconds(10))
            worker.quiet()
            worker.stop()
            worker.resume()
            let began = ContinuousClock.now
            try await running
            #expect(began.duration(to: .now) < .milliseconds(500))
            #expect(try await queue.redis.send("ZCARD", "skirret:leases").int == 0)
            #expect(try await queue.redis.send("ZCARD", "skirret:workers").int == 0)
        }
    }

    @Test func `the dump says what every task is doing`() async throws {
        let gate = Gate()
        try await withGatedWorker(gate, concurrency: 4) { queue, worker, task in
            let handle = try await task.delay(1, on: queue)
            try await until { worker.dump().contains("half way") }
            let lines = worker.dump().split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines[0].contains("worker w1@host (pid \(getpid())): 1 of 4 slots busy, queues celery"))
            #expect(lines[1].contains("samples.gated[\(handle.id)] attempt 1, running for "))
            #expect(lines[1].contains(/time limit in (59|60)\.\ds/))
            #expect(lines[1].contains(#"40.0 % "half way""#))
            gate.open()
        }
    }

    @Test func `a hurried stop cancels at once and gives back without costing an attempt`() async throws {
        try await withQueue { queue in
            let task = gated(Gate())
            let worker = Worker(
                queue, registry: TaskRegistry([task.registered]), options: WorkerOptions(name: "w1@host"),
                logger: quiet)
            async let running: Void = worker.run()
            _ = try await task.delay(1, on: queue)
            try await until { starts.total == 1 }
            worker.stop()
            worker.stop()
            worker.hurry()
            let began = ContinuousClock.now
            try await running
            #expect(began.duration(to: .now) < .seconds(1))
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
            #expect(try await queue.redis.send("EXISTS", "skirret:crashes").int == 0)
        }
    }
}

/// A door that opens once, for all who wait.
final class Gate: Sendable {
    private let state = Mutex(false)

    var isOpen: Bool { state.withLock { $0 } }

    func open() { state.withLock { $0 = true } }

    /// Returns once it is open.
    ///
    /// - Throws: `CancellationError`.
    func opened() async throws {
        while !isOpen { try await Task.sleep(for: .milliseconds(5)) }
    }
}
