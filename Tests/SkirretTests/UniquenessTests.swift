import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import Synchronization
import Testing

/// Equal calls are one, for as long as they say.
@Suite("Uniqueness", .timeLimit(.minutes(1))) struct UniquenessTests {
    private let runs = Runs()

    private func task(_ uniqueness: Uniqueness) -> TaskDefinition<Int, Int> {
        TaskDefinition("samples.unique", options: .init(uniqueness: uniqueness)) { [runs] (x: Int) in
            await runs.began(x)
            return x
        }
    }

    @Test func `two equal calls are one task with one result, two others are two`() async throws {
        try await withQueue { queue in
            let task = task(.unique())
            let first = try await task.delay(1, on: queue)
            let second = try await task.delay(1, on: queue)
            let other = try await task.delay(2, on: queue)
            #expect(first.id == second.id && other.id != first.id)
            #expect(try await queue.redis.send("LLEN", "celery").int == 2)
            await runs.open()
            try await withWorker(queue, tasks: [task.registered]) {
                let results = try await (second.result(within: .seconds(10)), other.result(within: .seconds(10)))
                #expect(results == (1, 2))
            }
            #expect(await runs.seen.sorted() == [1, 2])
        }
    }

    @Test func `until done means retries and all; then it may be called again`() async throws {
        try await withQueue { queue in
            let task = task(.unique())
            let first = try await task.delay(1, on: queue)
            try await withWorker(queue, tasks: [task.registered]) {
                await runs.waitForBegin(1)
                let meanwhile = try await task.delay(1, on: queue)
                #expect(meanwhile.id == first.id)
                await runs.open()
                _ = try await first.result(within: .seconds(10))
                let later = try await task.delay(1, on: queue)
                #expect(later.id != first.id)
                _ = try await later.result(within: .seconds(10))
            }
            #expect(await runs.seen == [1, 1])
        }
    }

    @Test func `until start lets an equal call in once the first runs`() async throws {
        try await withQueue { queue in
            let task = task(.unique(.untilStart))
            let first = try await task.delay(1, on: queue)
            #expect(try await task.delay(1, on: queue).id == first.id)
            try await withWorker(queue, tasks: [task.registered]) {
                await runs.waitForBegin(1)
                let second = try await task.delay(1, on: queue)
                #expect(second.id != first.id)
                await runs.open()
                _ = try await second.result(within: .seconds(10))
            }
            #expect(await runs.seen == [1, 1])
        }
    }

    @Test func `a key that nobody released is free after its lifetime, and that of a revoked task at once`()
        async throws
    {
        try await withQueue { queue in
            let brief = task(.unique(for: .milliseconds(50)))
            let first = try await brief.delay(1, on: queue)
            try await until { try await brief.delay(1, on: queue).id != first.id }

            let task = task(.unique(for: .seconds(3600)))
            let revoked = try await task.delay(7, on: queue)
            try await queue.revoke([revoked.id])
            #expect(try await task.delay(7, on: queue).id != revoked.id)
        }
    }

    @Test func `a burst of debounced calls runs once, with the last arguments`() async throws {
        try await withQueue { queue in
            let task = TaskDefinition(
                "samples.search", options: .init(uniqueness: .debounced(.milliseconds(300)) { _, _ in "box" })
            ) { [runs] (x: Int) in
                await runs.began(x)
                return x
            }
            await runs.open()
            var handles: [TaskHandle<Int>] = []
            for x in 1...5 { handles.append(try await task.delay(x, on: queue)) }
            #expect(Set(handles.map(\.id)).count == 1)
            try await withWorker(queue, tasks: [task.registered]) {
                let result = try await handles[0].result(within: .seconds(10))
                #expect(result == 5)
            }
            #expect(await runs.seen == [5])
        }
    }

    @Test func `a debounced call that comes when the burst left its wait runs after it`() async throws {
        try await withQueue { queue in
            let task = TaskDefinition(
                "samples.search", options: .init(uniqueness: .debounced(.milliseconds(10)) { _, _ in "box" })
            ) { (x: Int) in x }
            let first = try await task.delay(1, on: queue)
            // What a promotion does, without a worker that would begin at once.
            _ = try await queue.redis.send("ZREM", "skirret:scheduled", .init(first.id.rawValue))
            let second = try await task.delay(2, on: queue)
            #expect(second.id != first.id)
            #expect(try await task.delay(3, on: queue).id == second.id)
        }
    }

    @Test func `long arguments make short keys that still tell calls apart`() async throws {
        try await withQueue { queue in
            let task = TaskDefinition("samples.long", options: .init(uniqueness: .unique())) { (x: String) in x }
            let long = String(repeating: "x", count: 10_000)
            let first = try await task.delay(long + "a", on: queue)
            #expect(try await task.delay(long + "b", on: queue).id != first.id)
            #expect(try await task.delay(long + "a", on: queue).id == first.id)
            let keys = try await queue.redis.send("KEYS", "skirret:unique:*").array?.compactMap(\.string) ?? []
            #expect(keys.count == 2 && keys.allSatisfy { $0.utf8.count < 300 })
        }
    }
}

/// Runs note themselves and wait at a gate.
private actor Runs {
    private(set) var seen: [Int] = []
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var watching: [CheckedContinuation<Void, Never>] = []

    func began(_ number: Int) async {
        seen.append(number)
        for watcher in watching { watcher.resume() }
        watching = []
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    func open() {
        isOpen = true
        for run in waiting { run.resume() }
        waiting = []
    }

    func waitForBegin(_ count: Int) async {
        while seen.count < count { await withCheckedContinuation { watching.append($0) } }
    }
}
