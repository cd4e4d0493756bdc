import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Channels that follow groups") struct AutoChannelSyncTests {
    /// An account with streams 1 to 6 in the group News, of which channels are made by those options.
    private func withAccount<R>(
        _ options: JSONObject = [:], first: Double? = 100, last: Double? = nil,
        _ body: (CatalogDatabase, _ account: Int) async throws -> R
    ) async throws -> R {
        try await withCatalog { catalog in
            let account = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "A")).id
            try await refresh(catalog, account, 1...6)
            try await catalog.pool.write { db in
                try db.execute(
                    sql: """
                        UPDATE dispatcharr_channels_channelgroupm3uaccount SET auto_channel_sync = 1,
                            auto_sync_channel_start = ?, auto_sync_channel_end = ?, custom_properties = ?
                        """,
                    arguments: [first, last, JSONValue.object(options).text])
            }
            return try await body(catalog, account)
        }
    }

    private func refresh(_ catalog: CatalogDatabase, _ account: Int, _ numbers: ClosedRange<Int>) async throws {
        let refresh = try await catalog.beginStreamRefresh(account: account)
        try await refresh.stage(numbers.map { .numbered($0) })
        _ = try await refresh.commit()
    }

    private func list(_ catalog: CatalogDatabase) async throws -> [String] {
        try await catalog.channels.all().map { "\(Int($0.number ?? -1)) \($0.name)" }
    }

    @Test func `streams become channels once, change with their streams and go with them`() async throws {
        try await withAccount { catalog, account in
            let first = try await catalog.syncAutoChannels(account: account)
            #expect((first.created, first.updated, first.deleted, first.failures.count) == (6, 0, 0, 0))
            #expect(try await list(catalog) == (1...6).map { "\(99 + $0) Stream \($0)" })
            let again = try await catalog.syncAutoChannels(account: account)
            #expect((again.created, again.updated, again.deleted) == (0, 0, 0))
            try await catalog.run("UPDATE dispatcharr_channels_stream SET name = 'Renamed' WHERE name = 'Stream 2'")
            #expect(try await catalog.syncAutoChannels(account: account).updated == 1)
            try await refresh(catalog, account, 3...7)
            let third = try await catalog.syncAutoChannels(account: account)
            #expect((third.created, third.deleted) == (1, 2))
            // Numbers stay with their channels; the new one takes the first that was free when it came.
            #expect(try await list(catalog).contains("102 Stream 3"))
            #expect(try await catalog.findings().isEmpty)
            #expect(third.json["channels_created"] == 1)
        }
    }

    @Test(arguments: [
        ("always", 4), ("preserve_customized", 5), ("never", 6),
    ]) func `what is left of channels without a stream is the account's choice`(mode: String, count: Int) async throws {
        try await withAccount { catalog, account in
            try await catalog.m3uAccounts.update(account) {
                $0.customProperties = ["orphan_channel_cleanup": .string(mode)]
            }
            _ = try await catalog.syncAutoChannels(account: account)
            let first = try #require(try await catalog.channels.all().first?.id)
            let now = DjangoTime.text(Date())
            try await catalog.run(
                "INSERT INTO dispatcharr_channels_channeloverride (channel_id, name, created_at, updated_at) VALUES (\(first), 'Mine', '\(now)', '\(now)')"
            )
            try await refresh(catalog, account, 3...6)
            _ = try await catalog.syncAutoChannels(account: account)
            #expect(try await catalog.channels.all().count == count)
        }
    }

    @Test func `a range that is full says which streams got none`() async throws {
        try await withAccount(last: 103) { catalog, account in
            try await catalog.addChannel()
            try await catalog.run("UPDATE dispatcharr_channels_channel SET channel_number = 101")
            let report = try await catalog.syncAutoChannels(account: account)
            #expect(report.created == 3)
            #expect(report.failures.map(\.streamName) == ["Stream 4", "Stream 5", "Stream 6"])
            #expect(report.failures.allSatisfy { $0.reason == .rangeExhausted })
        }
    }

    @Test func `names are filtered and rewritten, order and group are chosen`() async throws {
        let options: JSONObject = [
            "name_match_regex": "[1-5]$", "name_match_exclude_regex": "3", "name_regex_pattern": "^Stream (\\d)",
            "name_replace_pattern": "Kanal \\1", "channel_sort_order": "name", "channel_sort_reverse": true,
            "group_override": 1, "custom_logo_id": nil,
        ]
        try await withAccount(options) { catalog, account in
            let created = try await catalog.syncAutoChannels(account: account).created
            #expect(created == 4)
            #expect(try await list(catalog) == ["100 Kanal 5", "101 Kanal 4", "102 Kanal 2", "103 Kanal 1"])
        }
    }

    @Test func `numbers are the provider's, or the next that are free`() async throws {
        try await withAccount(["channel_numbering_mode": "provider", "channel_numbering_fallback": 50]) {
            catalog, account in
            _ = try await catalog.syncAutoChannels(account: account)
            // Every third stream has no number.
            #expect(
                try await list(catalog)
                    == ["1 Stream 1", "2 Stream 2", "4 Stream 4", "5 Stream 5", "50 Stream 3", "51 Stream 6"])
        }
        try await withAccount(["channel_numbering_mode": "next_available"]) { catalog, account in
            try await catalog.addChannel()
            try await catalog.run("UPDATE dispatcharr_channels_channel SET channel_number = 2")
            _ = try await catalog.syncAutoChannels(account: account)
            #expect(try await catalog.channels.all().compactMap(\.number) == [1, 2, 3, 4, 5, 6, 7])
        }
    }

    @Test func `compact numbering closes gaps`() async throws {
        try await withAccount(["compact_numbering": true]) { catalog, account in
            _ = try await catalog.syncAutoChannels(account: account)
            try await refresh(catalog, account, 3...6)
            _ = try await catalog.syncAutoChannels(account: account)
            #expect(try await list(catalog) == (3...6).map { "\(97 + $0) Stream \($0)" })
        }
    }
}
