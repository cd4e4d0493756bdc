import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import Testing

/// Many tasks, and one that follows once all of them are over.
@Suite("Batches", .timeLimit(.minutes(1))) struct BatchTests {
    private let half = TaskDefinition("samples.half") { (x: Int) in
        guard x.isMultiple(of: 2) else { throw TaskFailure.builtin("ValueError", "\(x) is odd") }
        return x / 2
    }

    private let report = RegisteredTask(name: "samples.report") { _, args, _ in .array(args) }

    @Test func `the follower runs once, after successes and failures alike, and can ask for the counts`() async throws {
        try await withQueue { queue in
            let batch = queue.batch(then: Signature(task: "samples.report", args: ["done"]))
            try await batch.add((1...10).map { Signature(task: "samples.half", args: [.int($0)]) })
            try await batch.seal()
            #expect(
                try await batch.summary() == .init(total: 10, succeeded: 0, failed: 0, isSealed: true, isDone: false))
            try await withWorker(queue, tasks: [half.registered, report]) {
                try await until { try await batch.summary()?.isDone == true }
                try await until { try await queue.redis.send("LLEN", "celery").int == 0 }
            }
            #expect(
                try await batch.summary() == .init(total: 10, succeeded: 5, failed: 5, isSealed: true, isDone: true))
            let results = try await queue.redis.send("KEYS", "celery-task-meta-*").array?.compactMap(\.string) ?? []
            var reports: [JSONValue] = []
            for key in results {
                let result = try await queue.storedResult(of: TaskID(rawValue: String(key.dropFirst(17))))
                if result?.result.array != nil, let value = result?.result { reports.append(value) }
            }
            #expect(reports == [[.string(batch.id), "done"]])
        }
    }

    @Test func `an open batch waits for its seal, and an empty one is over with it`() async throws {
        try await withQueue { queue in
            let batch = queue.batch(then: Signature(task: "samples.report"))
            let ids = try await batch.add(Signature(task: "samples.half", args: [2]))
            try await withWorker(queue, tasks: [half.registered, report]) {
                _ = try await queue.result(of: ids[0], within: .seconds(10))
                let open = try await batch.summary()
                #expect(open == .init(total: 1, succeeded: 1, failed: 0, isSealed: false, isDone: false))
                try await batch.seal()
                let sealed = try await batch.summary()
                #expect(sealed?.isDone == true)
                await #expect(throws: Batch.IsOver.self) {
                    try await batch.add(Signature(task: "samples.half", args: [2]))
                }
                let empty = queue.batch(then: Signature(task: "samples.report"))
                try await empty.seal()
                let over = try await empty.summary()
                #expect(over?.isDone == true)
            }
        }
    }

    @Test func `a task may add to its own batch`() async throws {
        try await withQueue { queue in
            let batch = queue.batch()
            let parent = RegisteredTask(name: "samples.parent") { [half] _, args, _ in
                let same = queue.batch(args[0].string ?? "")
                return .string(try await same.add(Signature(task: half.name, args: [4]))[0].rawValue)
            }
            try await batch.add(Signature(task: "samples.parent", args: [.string(batch.id)]))
            try await batch.seal()
            try await withWorker(queue, tasks: [half.registered, parent]) {
                try await until { try await batch.summary()?.isDone == true }
            }
            #expect(try await batch.summary()?.succeeded == 2)
        }
    }

    @Test func `a task that dies with its host counts as failed, and what Celery ran is found by its result`()
        async throws
    {
        try await withQueue { queue in
            let deadly = RegisteredTask(name: "samples.deadly") { _, _, _ in throw TaskHostCrash(reason: "signal 9") }
            let batch = queue.batch()
            let ids = try await batch.add(
                Signature(task: "samples.deadly"), Signature(task: "samples.python", options: ["queue": "python"]))
            try await batch.seal()
            try await withWorker(queue, tasks: [deadly]) {
                try await until { try await batch.summary()?.failed == 1 }
            }
            // As a worker of Celery's leaves it.
            let result = TaskResult.success(ids[1], 1, at: Date())
            _ = try await queue.redis.send("SET", .init("celery-task-meta-\(ids[1])"), .init(result.encoded()))
            try await batch.recheck()
            try await batch.recheck()
            #expect(try await batch.summary() == .init(total: 2, succeeded: 1, failed: 1, isSealed: true, isDone: true))
        }
    }
}
