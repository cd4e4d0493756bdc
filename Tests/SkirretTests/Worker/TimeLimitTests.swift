import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import Synchronization
import Testing

/// What ends a body: its time limits, a stop, and what happens when it does not listen.
@Suite("Time limits and deaf bodies", .timeLimit(.minutes(2))) struct TimeLimitTests {
    private let starts = Starts()
    private let gate = Gate()

    /// Ignores its cancellation until the gate opens.
    private func deaf(_ options: TaskOptions = .init()) -> RegisteredTask {
        RegisteredTask(name: "samples.deaf", options: options) { [starts, gate] context, _, _ in
            starts.note(context.id)
            while !gate.isOpen {
                // A pause that nobody can cancel.
                await withCheckedContinuation { waiter in
                    DispatchQueue.global().asyncAfter(deadline: .now() + 0.005) { waiter.resume() }
                }
            }
            return 1
        }
    }

    /// Sleeps, listens, and notes why it was told to stop.
    private func listening(_ options: TaskOptions, _ reasons: Reasons) -> RegisteredTask {
        RegisteredTask(name: "samples.listening", options: options) { [starts] context, _, _ in
            starts.note(context.id)
            do { try await Task.sleep(for: .seconds(60)) } catch {
                reasons.note(context.cancellation, isPastDeadline: context.deadline.map { $0 <= .now })
                try context.checkCancellation()
            }
            return .null
        }
    }

    @Test func `the soft limit cancels, and the body knows why`() async throws {
        let reasons = Reasons()
        let task = listening(TaskOptions(timeLimit: .milliseconds(100), hardTimeLimit: .seconds(60)), reasons)
        try await withQueue { queue in
            try await withWorker(queue, tasks: [task]) {
                let failure = try await queue.result(of: queue.send(task.name), within: .seconds(10)).failure
                #expect(failure?.excType == "SoftTimeLimitExceeded")
                #expect(failure?.excModule == "billiard.exceptions")
            }
        }
        #expect(reasons.all.map(\.reason) == [.timeLimit])
        #expect(reasons.all.map(\.isPastDeadline) == [true])
    }

    @Test func `a hard limit alone lets a body that listens end by itself`() async throws {
        let task = listening(TaskOptions(hardTimeLimit: .milliseconds(100)), Reasons())
        try await withQueue { queue in
            try await withWorker(queue, tasks: [task]) {
                let failure = try await queue.result(of: queue.send(task.name), within: .seconds(10)).failure
                #expect(failure?.excType == "TimeLimitExceeded")
                #expect(failure?.excMessage == [0.1])
            }
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `a body that fails in its own words after the soft limit keeps them`() async throws {
        let task = RegisteredTask(name: "samples.own", options: TaskOptions(timeLimit: .milliseconds(50))) { _, _, _ in
            do { try await Task.sleep(for: .seconds(60)) } catch {
                throw TaskFailure.builtin("RuntimeError", "half of it is done")
            }
            return .null
        }
        try await withQueue { queue in
            try await withWorker(queue, tasks: [task]) {
                let failure = try await queue.result(of: queue.send(task.name), within: .seconds(10)).failure
                #expect(failure == .builtin("RuntimeError", "half of it is done"))
            }
        }
    }

    @Test func `beyond the hard limit a deaf body fails, is acknowledged and keeps its slot`() async throws {
        let task = deaf(TaskOptions(timeLimit: .milliseconds(50), hardTimeLimit: .milliseconds(150)))
        try await withQueue { queue in
            try await withWorker(queue, tasks: [task], configure: { $0.concurrency = 1 }) {
                let first = try await queue.send(task.name)
                let failure = try await queue.result(of: first, within: .seconds(10)).failure
                #expect(failure?.excType == "TimeLimitExceeded")
                try await until { try await queue.redis.send("ZCARD", "skirret:leases").int == 0 }
                let second = try await queue.send(task.name)
                // Longer than the claim loop's own pulse: had the slot been free, it would have been taken.
                try await Task.sleep(for: .milliseconds(1200))
                #expect(starts.total == 1)
                gate.open()
                #expect(try await queue.result(of: second, within: .seconds(10)).result == 1)
                // What the deaf body made of it in the end changes nothing.
                #expect(try await queue.result(of: first, within: .seconds(10)).state == .failure)
            }
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `a message's own limits stand above the task's, each for itself`() async throws {
        let reasons = Reasons()
        let task = listening(TaskOptions(timeLimit: .milliseconds(100), hardTimeLimit: .seconds(60)), reasons)
        try await withQueue { queue in
            try await withWorker(queue, tasks: [task]) {
                var message = TaskMessage(task: task.name, queue: "celery")
                message.headers.timeLimit = TimeLimits(hard: 0.3, soft: 60)
                _ = try await queue.redis.send("LPUSH", "celery", .init(message.encoded()))
                let failure = try await queue.result(of: message.headers.id, within: .seconds(10)).failure
                #expect(failure?.excType == "TimeLimitExceeded")
                #expect(failure?.excMessage == [0.3])
            }
        }
    }

    @Test func `a deaf body does not keep a worker from stopping, and its task goes back at no cost`() async throws {
        try await withQueue { queue in
            let worker = Worker(
                queue, registry: TaskRegistry([deaf()]), options: options(grace: .milliseconds(300)), logger: quiet)
            async let running: Void = worker.run()
            _ = try await queue.send("samples.deaf")
            try await until { starts.total == 1 }
            worker.stop()
            let began = ContinuousClock.now
            try await running
            #expect(began.duration(to: .now) < .milliseconds(2300))
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
            #expect(try await queue.redis.send("ZCARD", "skirret:leases").int == 0)
            #expect(try await queue.redis.send("EXISTS", "skirret:crashes").int == 0)
            gate.open()
        }
    }

    @Test func `a deaf body that was acknowledged early is reported as lost`() async throws {
        try await withQueue { queue in
            let worker = Worker(
                queue, registry: TaskRegistry([deaf(TaskOptions(acknowledgement: .early))]),
                options: options(grace: .milliseconds(100)), logger: quiet)
            async let running: Void = worker.run()
            let id = try await queue.send("samples.deaf")
            try await until { starts.total == 1 }
            worker.stop()
            try await running
            #expect(try await queue.result(of: id, within: .seconds(1)).failure?.excType == "WorkerLostError")
            gate.open()
        }
    }

    private func options(grace: Duration) -> WorkerOptions {
        var options = WorkerOptions(name: "w1@host", concurrency: 2)
        options.grace = grace
        return options
    }
}

/// Why bodies were told to stop.
private final class Reasons: Sendable {
    private let reasons = Mutex<[(reason: TaskCancellation.Reason?, isPastDeadline: Bool?)]>([])

    var all: [(reason: TaskCancellation.Reason?, isPastDeadline: Bool?)] { reasons.withLock { $0 } }

    func note(_ reason: TaskCancellation.Reason?, isPastDeadline: Bool?) {
        reasons.withLock { $0.append((reason, isPastDeadline)) }
    }
}
