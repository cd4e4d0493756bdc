import CeleryProtocol
import Foundation
import SkirretRedis
import Synchronization
import Testing

@testable import Skirret

/// Rows T4 to T6 of the faults that schedules live through, in a form short enough for every run.
@Suite("Beat faults", .serialized, .timeLimit(.minutes(3))) struct BeatFaultTests {
    private func every(_ interval: Duration, _ name: String = "s", _ missed: MissedRuns = .latest) -> ScheduledTask {
        var task = ScheduledTask(name, .interval(interval), ScheduledCall(task: name, queue: "q"))
        task.missed = missed
        return task
    }

    /// What was enqueued: schedule and due time.
    private func firings(_ queue: TaskQueue) async throws -> [String: [Date]] {
        var firings: [String: [Date]] = [:]
        for bytes in try await queue.redis.send("LRANGE", "q", 0, -1).array?.compactMap(\.bytes) ?? [] {
            let headers = try TaskMessage(decoding: bytes).headers
            guard let due = (headers.fields["periodic_task_due"]?.string).flatMap({ WireDate.parse($0) }) else {
                continue
            }
            firings[headers.task, default: []].append(due)
        }
        return firings.mapValues { $0.sorted() }
    }

    /// No due time twice, and none left out between the first and the last.
    private func expectRegular(_ dues: [Date], every seconds: Double, gaps allowed: Int = 0) {
        let distances = zip(dues, dues.dropFirst()).map { $1.timeIntervalSince($0) }
        #expect(distances.allSatisfy { $0 > seconds * 0.99 }, "a due time fired twice: \(distances)")
        #expect(distances.filter { $0 > seconds * 1.01 }.count <= allowed, "\(distances)")
    }

    @Test func `T4: five beats fire each of twenty seconds once`() async throws {
        try await withQueue { queue in
            // `all`, as a machine that is busy for two seconds lets `latest` leave one out, and rightly.
            let tasks = (0..<5).map { every(.seconds(1), "s\($0)", .all) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 {
                    group.addTask { try await Beat(queue, schedules: tasks, logger: quiet).run() }
                }
                defer { group.cancelAll() }
                try await until { try await firings(queue)["s0"]?.count ?? 0 >= 20 }
            }
            let found = try await firings(queue)
            #expect(found.count == 5)
            for dues in found.values { expectRegular(dues, every: 1) }
        }
    }

    @Test func `T5: whoever leads is lost again and again, and no due time fires twice or is forgotten`() async throws {
        try await withQueue { queue in
            let task = every(.milliseconds(500), "s", .all)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask { try await Beat(queue, schedules: [task], logger: quiet).run() }
                }
                defer { group.cancelAll() }
                for round in 1...8 {
                    let before = try await firings(queue)["s"]?.count ?? 0
                    try await until { try await firings(queue)["s"]?.count ?? 0 > before + 1 }
                    // The lease ends under its holder, as when it freezes; the next to ask leads with a new term.
                    try await queue.redis.send("DEL", "skirret:beat:declared:leader")
                    try await until {
                        try await queue.redis.send("GET", "skirret:beat:declared:term").int ?? 0 > round
                    }
                }
            }
            expectRegular(try await firings(queue)["s"] ?? [], every: 0.5)
        }
    }

    @Test func `a leader that was frozen and wakes up believing it leads fires nothing`() async throws {
        try await withQueue { queue in
            let keys = queue.keys.beat("declared")
            let recorder = RunRecorder(store: DeclaredSchedules([], scope: ""), logger: quiet)
            let firer = Firer(queue: queue, keys: keys, recorder: recorder, logger: quiet)
            func election(_ name: String) -> LeaderElection {
                LeaderElection(queue: queue, keys: keys, name: name, logger: quiet)
            }
            var frozen = Leadership()
            try await election("frozen").campaign(&frozen)
            let due = frozen.now - 1
            var agenda = Agenda()
            agenda.entries = [
                .init(task: every(.seconds(60)), since: due - 60, settled: due - 60, run: nil, nextLook: due)
            ]
            try await queue.redis.send("DEL", .init(keys.leader))  // its lease ran out while it slept
            var other = Leadership()
            try await election("other").campaign(&other)
            #expect(frozen.term == 1 && other.term == 2)
            var theirs = agenda
            try await firer.look(&agenda, &frozen)
            #expect(frozen.term == nil, "it has learned")
            #expect(try await firings(queue)["s"] == nil)
            try await firer.look(&theirs, &other)
            #expect(try await firings(queue)["s"]?.count == 1)
        }
    }

    @Test func `T6: down across three due times, each policy makes up for what it says`() async throws {
        try await withQueue { queue in
            let tasks = MissedRuns.allCases.map { every(.seconds(60), $0.rawValue, $0) }
            let keys = queue.keys.beat("declared")
            func runBeat(_ body: () async throws -> Void) async throws {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await Beat(queue, schedules: tasks, logger: quiet).run() }
                    defer { group.cancelAll() }
                    try await body()
                }
            }
            try await runBeat { try await until { try await queue.redis.send("HLEN", .init(keys.since)).int == 3 } }
            // As if that had been three minutes and a half ago.
            let now = Date().timeIntervalSince1970 * 1000
            try await queue.redis.send("SET", .init(keys.looked), .init(Int(now) - 210_000))
            for (name, text) in try await queue.redis.send("HGETALL", .init(keys.since)).pairs {
                let rule = text.drop { $0 != " " }
                try await queue.redis.send(
                    "HSET", .init(keys.since), .init(name), .init("\(Int(now) - 210_000)\(rule)"))
            }
            for _ in 1...2 {
                try await runBeat {
                    try await until { try await firings(queue)["all"]?.count == 3 }
                    let looked = try await queue.redis.send("GET", .init(keys.looked)).int ?? 0
                    try await until { try await queue.redis.send("GET", .init(keys.looked)).int ?? 0 > looked }
                }
            }
            let found = try await firings(queue)
            #expect(found["skip"] == nil)
            #expect(found["latest"]?.count == 1)
            #expect(found["latest"]?.last == found["all"]?.last)
            expectRegular(found["all"] ?? [], every: 60)
        }
    }

    @Test func `a Redis that stood still for four seconds costs what the policy says`() async throws {
        try await withQueue { queue in
            // The clock of leases and due times is Redis's: it goes on while nobody is answered.
            let task = every(.milliseconds(500), "s", .all)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Beat(queue, schedules: [task], logger: quiet).run() }
                defer { group.cancelAll() }
                try await until { try await firings(queue)["s"]?.count ?? 0 >= 2 }
                try await queue.redis.send("CLIENT", "PAUSE", 1500, "WRITE")
                let before = try await firings(queue)["s"]?.count ?? 0
                try await until { try await firings(queue)["s"]?.count ?? 0 >= before + 6 }
            }
            expectRegular(try await firings(queue)["s"] ?? [], every: 0.5)
        }
    }
}
