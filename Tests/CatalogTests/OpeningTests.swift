import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Opening a catalogue") struct OpeningTests {
    @Test func `a new file has every table and the seed rows, and only its owner reads it`() async throws {
        try await withCatalog { catalog in
            let tables = try await catalog.count(
                "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%'"
            )
            #expect(tables == 58 + 7 + 2, "Dispatcharr's, the ledger's, fetched files and log-ins")
            #expect(try await catalog.count("SELECT count(*) FROM core_streamprofile") == 5)
            #expect(try await catalog.count("SELECT count(*) FROM core_coresettings") == 9)
            #expect(try await catalog.findings().isEmpty)
            for suffix in ["", "-wal"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: catalog.path + suffix)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
        }
    }

    @Test func `every connection waits for others and keeps foreign keys`() async throws {
        try await withCatalog { catalog in
            let (mode, synchronous, busy, keys) = try await catalog.pool.read { db in
                (
                    try String.fetchOne(db, sql: "PRAGMA journal_mode"),
                    try Int.fetchOne(db, sql: "PRAGMA synchronous"),
                    try Int.fetchOne(db, sql: "PRAGMA busy_timeout"), try Int.fetchOne(db, sql: "PRAGMA foreign_keys")
                )
            }
            #expect(mode == "wal")
            #expect(synchronous == 1)
            #expect(busy == 10_000)
            #expect(keys == 1)
        }
    }

    @Test func `several openers of a new file migrate it once`() async throws {
        try await withTemporaryFolder { folder in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let catalog = try await CatalogDatabase(path: folder + "/skirret.db")
                        let count = try await catalog.count("SELECT count(*) FROM core_useragent")
                        try await catalog.close()
                        return count
                    }
                }
                for try await count in group { #expect(count == 3) }
            }
        }
    }

    @Test func `what was written is there after reopening`() async throws {
        try await withTemporaryFolder { folder in
            let first = try await CatalogDatabase(path: folder + "/skirret.db")
            try await first.plugins.synchronize(with: [DiscoveredPlugin(key: "a", name: "A")])
            try await first.close()
            let second = try await CatalogDatabase(path: folder + "/skirret.db")
            #expect(try await second.plugins.all().map(\.key) == ["a"])
            try await second.close()
        }
    }

    @Test func `a file that is no database is refused by name, with a remedy`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/skirret.db"
            try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: path))
            let error = await #expect(throws: CatalogError.self) { try await CatalogDatabase(path: path) }
            #expect(error?.code == .damaged)
            #expect(error?.description.contains(path) == true)
            #expect(error?.description.contains("backup") == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == 8192)
        }
    }

    @Test func `a database with overwritten pages is refused`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/skirret.db"
            let catalog = try await CatalogDatabase(path: path)
            _ = try await catalog.pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            try await catalog.close()
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            for page in 5..<40 {
                try file.seek(toOffset: UInt64(page * 4096))
                try file.write(contentsOf: Data(repeating: 0x5A, count: 4096))
            }
            try file.close()
            let error = await #expect(throws: CatalogError.self) { try await CatalogDatabase(path: path) }
            #expect(error?.code == .damaged)
        }
    }

    @Test func `a file that a later version migrated is refused`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/skirret.db"
            let catalog = try await CatalogDatabase(path: path)
            try await catalog.run("INSERT INTO grdb_migrations (identifier) VALUES ('v99 of the future')")
            try await catalog.close()
            let error = await #expect(throws: CatalogError.self) { try await CatalogDatabase(path: path) }
            #expect(error?.code == .newerSchema)
        }
    }

    @Test func `a folder that does not exist is named`() async throws {
        let error = await #expect(throws: CatalogError.self) {
            try await CatalogDatabase(path: "/nowhere/at/all/skirret.db")
        }
        #expect(error?.code == .cannotOpen)
        #expect(error?.place == "/nowhere/at/all")
    }

    /// Leaves a migrated file behind for the Python suite: SKIRRET_MAKE_DATABASE names it.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SKIRRET_MAKE_DATABASE"] != nil))
    func `a migrated file is made for other programs`() async throws {
        let path = try #require(ProcessInfo.processInfo.environment["SKIRRET_MAKE_DATABASE"])
        let catalog = try await CatalogDatabase(path: path)
        try await catalog.plugins.synchronize(with: [
            DiscoveredPlugin(key: "from_swift", name: "Größe 東京", version: "1.2", description: "Made by Swift")
        ])
        try await catalog.plugins.replaceSettings(of: "from_swift", with: ["limit": 3, "ratio": 1.0, "words": ["ä"]])
        var draft = M3UAccountDraft(name: "From Swift", serverURL: "http://example.net/list.m3u")
        draft.refreshInterval = 6
        let account = try await catalog.m3uAccounts.create(draft)
        var guide = EPGSourceDraft(name: "Guide from Swift", url: "http://example.net/guide.xml")
        guide.cron = try CronExpression(parsing: "30 4 * * 1-5")
        let source = try await catalog.epgSources.create(guide)
        let refresh = try await catalog.beginStreamRefresh(account: account.id)
        try await refresh.stage([
            StagedStream(
                hash: String(repeating: "a", count: 64), name: "Ночной", url: "http://example.net/1", group: "News",
                customProperties: Array(#"{"tvg-id":"n.1"}"#.utf8), channelNumber: 7.5)
        ])
        _ = try await refresh.commit(at: Date(timeIntervalSince1970: 1_800_000_000.25))
        let channels = try await catalog.beginGuideRefresh(source: source.id)
        try await channels.stage(channels: [StagedGuideChannel(id: "n.1", name: "News One")])
        _ = try await channels.commit()
        try await catalog.close()
    }
}
