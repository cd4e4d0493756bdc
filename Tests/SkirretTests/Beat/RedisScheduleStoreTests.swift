import CeleryProtocol
import Foundation
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

@Suite("Schedules in Redis", .serialized, .timeLimit(.minutes(1))) struct RedisScheduleStoreTests {
    private func every(_ interval: Duration, _ name: String = "s") -> ScheduledTask {
        ScheduledTask(name, .interval(interval), ScheduledCall(task: "t", queue: "q"))
    }

    private func withStore(_ body: (TaskQueue, RedisScheduleStore) async throws -> Void) async throws {
        try await withQueue { queue in try await body(queue, RedisScheduleStore(queue, logger: quiet)) }
    }

    /// Runs one beat over the store until the body returns.
    private func withBeat(
        _ queue: TaskQueue, _ store: RedisScheduleStore, _ body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Beat(queue, store: store, logger: quiet).run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    private func fired(_ queue: TaskQueue) async throws -> Int { try await queue.redis.send("LLEN", "q").int ?? 0 }

    @Test func `what is kept can be read, changed and forgotten`() async throws {
        try await withStore { queue, store in
            var task = every(.seconds(60))
            task.missed = .all
            task.isEnabled = false
            #expect(try await store.set(task))
            let mark = try await store.changeMark()
            let read = try #require(try await store.schedules().first)
            #expect(read.missed == .all && !read.isEnabled && read.changedAt != nil)
            task.isEnabled = true
            #expect(try await store.set(task) == false)
            #expect(try await store.schedules().first?.isEnabled == true)
            #expect(try await store.changeMark() != mark)
            #expect(try await store.setEnabled("s", false))
            #expect(try await store.schedules().first?.isEnabled == false)
            #expect(try await store.setEnabled("nobody", true) == false)
            #expect(try await store.remove("s"))
            #expect(try await store.remove("s") == false)
            let left = try await store.all().count
            #expect(left == 0)
        }
    }

    @Test func `what could not work is refused when it is saved`() async throws {
        try await withStore { queue, store in
            var task = every(.seconds(60))
            task.jitter = .seconds(60)
            let refused = task
            await #expect(throws: InvalidSchedule.self) { try await store.set(refused) }
            let left = try await store.all().count
            #expect(left == 0)
        }
    }

    @Test func `one that nobody can read suspends only itself`() async throws {
        try await withStore { queue, store in
            try await queue.redis.send("HSET", .init(queue.keys.schedules), "broken", "{", "old", #"{"name": "old"}"#)
            try await store.set(every(.milliseconds(200)))
            try await withBeat(queue, store) { try await until { try await fired(queue) >= 1 } }
            let problems = try await store.all().compactMap { entry in
                if case .failure(let error) = entry.definition { "\(entry.name): \(error.path)" } else { nil }
            }
            #expect(problems == ["broken: definition", "old: task"])
        }
    }

    @Test func `a change is heard at once, and its count is kept`() async throws {
        try await withStore { queue, store in
            try await withBeat(queue, store) {
                try await until { try await queue.redis.send("EXISTS", "skirret:beat:redis:looked").int == 1 }
                let began = ContinuousClock.now
                try await store.set(every(.milliseconds(100)))
                try await until { try await fired(queue) >= 3 }
                #expect(began.duration(to: .now) < .seconds(5))
                try await store.setEnabled("s", false)
                try await until { try await queue.scheduleSince(scope: "redis")["s"].map { $0 > Date() - 10 } ?? false }
            }
            let entry = try #require(try await store.all().first)
            let count = try await fired(queue)
            #expect(entry.totalRunCount == count)
            #expect(entry.lastRun != nil && entry.lastTaskID != nil)
        }
    }

    @Test func `switched off and on again it counts from then on and makes up for nothing`() async throws {
        try await withStore { queue, store in
            var task = every(.seconds(3600))
            task.missed = .all
            try await store.set(task)
            try await withBeat(queue, store) {
                func since() async throws -> Date? { try await queue.scheduleSince(scope: "redis")["s"] }
                try await until { try await since() != nil }
                let first = try #require(try await since())
                try await store.setEnabled("s", false)
                try await until { try await since() ?? first > first }
                let second = try #require(try await since())
                try await store.setEnabled("s", true)
                try await until { try await since() ?? second > second }
            }
            #expect(try await fired(queue) == 0)
        }
    }

    @Test func `a definition that is saved again with the same rule keeps its beat`() async throws {
        try await withStore { queue, store in
            try await store.set(every(.milliseconds(900)))
            try await withBeat(queue, store) {
                // Saved more often than it is due: were each save a new beginning, it would never fire.
                try await until {
                    try await store.set(every(.milliseconds(900)))
                    return try await fired(queue) >= 3
                }
            }
        }
    }

    @Test func `a one-off fires once, is switched off, and fires again when it is switched on`() async throws {
        try await withStore { queue, store in
            var task = every(.milliseconds(100))
            task.isOneOff = true
            try await store.set(task)
            func isOff() async throws -> Bool { try await store.schedules().first?.isEnabled == false }
            try await withBeat(queue, store) {
                try await until { try await isOff() }
                #expect(try await fired(queue) == 1)
                // The beat has seen it, too.
                try await until {
                    try await queue.redis.send("HGET", "skirret:beat:redis:since", "s").string?.contains(" off ")
                        ?? false
                }
                try await store.setEnabled("s", true)
                try await until { try await fired(queue) == 2 }
                try await until { try await isOff() }
            }
            #expect(try await fired(queue) == 2)
        }
    }

    @Test func `a clocked entry whose time has passed fires at once, one whose end has passed never`() async throws {
        try await withStore { queue, store in
            let past = Date() - 86_400 * 30
            var ended = every(.milliseconds(100), "ended")
            ended.end = past
            try await store.set(ended)
            try await store.set(ScheduledTask("clock", .clocked(past), ScheduledCall(task: "t", queue: "q")))
            try await withBeat(queue, store) {
                try await until { try await store.all().first { $0.name == "clock" }?.totalRunCount == 1 }
                try await until { try await store.schedules().first { $0.name == "ended" }?.isEnabled == false }
            }
            #expect(try await fired(queue) == 1)
        }
    }

    @Test func `a run by hand leaves the due times alone`() async throws {
        try await withStore { queue, store in
            try await store.set(every(.seconds(3600)))
            let id = try #require(try await store.runNow("s"))
            let bytes = try #require(try await queue.redis.send("LINDEX", "q", 0).bytes)
            let message = try TaskMessage(decoding: bytes)
            #expect(message.headers.id == id && message.headers.fields["periodic_task_name"] == "s")
            #expect(try await store.all().first?.totalRunCount == 0)
            #expect(try await store.runNow("nobody") == nil)
        }
    }

    @Test func `declared schedules need no store, and keep their beat over a restart`() async throws {
        try await withQueue { queue in
            let key = "skirret:beat:declared:since"
            var seen: [String] = []
            for _ in 1...2 {
                let beat = Beat(queue, schedules: [every(.milliseconds(1500))], logger: quiet)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await beat.run() }
                    defer { group.cancelAll() }
                    try await until { try await queue.redis.send("HEXISTS", .init(key), "s").int == 1 }
                    let before = try await fired(queue)
                    try await until { try await fired(queue) > before }
                }
                seen.append(try await queue.redis.send("HGET", .init(key), "s").string ?? "")
            }
            #expect(seen[0] == seen[1])
        }
    }
}
