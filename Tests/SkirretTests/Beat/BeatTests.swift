import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import SkirretTesting
import Synchronization
import Testing

/// Schedules in memory.
private final class ListedSchedules: ScheduleStore {
    struct Unavailable: Error {}

    private let entries: Mutex<[ScheduledTask]>
    private let isForgetful: Bool

    /// A forgetful one refuses to note what fired, like a database that is locked.
    init(_ entries: [ScheduledTask], isForgetful: Bool = false) {
        self.entries = Mutex(entries)
        self.isForgetful = isForgetful
    }

    func changeMark() async throws -> String { "always the same" }

    func schedules() async throws -> [ScheduledTask] { entries.withLock { $0 } }

    func record(_ runs: [ScheduleRun]) async throws {
        if isForgetful { throw Unavailable() }
        entries.withLock { entries in
            for run in runs {
                for index in entries.indices where entries[index].name == run.name {
                    entries[index].lastRun = run.lastRun
                }
            }
        }
    }

    func lastRun(of name: String) -> Date? {
        entries.withLock { entries in entries.first { $0.name == name }?.lastRun }
    }
}

@Suite("Beat", .serialized, .timeLimit(.minutes(2))) struct BeatTests {
    private func every(_ interval: Duration, anchor: Date = Date(), lastRun: Date? = nil) -> ScheduledTask {
        var task = ScheduledTask(
            "s", .interval(interval),
            ScheduledCall(task: "t", args: [1], queue: "q", expiresAfter: .seconds(3600), headers: ["own": 1]))
        task.changedAt = anchor
        task.lastRun = lastRun
        return task
    }

    /// Runs beats until the body returns, then cancels them.
    private func withBeats(
        _ queue: TaskQueue, _ stores: [ListedSchedules], _ body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, store) in stores.enumerated() {
                group.addTask { try await Beat(queue, store: store, name: "beat-\(index)", logger: quiet).run() }
            }
            defer { group.cancelAll() }
            try await body()
        }
    }

    private func sent(_ queue: TaskQueue) async throws -> [TaskMessage] {
        try await queue.redis.send("LRANGE", "q", 0, -1).array?.compactMap(\.bytes).map {
            try TaskMessage(decoding: $0)
        }
            ?? []
    }

    private func fireKeys(_ queue: TaskQueue) async throws -> Set<String> {
        Set(try await queue.redis.send("KEYS", "skirret:beat:fired:*").array?.compactMap(\.string) ?? [])
    }

    @Test func `of three beats one fires, once for each due time`() async throws {
        try await withQueue { queue in
            let anchor = Date()
            // Each with a store of its own, as if none ever heard what the others noted.
            let stores = (0..<3).map { _ in ListedSchedules([every(.seconds(1), anchor: anchor)]) }
            try await withBeats(queue, stores) {
                try await until { try await queue.redis.send("LLEN", "q").int ?? 0 >= 4 }
            }
            let messages = try await sent(queue)
            let keys = try await fireKeys(queue)
            #expect(keys.count == messages.count, "\(keys)")
            #expect(stores.filter { $0.lastRun(of: "s") != nil }.count == 1)
            let milliseconds = keys.compactMap { Int($0.split(separator: "@").last ?? "") }.sorted()
            for (due, next) in zip(milliseconds, milliseconds.dropFirst()) { #expect((next - due) % 1000 == 0) }
            for message in messages {
                #expect(message.headers.fields["celery_beat_task"] == true && message.body.args == [1])
                #expect(message.headers.fields["periodic_task_name"] == "s" && message.headers.fields["own"] == 1)
                #expect(message.headers.expires != nil)
            }
        }
    }

    @Test func `a beat that is told to stop lets the next one lead at once`() async throws {
        try await withQueue { queue in
            try await withBeats(queue, [ListedSchedules([])]) {
                try await until { try await queue.redis.send("EXISTS", "skirret:beat:leader").int == 1 }
            }
            #expect(try await queue.redis.send("EXISTS", "skirret:beat:leader").int == 0)
        }
    }

    @Test func `after a leader's death another one fires within ten seconds`() async throws {
        try await withQueue { queue in
            // It renewed its lease and died; nobody stepped down.
            try await queue.redis.send("SET", "skirret:beat:leader", "the late beat", "PX", 6000)
            try await queue.redis.send("SET", "skirret:beat:term", 41)
            let died = ContinuousClock.now
            try await withBeats(queue, [ListedSchedules([every(.seconds(1))])]) {
                try await until { try await queue.redis.send("LLEN", "q").int ?? 0 >= 1 }
            }
            #expect(died.duration(to: .now) <= .seconds(10))
            #expect(try await queue.redis.send("GET", "skirret:beat:term").string == "42")
        }
    }

    @Test func `a firing that nobody could note down is not repeated`() async throws {
        try await withQueue { queue in
            let anchor = Date() - 3600
            let entry = every(.seconds(3000), anchor: anchor)
            // Two lives of one beat, both unable to write to their store, for several pulses each.
            for term in 1...2 {
                try await withBeats(queue, [ListedSchedules([entry], isForgetful: true)]) {
                    try await until { try await queue.redis.send("GET", "skirret:beat:term").int(or: 0) == term }
                    try await until { try await queue.redis.send("LLEN", "q").int ?? 0 >= 1 }
                    try await Task.sleep(for: .milliseconds(1200))  // nothing can be waited for: nothing shall happen
                }
            }
            #expect(try await sent(queue).count == 1)
        }
    }

    @Test func `firings that were missed are made up for by one`() async throws {
        try await withQueue { queue in
            let now = Date()
            let store = ListedSchedules([every(.seconds(600), anchor: now - 60_030, lastRun: now - 6600)])
            try await withBeats(queue, [store]) {
                try await until { store.lastRun(of: "s").map { $0 > now - 60 } ?? false }
                try await Task.sleep(for: .milliseconds(1200))  // nothing can be waited for: nothing shall happen
            }
            #expect(try await sent(queue).count == 1)
            let due = Int(((now - 30).timeIntervalSince1970 * 1000).rounded())
            #expect(try await fireKeys(queue) == ["skirret:beat:fired:s@\(due)"])
        }
    }

    @Test func `a broker that goes away and comes back costs no schedule`() async throws {
        try await ThrowawayRedis.withServerProcess(.init(isDurable: true)) { server in
            let queue = TaskQueue(server.url, logger: quiet)
            try await withBeats(queue, [ListedSchedules([every(.seconds(1))])]) {
                try await until { try await queue.redis.send("LLEN", "q").int ?? 0 >= 1 }
                try await server.restart()
                let before = try await queue.redis.send("LLEN", "q").int ?? 0
                try await until { try await queue.redis.send("LLEN", "q").int ?? 0 >= before + 2 }
            }
            #expect(try await fireKeys(queue).count == sent(queue).count)
            await queue.close()
        }
    }
}

extension RedisValue {
    fileprivate func int(or other: Int) -> Int { string.flatMap { Int($0) } ?? int ?? other }
}
