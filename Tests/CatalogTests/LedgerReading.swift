import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

/// How long pages take with a million tasks behind them, and what accepting costs.
///
/// `SKIRRET_READINGS=1 swift test --filter LedgerReading`; worth believing in a release build on a quiet machine.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SKIRRET_READINGS"] != nil, "set SKIRRET_READINGS=1"))
struct LedgerReading {
    @Test(.timeLimit(.minutes(10))) func `a million tasks`() async throws {
        try await withCatalog { catalog in
            let count = Int(ProcessInfo.processInfo.environment["SKIRRET_LEDGER_ROWS"] ?? "") ?? 1_000_000
            let clock = ContinuousClock()
            let filling = try await clock.measure { try await Self.fill(catalog, count) }
            print("filled \(count) tasks: \(Int(Double(count) / (filling / .seconds(1)))) tasks/s")
            let size = try FileManager.default.attributesOfItem(atPath: catalog.path)[.size] as? Int ?? 0
            print("the file: \(size / 1_048_576) MiB, \(size / count) bytes a task")
            var queries: [(String, LedgerQuery)] = []
            func add(_ name: String, _ change: (inout LedgerQuery) -> Void) {
                var query = LedgerQuery()
                change(&query)
                queries.append((name, query))
            }
            add("newest") { _ in }
            add("middle") { $0.before = count / 2 }
            add("name") { $0.name = "samples.task_7" }
            add("state") { $0.state = .failure }
            add("rare state") { $0.state = .revoked }
            add("name and state") {
                $0.name = "samples.task_7"
                $0.state = .revoked
            }
            add("queue, middle") {
                $0.queue = "bulk"
                $0.before = count / 2
            }
            add("plugin and name that never meet") {
                $0.plugin = "tv_news"
                $0.name = "samples.task_1"
            }
            add("text, everywhere") { $0.text = "channel" }
            add("text, one") { $0.text = "channel \(count - 17)\"" }
            add("text, oldest") { $0.text = "channel 3\"" }
            add("text, none") { $0.text = "nothing like this" }
            add("text and rare state") {
                $0.text = "channel"
                $0.state = .revoked
            }
            add("an hour of it") {
                $0.since = Date() - 3600
                $0.until = Date()
                $0.name = "samples.task_3"
            }
            for (name, query) in queries {
                var times: [Duration] = []
                var rows = 0
                for _ in 0..<5 {
                    times.append(try await clock.measure { rows = try await catalog.ledger.page(query).count })
                }
                let worst = times.max() ?? .zero
                print("page, \(name): \(rows) rows, worst of 5: \(worst.formatted(.units(allowed: [.milliseconds])))")
                #expect(worst < .milliseconds(200), "\(name)")
            }
            var facets = Duration.zero
            for facet in LedgerTable.Facet.allCases {
                facets += try await clock.measure { _ = try await catalog.ledger.words(facet) }
            }
            print("all words to choose from: \(facets.formatted(.units(allowed: [.milliseconds])))")
            let single = try await clock.measure {
                for index in 0..<100 { _ = try await catalog.ledger.accept([Self.draft(count + index)]) }
            }
            let batch = try await clock.measure {
                _ = try await catalog.ledger.accept((0..<256).map { Self.draft(count + 1000 + $0) })
            }
            print("accepting on disk: alone \(single / 100), in a batch of 256 \(batch / 256) each")
        }
    }

    private static func draft(_ index: Int) -> LedgerDraft {
        var draft = LedgerDraft(
            id: .random(), name: "samples.task_\(index % 40)", queue: index % 3 == 0 ? "celery" : "bulk",
            args: [.int(index), .string("channel \(index)")], kwargs: ["source": .int(index % 100)],
            message: [UInt8](repeating: 0x61, count: 700))
        draft.plugin = index % 10 == 0 ? ["tv_news", "backup", "epg_tools"][index / 10 % 3] : nil
        draft.about = draft.plugin.map { "\($0): refresh" } ?? ""
        return draft
    }

    private static func fill(_ catalog: CatalogDatabase, _ count: Int) async throws {
        for start in stride(from: 0, to: count, by: 5000) {
            let drafts = (start..<min(start + 5000, count)).map(draft)
            _ = try await catalog.ledger.accept(drafts, limits: LedgerLimits(tasks: .max, bytes: .max))
            try await catalog.ledger.note(
                drafts.enumerated().map { index, draft in
                    let number = start + index
                    let state: LedgerState = number % 5000 == 1 ? .revoked : number % 50 == 0 ? .failure : .success
                    return LedgerNews(id: draft.id, state: state, at: Date(), outcome: .int(number))
                })
        }
    }
}
