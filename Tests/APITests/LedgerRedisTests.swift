import Catalog
import CeleryProtocol
import Foundation
import Logging
import Skirret
import SkirretRedis
import SkirretTesting
import Testing

@testable import API

/// The ledger beside a real Redis that loses things.
@Suite("Ledger and Redis", .timeLimit(.minutes(1))) struct LedgerRedisTests {
    private static let add = RegisteredTask(name: "samples.add") { _, args, _ in
        .int(args.reduce(0) { $0 + ($1.int ?? 0) })
    }

    private func order(_ number: Int = 0) -> Ledger.Order {
        Ledger.Order(task: "samples.add", args: [.int(number), 1])
    }

    /// Runs a body while a keeper keeps.
    private func withKeeper(
        _ fixture: APIFixture, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let keeper = LedgerKeeper(fixture.services.ledger, name: "keeper", logger: APIFixture.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await keeper.run() }
            try await body()
            group.cancelAll()
        }
    }

    private func until(
        _ what: String, _ condition: @Sendable () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while try await !condition() {
            try #require(ContinuousClock.now < end, "waited for \(what)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func queued(_ fixture: APIFixture) async throws -> [TaskID] {
        let lines = try await fixture.services.redis.send("LRANGE", "celery", 0, -1).array ?? []
        return try lines.compactMap(\.bytes).map { try TaskMessage(decoding: $0).headers.id }
    }

    private func states(_ fixture: APIFixture) async throws -> [String: Int] {
        Dictionary(
            uniqueKeysWithValues: try await fixture.services.ledger.table.totals().map { ($0.state.name, $0.tasks) })
    }

    @Test func `an emptied Redis gets everything again, each once, under the same ids`() async throws {
        try await APIFixture.withServices { fixture in
            try await withKeeper(fixture) {
                let ledger = fixture.services.ledger
                let ids = try await withThrowingTaskGroup(of: TaskID.self) { group in
                    for number in 0..<300 { group.addTask { try await ledger.start(order(number)) } }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(ids.count == 300)
                #expect(Set(try await queued(fixture)) == ids)
                try await until("the keeper's mark") {
                    try await fixture.services.redis.send("EXISTS", "skirret:ledger:mark").int == 1
                }
                for _ in 0..<2 {
                    _ = try await fixture.services.redis.send("FLUSHALL")
                    try await until("everything to be back") { try await queued(fixture).count == 300 }
                    try await until("the keeper's mark") {
                        try await fixture.services.redis.send("EXISTS", "skirret:ledger:mark").int == 1
                    }
                }
                #expect(Set(try await queued(fixture)) == ids)
                try await fixture.withWorker([Self.add]) {
                    try await until("all to be over") { try await states(fixture) == ["SUCCESS": 300] }
                }
                #expect(try await fixture.services.redis.send("SCARD", "skirret:ledger").int == 0)
                _ = try await fixture.services.redis.send("FLUSHALL")
                try await until("the keeper's mark") {
                    try await fixture.services.redis.send("EXISTS", "skirret:ledger:mark").int == 1
                }
                // What is over is not sent again.
                #expect(try await queued(fixture).isEmpty)
                let id = try #require(ids.first)
                let row = try #require(try await ledger.table.find(id))
                #expect(row.steps.filter { $0["what"] == "pushed again" }.count == 2)
            }
        }
    }

    @Test func `what was committed by a process that died before it pushed is pushed by the next`() async throws {
        try await APIFixture.withServices { fixture in
            let queue = fixture.services.queue
            // As far as a process gets that is killed between its two steps.
            let lost = queue.acceptable("samples.add", args: [1, 2], kwargs: [:], options: .init())
            _ = try await fixture.services.ledger.table.accept([
                LedgerDraft(
                    id: lost.id, name: "samples.add", queue: lost.queue, args: [1, 2], kwargs: [:],
                    message: lost.message)
            ])
            #expect(try await queued(fixture).isEmpty)
            try await withKeeper(fixture) {
                try await until("the push") { try await queued(fixture) == [lost.id] }
            }
        }
    }

    @Test func `work is accepted while Redis is away, and arrives when it is back`() async throws {
        try await ThrowawayRedis.withServerProcess { server in
            let folder = FileManager.default.temporaryDirectory.appending(path: "skirret-ledger-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let catalog = try await CatalogDatabase(path: folder.appending(path: "skirret.db").path)
            let queue = TaskQueue(server.url, logger: APIFixture.logger)
            let ledger = Ledger(catalog, queue: queue, logger: APIFixture.logger)
            let keeper = LedgerKeeper(ledger, name: "keeper", logger: APIFixture.logger)
            let before = try await ledger.start(order())
            await server.kill()
            let clock = ContinuousClock()
            let first = try await clock.measure { _ = try await ledger.start(order(1)) }
            #expect(first < .milliseconds(2500))
            let second = try await clock.measure { _ = try await ledger.start(order(2)) }
            #expect(second < .seconds(1), "the next caller does not wait for Redis again")
            try await server.restart()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await keeper.run() }
                try await until("all three") {
                    (try? await queue.redis.send("LLEN", "celery").int) == 3
                }
                group.cancelAll()
            }
            let ids = try await ledger.table.page(LedgerQuery()).map(\.id)
            #expect(ids.count == 3 && ids.contains(before))
            await queue.close()
        }
    }

    @Test func `what was cancelled while Redis had lost it is not sent again`() async throws {
        try await APIFixture.withServices { fixture in
            let ledger = fixture.services.ledger
            let id = try await ledger.start(order()), other = try await ledger.start(order())
            _ = try await fixture.services.redis.send("FLUSHALL")
            #expect(try await ledger.cancel([id]))
            try await withKeeper(fixture) {
                try await until("the other one") { try await queued(fixture) == [other] }
                try await until("the revocation") { try await states(fixture) == ["PENDING": 1, "REVOKED": 1] }
            }
        }
    }

    @Test func `what beat fires is in the ledger, and an emptied Redis does not fire it again`() async throws {
        try await APIFixture.withServices { fixture in
            let ledger = fixture.services.ledger
            let message = TaskMessage(task: "samples.add", id: "one-firing", args: [1, 2], queue: "celery")
            #expect(try await ledger.accept(message, queue: "celery", schedule: "nightly"))
            // Another beat, or this one after an answer it never got.
            #expect(try await ledger.accept(message, queue: "celery", schedule: "nightly"))
            try await ledger.table.note([LedgerNews(id: "one-firing", state: .success, at: Date())])
            #expect(try await !ledger.accept(message, queue: "celery", schedule: "nightly"))
            #expect(try await ledger.table.find("one-firing")?.schedule == "nightly")
        }
    }

    @Test func `a dead letter that is sent again is open in the ledger, and its new end is noted`() async throws {
        try await APIFixture.withServices { fixture in
            let ledger = fixture.services.ledger, redis = fixture.services.redis
            let id = try await ledger.start(order(1))
            let message = try #require(try await redis.send("RPOP", "celery").bytes)
            // As a worker leaves it that gave it up: its failure, and its letter.
            let failure: JSONValue = [
                "exc_type": "WorkerLostError", "exc_message": ["three workers died"], "exc_module": "builtins",
            ]
            let result = TaskResult(taskID: id, state: .failure, result: failure, dateDone: Date())
            _ = try await redis.send("SET", .init("celery-task-meta-\(id)"), .init(result.encoded()))
            let about: JSONValue = ["queue": "celery", "task": JSONValue(id), "name": "samples.add", "reason": "dead"]
            _ = try await redis.send("ZADD", "skirret:dead", 1, "letter")
            _ = try await redis.send(
                "HSET", "skirret:dead:letters", "letter", .init(about.encoded() + [0x0A] + message))
            try await withKeeper(fixture) {
                try await until("the failure") { try await states(fixture) == ["FAILURE": 1] }
                let letters = try await fixture.services.queue.deadLetters(limit: 10)
                #expect(try await ledger.replay(letters) == 1)
                #expect(try await states(fixture) == ["PENDING": 1])
                // The keeper has compared it with Redis, and neither closed it nor sent it twice.
                _ = try await redis.send("DEL", "skirret:ledger:mark")
                try await until("the keeper's mark") {
                    try await redis.send("EXISTS", "skirret:ledger:mark").int == 1
                }
                #expect(try await states(fixture) == ["PENDING": 1])
                #expect(try await queued(fixture) == [id])
                try await fixture.withWorker([Self.add]) {
                    try await until("its new end") { try await states(fixture) == ["SUCCESS": 1] }
                }
            }
            let row = try #require(try await ledger.table.find(id))
            #expect(row.steps.map { $0["what"] } == ["failure", "replayed", "success"])
            #expect(row.error == nil && row.outcome == 2)
        }
    }

    @Test func `a task that fails leaves its error and its retries`() async throws {
        try await APIFixture.withServices { fixture in
            let failing = RegisteredTask(name: "samples.fail") { _, _, _ in
                throw TaskFailure.builtin("ValueError", "no such channel")
            }
            try await withKeeper(fixture) {
                let id = try await fixture.services.ledger.start(Ledger.Order(task: "samples.fail"))
                try await fixture.withWorker([failing]) {
                    try await until("the failure") { try await states(fixture) == ["FAILURE": 1] }
                }
                let row = try #require(try await fixture.services.ledger.table.find(id))
                #expect(row.error == "ValueError: no such channel" && row.finishedAt != nil)
            }
        }
    }
}

/// Sharing the cost of one commit.
@Suite("Group commit") struct GroupCommitTests {
    private actor Batches {
        var sizes: [Int] = []
        func add(_ size: Int) { sizes.append(size) }
    }

    @Test func `everybody gets the answer to their own item, and most share`() async throws {
        let batches = Batches()
        let commits = GroupCommit<Int, Int> { items in
            await batches.add(items.count)
            await Task.yield()
            return items.map { $0 * 2 }
        }
        let sum = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<2000 { group.addTask { try await commits.submit(number) == number * 2 } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(sum == 2000)
        let sizes = await batches.sizes
        #expect(sizes.reduce(0, +) == 2000 && (sizes.max() ?? 0) <= 256)
    }

    @Test func `a failure is everybody's in that batch and nobody's in the next`() async throws {
        let commits = GroupCommit<Int, Int> { items in
            if items.contains(7) { throw CancellationError() }
            return items
        }
        await #expect(throws: CancellationError.self) { _ = try await commits.submit(7) }
        #expect(try await commits.submit(8) == 8)
    }

    @Test func `a caller who leaves does not take the others' work along`() async throws {
        let commits = GroupCommit<Int, Int> { items in
            try Task.checkCancellation()
            return items
        }
        let caller = Task { try await commits.submit(1) }
        caller.cancel()
        #expect(try await caller.value == 1)
    }
}
