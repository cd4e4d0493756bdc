import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Streams to read") struct StreamTableTests {
    private func catalogWithStreams(_ body: (CatalogDatabase, Int, Int) async throws -> Void) async throws {
        try await withCatalog { catalog in
            var accounts: [Int] = []
            for (name, numbers) in [("A", 1...5), ("B", 6...8)] {
                let id = try await catalog.m3uAccounts.create(M3UAccountDraft(name: name)).id
                let refresh = try await catalog.beginStreamRefresh(account: id)
                try await refresh.stage(
                    numbers.map {
                        StagedStream.numbered($0, group: $0 == 7 ? "100 %_x" : "News", name: "No. \($0) 50%")
                    })
                _ = try await refresh.commit()
                accounts.append(id)
            }
            try await body(catalog, accounts[0], accounts[1])
        }
    }

    private func names(_ catalog: CatalogDatabase, _ change: (inout StreamQuery) -> Void) async throws -> [String] {
        var query = StreamQuery()
        change(&query)
        return try await catalog.streams.page(query).map(\.name)
    }

    @Test func `pages follow one another, each of the size that was asked for`() async throws {
        try await catalogWithStreams { catalog, _, _ in
            var seen: [StreamRow] = []
            var query = StreamQuery()
            query.limit = 3
            while true {
                query.after = seen.last?.id ?? 0
                let page = try await catalog.streams.page(query)
                #expect(page.count <= 3)
                seen += page
                if page.count < 3 { break }
            }
            #expect(Set(seen.map(\.name)) == Set((1...8).map { "No. \($0) 50%" }) && seen.count == 8)
            let first = try #require(seen.first { $0.name == "No. 1 50%" })
            #expect(first.url == "http://example.net/1.ts" && first.group == "News" && first.number == 1)
            #expect(first.tvgID == "s.1" && !first.isStale && first.lastSeen != nil)
        }
    }

    @Test func `account, group and text choose`() async throws {
        try await catalogWithStreams { catalog, _, second in
            let ofSecond = try await names(catalog) { $0.account = second }
            #expect(ofSecond.count == 3)
            let ofGroup = try await names(catalog) { $0.group = "100 %_x" }
            #expect(ofGroup == ["No. 7 50%"])
            let nowhere = try await names(catalog) { $0.group = "none" }
            #expect(nowhere.isEmpty)
            for (text, count) in [("nO. 3", 1), ("50%", 8), ("5_%", 0)] {
                let found = try await names(catalog) { $0.text = text }
                #expect(found.count == count, "\(text)")
            }
        }
    }
}
