import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Ledger") struct LedgerTests {
    private func draft(
        _ name: String = "samples.add", id: TaskID = .random(), queue: QueueName = "celery",
        args: [JSONValue] = [2, 3],
        plugin: String? = nil, key: (String, String)? = nil
    ) -> LedgerDraft {
        var draft = LedgerDraft(id: id, name: name, queue: queue, args: args, kwargs: [:], message: Array("{}".utf8))
        draft.plugin = plugin
        draft.once = key
        return draft
    }

    private func isAccepted(_ acceptance: LedgerTable.Acceptance) -> Bool {
        if case .accepted = acceptance { return true }
        return false
    }

    @Test func `an id is accepted once`() async throws {
        try await withCatalog { catalog in
            let first = draft()
            #expect(isAccepted(try await catalog.ledger.accept([first])[0]))
            guard case .known(first.id, .pending) = try await catalog.ledger.accept([first])[0] else {
                Issue.record("accepted a second time")
                return
            }
            #expect(try await catalog.ledger.page(LedgerQuery()).count == 1)
        }
    }

    @Test func `a key stands for one task, also within one batch, and is refused with another request`() async throws {
        try await withCatalog { catalog in
            let first = draft(key: ("admin:k", "a")), second = draft(key: ("admin:k", "a"))
            let answers = try await catalog.ledger.accept([first, second, draft(key: ("admin:k", "b"))])
            #expect(isAccepted(answers[0]))
            guard case .known(first.id, .pending) = answers[1] else {
                Issue.record("\(answers[1])")
                return
            }
            guard case .refused(let error) = answers[2], error.code == .keyReused else {
                Issue.record("\(answers[2])")
                return
            }
            #expect(try await catalog.count(#"SELECT COUNT(*) FROM "ledger""#) == 1)
        }
    }

    @Test func `what is over gives up its message and is not opened again by late news`() async throws {
        try await withCatalog { catalog in
            let task = draft()
            _ = try await catalog.ledger.accept([task])
            #expect(try await catalog.ledger.open(after: 0, limit: 10).map(\.message) == [task.message])
            let at = Date(timeIntervalSince1970: 1_800_000_000)
            try await catalog.ledger.note([
                LedgerNews(id: task.id, state: .started, at: at, detail: ["worker": "w@h"]),
                LedgerNews(id: task.id, state: .retry, at: at, error: "OSError: no"),
                LedgerNews(id: task.id, state: .success, at: at + 2, outcome: 5),
                LedgerNews(id: task.id, state: .started, at: at + 3),
            ])
            #expect(try await catalog.ledger.open(after: 0, limit: 10).isEmpty)
            let row = try #require(try await catalog.ledger.find(task.id))
            #expect(row.state == .success && row.retries == 1 && row.outcome == 5)
            #expect(row.startedAt == at && row.finishedAt == at + 2)
            #expect(row.steps.map { $0["what"]?.string } == ["started", "retry", "success"])
            #expect(row.steps[0]["worker"] == "w@h")
        }
    }

    @Test func `totals follow every change`() async throws {
        try await withCatalog { catalog in
            let tasks = (0..<5).map { _ in draft() }
            _ = try await catalog.ledger.accept(tasks)
            try await catalog.ledger.note([
                LedgerNews(
                    id: tasks[0].id, state: .success, at: Date(), outcome: .string(String(repeating: "x", count: 99))),
                LedgerNews(id: tasks[1].id, state: .failure, at: Date(), error: "ValueError: x"),
            ])
            let totals = try await catalog.ledger.totals()
            #expect(totals.map(\.state) == [.pending, .success, .failure] && totals.map(\.tasks) == [3, 1, 1])
            let bytes = try await catalog.count(#"SELECT SUM("bytes") FROM "ledger""#)
            #expect(totals.map(\.bytes).reduce(0, +) == bytes)
        }
    }

    @Test func `pages go on where the last one ended, whatever they are filtered by`() async throws {
        try await withCatalog { catalog in
            let names = ["a.one", "b.two", "c.three"]
            let tasks = (0..<60).map { index in
                draft(
                    names[index % 3], queue: index % 2 == 0 ? "even" : "odd", args: [.string("item number \(index)")],
                    plugin: index % 5 == 0 ? "tv_news" : nil)
            }
            _ = try await catalog.ledger.accept(tasks)
            try await catalog.ledger.note(
                tasks.enumerated().filter { $0.offset % 4 == 0 }.map {
                    LedgerNews(id: $0.element.id, state: .failure, at: Date())
                })
            func expected(_ isWanted: (Int) -> Bool) -> [String] {
                (0..<60).filter(isWanted).reversed().map { tasks[$0].id.rawValue }
            }
            func all(_ change: (inout LedgerQuery) -> Void) async throws -> [String] {
                var query = LedgerQuery()
                query.limit = 7
                change(&query)
                var found: [LedgerEntry] = []
                while true {
                    let page = try await catalog.ledger.page(query)
                    #expect(page.count <= 7)
                    found += page
                    guard let last = page.last else { return found.map(\.id.rawValue) }
                    query.before = last.seq
                }
            }
            #expect(try await all { _ in } == expected { _ in true })
            #expect(try await all { $0.name = "b.two" } == expected { $0 % 3 == 1 })
            #expect(try await all { $0.state = .failure } == expected { $0 % 4 == 0 })
            #expect(try await all { $0.queue = "odd" } == expected { $0 % 2 == 1 })
            #expect(try await all { $0.plugin = "tv_news" } == expected { $0 % 5 == 0 })
            #expect(
                try await all {
                    $0.plugin = "tv_news"
                    $0.state = .pending
                    $0.queue = "odd"
                } == expected { $0 % 5 == 0 && $0 % 4 != 0 && $0 % 2 == 1 })
            #expect(try await all { $0.text = "NUMBER 1" } == expected { String($0).hasPrefix("1") })
            #expect(
                try await all {
                    $0.text = "number 1"
                    $0.name = "a.one"
                    $0.state = .failure
                } == expected { String($0).hasPrefix("1") && $0 % 3 == 0 && $0 % 4 == 0 })
            #expect(try await all { $0.text = #"100% "no_t h%ere" \"# } == [])
            #expect(try await catalog.ledger.words(.name) == names)
            #expect(try await catalog.ledger.words(.plugin) == ["tv_news"])
        }
    }

    @Test func `times bound a page`() async throws {
        try await withCatalog { catalog in
            for day in 1...5 {
                _ = try await catalog.ledger.accept([draft("day.\(day)")])
                try await catalog.run(
                    #"UPDATE "ledger" SET "accepted_at" = \#(day * 86_400_000) WHERE "name" = 'day.\#(day)'"#)
            }
            func names(from: Int?, to: Int?) async throws -> [String] {
                var query = LedgerQuery()
                query.since = from.map { Date(timeIntervalSince1970: Double($0) * 86_400) }
                query.until = to.map { Date(timeIntervalSince1970: Double($0) * 86_400) }
                return try await catalog.ledger.page(query).map(\.name)
            }
            #expect(try await names(from: 3, to: nil) == ["day.5", "day.4", "day.3"])
            #expect(try await names(from: nil, to: 3) == ["day.2", "day.1"])
            #expect(try await names(from: 2, to: 4) == ["day.3", "day.2"])
            #expect(try await names(from: 6, to: nil) == [])
            #expect(try await names(from: nil, to: 1) == [])
        }
    }

    @Test func `what is over goes by age and number, and what is open never does`() async throws {
        try await withCatalog { catalog in
            let tasks = (0..<20).map { draft("n.\($0)") }
            _ = try await catalog.ledger.accept(tasks)
            try await catalog.ledger.note(tasks[5...].map { LedgerNews(id: $0.id, state: .success, at: Date()) })
            try await catalog.run(#"UPDATE "ledger" SET "accepted_at" = 1000 WHERE "seq" <= 8"#)
            #expect(try await catalog.ledger.prune(LedgerLimits(age: .seconds(60))) == 3)
            #expect(try await catalog.ledger.prune(LedgerLimits(age: .seconds(60))) == 0)
            #expect(try await catalog.ledger.prune(LedgerLimits(tasks: 10)) == 7)
            let left = try await catalog.ledger.page(LedgerQuery()).map(\.name)
            #expect(left == (15..<20).reversed().map { "n.\($0)" } + (0..<5).reversed().map { "n.\($0)" })
            #expect(try await catalog.ledger.prune(LedgerLimits(tasks: 1)) == 5)
            #expect(try await catalog.ledger.page(LedgerQuery()).count == 5)
            // Nothing of what went is found, and the index of letters is as sound as the rest.
            var query = LedgerQuery()
            query.text = "n.12"
            #expect(try await catalog.ledger.page(query).isEmpty)
            try await catalog.run(#"INSERT INTO "ledger_words" ("ledger_words") VALUES ('integrity-check')"#)
        }
    }

    @Test func `too many open tasks are refused with a code`() async throws {
        try await withCatalog { catalog in
            let limits = LedgerLimits(tasks: 3)
            let answers = try await catalog.ledger.accept((0..<4).map { _ in draft() }, limits: limits)
            #expect(answers.prefix(3).allSatisfy(isAccepted))
            guard case .refused(let error) = answers[3], error.code == .ledgerFull else {
                Issue.record("\(answers[3])")
                return
            }
            #expect(error.description.contains("3 tasks wait"))
        }
    }

    @Test func `a read-only disk is an error with a remedy`() async throws {
        try await withCatalog { catalog in
            try await catalog.run("PRAGMA query_only = 1")
            let error = await #expect(throws: CatalogError.self) { _ = try await catalog.ledger.accept([draft()]) }
            #expect(error?.code == .cannotWrite)
        }
    }
}
