import CeleryProtocol
import Foundation
import Logging
import Synchronization
import Testing

@testable import Ingest

@Suite("Playlist refresh") struct PlaylistRefreshTests {
    private typealias Step = RawServer.Step
    private static let small = Array(
        "#EXTM3U\n#EXTINF:-1 group-title=\"G\",A\nhttp://s/1\n#EXTINF:-1,B\nhttp://s/2\n".utf8)

    @Test(.enabled(if: Fixtures.isAvailable), arguments: ["plain", "gzip"])
    func `twenty thousand entries arrive exactly once, in batches`(format: String) async throws {
        let file = try DecompressorTests.pack(Fixtures.playlist(entries: 20_000), format)
        try await RawServer.with(["/list": Step.answer(200, file)]) { server in
            let store = Self.store(server.url("/list"))
            let first = try await Self.run(store)
            #expect(first.processed == 20_000 && first.counts == PlaylistCounts(created: 20_000))
            #expect(store.now.streams.count == 20_000 && store.now.batches.dropLast().allSatisfy { $0 / 1500 == 1 })
            #expect(Set(store.now.streams.values.map(\.group)) == Set(store.now.groups))
            #expect(store.last?.status == .success)
            #expect(
                store.last?.message.contains(
                    /^Processing completed in \d+\.\d seconds\. Streams: 20000 created, 0 updated, 0 marked stale, 0 removed\. Total processed: 20000\.$/
                )
                    == true)
            let again = try await Self.run(store)
            #expect(again.counts == PlaylistCounts())
        }
    }

    @Test func `channels follow their groups after the streams are in, and say so`() async throws {
        try await RawServer.with(["*": Step.answer(200, Self.small)]) { server in
            let store = Self.store(server.url())
            store.state.withLock {
                $0.sync = ChannelSync(created: 2, deleted: 1, failures: [["stream_id": 3, "reason": "OTHER"]])
            }
            let report = try await Self.run(store)
            #expect(report.sync?.created == 2)
            #expect(store.last?.message.hasSuffix(" Auto-sync: 2 channel(s) created, 1 deleted, 1 failed.") == true)
            let last = try #require(store.now.events.last)
            #expect(last["channels_created"] == 2 && last["channels_deleted"] == 1 && last["channels_failed"] == 1)
            #expect(last["failed_stream_details"] == [["stream_id": 3, "reason": "OTHER"]])
        }
    }

    @Test func `a refresh whose channels could not follow is one all the same`() async throws {
        try await RawServer.with(["*": Step.answer(200, Self.small)]) { server in
            let store = Self.store(server.url())
            store.state.withLock { $0.sync = nil }
            let report = try await Self.run(store)
            #expect(report.sync == nil)
            #expect(store.last?.status == .success && store.now.streams.count == 2)
            #expect(store.last?.message.contains(" Auto-sync error: ") == true)
        }
    }

    @Test func `clients see the actions from 0 to 100 in Dispatcharr's order`() async throws {
        try await RawServer.with(["*": Step.answer(200, Self.small)]) { server in
            let store = Self.store(server.url())
            _ = try await Self.run(store)
            let events = store.now.events
            #expect(events.allSatisfy { $0["type"] == "m3u_refresh" && $0["account"] == 7 })
            let steps = events.map {
                "\($0["action"]?.string ?? "") \($0["progress"]?.double ?? -1) \($0["status"]?.string ?? "")"
            }
            let marks = [steps[0]] + steps.filter { !$0.hasPrefix("downloading") || $0.contains(" 100") }
            #expect(
                marks == [
                    "downloading 0.0 fetching", "downloading 100.0 fetching", "processing_groups 0.0 parsing",
                    "processing_groups 100.0 parsing", "parsing 0.0 parsing", "parsing 100.0 success",
                ])
            let last = try #require(events.last)
            #expect(last["streams_created"] == 2 && last["streams_processed"] == 2 && last["channels_failed"] == 0)
            #expect(store.now.reports.map(\.0).last == .success && store.now.reports.first?.0 == .fetching)
        }
    }

    @Test(arguments: [
        (401, "Authentication required (401) for M3U file at URL: URL. Server message: no"),
        (403, "Access forbidden (403) to M3U file at URL: URL. Server message: no"),
        (404, "M3U file not found (404) at URL: URL. Server message: no"),
        (500, "Server error (500) while fetching M3U file from URL: URL. Server message: no"),
        (884, "Server returned HTTP 884 (authentication/authorization failure) from URL: URL. Server message: no"),
        (900, "Server returned non-standard HTTP status 900 from URL: URL. Server message: no"),
        (503, "HTTP error (503) while fetching M3U file from URL: URL. Server message: no"),
    ])
    func `a refused download is explained on the account`(status: Int, message: String) async throws {
        try await RawServer.with(["*": Step.answer(status, Array("no".utf8))]) { server in
            let store = Self.store(server.url())
            try await Self.expectFailure(store, .download, message.replacing("URL: URL", with: "URL: \(server.url())"))
        }
    }

    @Test(arguments: [
        ("<!DOCTYPE html><html>Log in</html>", "Server returned HTML page instead of M3U file from URL: "),
        ("User disabled", "Server returned an error message instead of M3U file from URL: "),
        ("  \n", "Server responded successfully (HTTP 200) but provided empty M3U file from URL: "),
        ("", "Server responded successfully (HTTP 200) but provided empty M3U file from URL: "),
        ("\u{0}\u{1}\u{2}\u{0}", "Server provided non-text content from URL: "),
        (String(repeating: "word ", count: 500), "Server provided invalid M3U content from URL: "),
        ("#EXTM3U\n", "The playlist holds no streams; the ones already here were kept."),
    ])
    func `what is no playlist changes nothing`(body: String, message: String) async throws {
        try await RawServer.with(["*": Step.answer(200, Array(body.utf8))]) { server in
            let store = Self.store(server.url())
            try await Self.expectFailure(store, .content, message)
        }
    }

    @Test func `an unchanged playlist costs one request and ends in success with its counts`() async throws {
        let small = Self.small
        try await RawServer.with(answering: { _, head in
            head.contains("If-None-Match: \"v1\"")
                ? [.text("HTTP/1.1 304 X\r\n\r\n"), .close] : Step.answer(200, small, headers: ["ETag: \"v1\""])
        }) { server in
            let store = Self.store(server.url())
            let first = try await Self.run(store)
            let again = try await Self.run(store)
            #expect(!first.isUnchanged && again.isUnchanged && again.processed == 2)
            #expect(store.now.confirmed == 1 && server.requests.count == 2)
            #expect(store.last?.status == .success)
            #expect(
                store.last?.message.hasSuffix(
                    "Streams: 0 created, 0 updated, 0 marked stale, 0 removed. Total processed: 2.") == true)
            #expect(store.now.events.last?["progress"] == 100)
            // Another filter makes other streams of the same file.
            store.state.withLock { $0.account?.filters = [.init(target: .name, pattern: "A")] }
            let filtered = try await Self.run(store)
            #expect(!filtered.isUnchanged && filtered.processed == 1)
        }
    }

    @Test func `credentials in the address do not get into messages`() async throws {
        try await RawServer.with([:]) { server in
            let store = Self.store(server.url("/get.php?username=me&password=secret"))
            _ = try? await Self.run(store)  // the error itself is looked at in the other tests
            #expect(store.last?.message.contains("(404)") == true && store.last?.message.contains("secret") == false)
            #expect(!store.now.events.contains { JSONValue.object($0).text.contains("secret") })
        }
    }

    @Test(arguments: ["hang", "short", "bomb", "cut gzip", "refuses"])
    func `whatever the origin does, what was there stays`(fault: String) async throws {
        let zipped = try DecompressorTests.pack(Self.small, "gzip")
        let bomb = fault == "bomb" ? try DecompressorTests.pack([UInt8](repeating: 10, count: 64 << 20), "gzip") : []
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        let answers: [String: [Step]] = [
            "hang": [.text(head), .send(Self.small), .hang], "short": [.text(head), .send(Self.small), .close],
            "bomb": Step.answer(200, bomb), "cut gzip": Step.answer(200, Array(zipped.dropLast(9))),
            "refuses": [.close],
        ]
        let good = Step.answer(200, Self.small)
        try await RawServer.with(["/good": good, "/bad": answers[fault] ?? []]) { server in
            let store = Self.store(server.url("/good"))
            _ = try await Self.run(store)
            let before = store.now.streams
            store.state.withLock { $0.account?.source = .web(server.url("/bad")) }
            let impatience = fault == "hang" ? DownloadTests.quick : DownloadTests.patient
            await #expect(throws: RefreshError.self) { _ = try await Self.run(store, download: impatience) }
            #expect(store.now.streams == before && before.count == 2)
            #expect(store.now.discarded == 1 && store.last?.status == .error)
            #expect(
                store.now.events.last?["progress"] == 100 && store.now.events.last?["error"]?.string?.isEmpty == false)
        }
    }

    @Test func `a store that fails leaves a status and nothing staged`() async throws {
        try await RawServer.with(["*": Step.answer(200, Self.small)]) { server in
            let store = Self.store(server.url())
            store.state.withLock { $0.failsToCommit = true }
            try await Self.expectFailure(store, .store, "Refresh did not complete successfully: Broken()")
            #expect(store.now.discarded == 1)
        }
    }

    @Test func `a cancelled refresh stops between batches and says that it did not complete`() async throws {
        let text = "#EXTM3U\n" + (0..<40).map { "#EXTINF:-1,\($0)\nhttp://s/\($0)\n" }.joined()
        try await RawServer.with(["*": Step.answer(200, Array(text.utf8))]) { server in
            let store = Self.store(server.url())
            let (reached, continuation) = AsyncStream.makeStream(of: Void.self)
            store.state.withLock {
                $0.beforeStage = { number in
                    guard number == 2 else { return }
                    continuation.yield()
                    // Stays here until the cancellation, as a slow store would.
                    try await Task.sleep(for: .seconds(60))
                }
            }
            let task = Task { try await Self.run(store, batchSize: 10) }
            for await _ in reached { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(store.now.streams.isEmpty && store.now.batches.count == 2 && store.now.discarded == 1)
            #expect(store.last?.status == .error && store.last?.message == "Refresh did not complete successfully")
        }
    }

    @Test func `a local file needs no network`() async throws {
        let folder = try TemporaryFolder()
        let store = Self.store("")
        let path = try folder.write(try DecompressorTests.pack(Self.small, "gzip"), to: "list.m3u.gz")
        store.state.withLock { $0.account?.source = .file(path) }
        let again = try await Self.run(store)
        #expect(again.counts.created == 2)
        #expect(store.now.events.first?["action"] == "parsing" && store.now.events.last?["progress"] == 100)
        store.state.withLock { $0.account?.source = .file(path + "x") }
        try await Self.expectFailure(store, .download, "Error opening file \(path)x: No such file or directory.")
    }

    @Test func `accounts that cannot be refreshed are told apart`() async throws {
        let store = MemoryStore(account: PlaylistAccount(id: 7, name: "A", source: nil))
        try await Self.expectFailure(store, .download, "No M3U source available (missing URL and file)")
        store.state.withLock { $0.account?.isActive = false }
        let inactive = await #expect(throws: RefreshError.self) { _ = try await Self.run(store) }
        #expect(inactive?.code == .notRefreshable)
        store.state.withLock { $0.account = nil }
        let missing = await #expect(throws: RefreshError.self) { _ = try await Self.run(store) }
        #expect(missing?.code == .notFound)
    }

    @Test func `filters decide in order, and long URLs are dropped`() async throws {
        let text =
            "#EXTM3U\n#EXTINF:-1 group-title=\"Adult\",A\nhttp://s/1\n#EXTINF:-1 group-title=\"News\",B\nhttp://s/2\n"
            + "#EXTINF:-1 group-title=\"News\",C\nhttp://s/\(String(repeating: "x", count: 4090))\n"
        try await RawServer.with(["*": Step.answer(200, Array(text.utf8))]) { server in
            let store = Self.store(server.url())
            store.state.withLock {
                $0.account?.filters = [.init(target: .group, pattern: "^adult", isCaseSensitive: false)]
            }
            let report = try await Self.run(store)
            #expect(store.now.streams.values.map(\.name) == ["B"] && report.filtered == 1)
            #expect(store.now.groups == ["Adult", "News"] && report.problems.counts == [.tooLong: 1])
        }
    }

    @Test func `a pattern that cannot be read is an error on the account`() async throws {
        let store = Self.store("http://127.0.0.1:1/")
        store.state.withLock {
            $0.account?.filters = [.init(target: .name, pattern: "a("), .init(target: .name, pattern: "b")]
        }
        try await Self.expectFailure(store, .invalidFilter, "Filter 1: the pattern \"a(\" is not a regular expression.")
    }

    private static func store(_ url: String) -> MemoryStore {
        MemoryStore(account: PlaylistAccount(id: 7, name: "A", source: .web(url)))
    }

    private static func run(
        _ store: MemoryStore, batchSize: Int = 1500, download: Download.Options = DownloadTests.patient
    ) async throws -> PlaylistRefresh.Report {
        var options = PlaylistRefresh.Options()
        options.download = download
        options.batchSize = batchSize
        return try await PlaylistRefresh(store: store, options: options, logger: Logger(label: "test"))
            .run(account: 7, progress: store.progress)
    }

    private static func expectFailure(_ store: MemoryStore, _ code: RefreshError.Code, _ message: String) async throws {
        let error = await #expect(throws: RefreshError.self) { _ = try await run(store) }
        #expect(error?.code == code)
        #expect(error?.message.hasPrefix(message) == true, "\(String(describing: error))")
        #expect(store.last?.status == .error && store.last?.message == error?.message)
        let event = try #require(store.now.events.last)
        #expect(event["progress"] == 100 && event["status"] == "error" && event["error"]?.string == error?.message)
        #expect(store.now.streams.isEmpty || store.now.discarded > 0)
    }
}

@Suite("Filter chain") struct FilterChainTests {
    private static func entry(_ name: String, group: String = "G") throws -> PlaylistEntry {
        var entry = try #require(parse("#EXTINF:-1,N\nhttp://u/").entries.first)
        entry.name = name
        entry.group = group
        return entry
    }

    @Test func `only what came before may be a repeat`() throws {
        let account = PlaylistAccount(id: 1, name: "A", source: nil)
        var selection = StreamSelection(account, filters: try FilterChain([]))
        var repeats: [Bool] = []
        for number in [1, 2, 1, 3, 3] {
            var entry = try Self.entry("\(number)")
            entry.url += "\(number)"
            let stream = selection.take(entry)
            repeats.append(try #require(stream).mayRepeat)
        }
        #expect(repeats == [false, false, true, false, true])
    }

    @Test func `the first filter that hits decides, and without a hit the entry is kept`() throws {
        var chain = try FilterChain([
            .init(target: .name, pattern: "HD$", excludes: false), .init(target: .group, pattern: "VOD"),
            .init(target: .url, pattern: "nowhere"),
        ])
        #expect(chain.keeps(try Self.entry("A HD", group: "VOD")))
        #expect(!chain.keeps(try Self.entry("A", group: "VOD | X")))
        #expect(chain.keeps(try Self.entry("A")))
    }

    @Test func `an include list needs a final exclude-all`() throws {
        var chain = try FilterChain([
            .init(target: .name, pattern: "News", excludes: false), .init(target: .name, pattern: ".*"),
        ])
        #expect(chain.keeps(try Self.entry("US News")))
        #expect(!chain.keeps(try Self.entry("US Sports")))
    }

    @Test(arguments: [
        (#"(?P<x>ab)(?P=x)"#, "abab", true, true), ("été", "ÉTÉ", false, true), ("été", "ÉTÉ", true, false),
        (#"^\d{4}$"#, "2026", true, true), ("東", "東京", true, true), ("a.c", "a\u{1F600}c", true, true),
    ])
    func `Python's spelling is understood`(pattern: String, name: String, isSensitive: Bool, hits: Bool) throws {
        var chain = try FilterChain([.init(target: .name, pattern: pattern, isCaseSensitive: isSensitive)])
        #expect(chain.keeps(try Self.entry(name)) == !hits)
    }

    @Test(arguments: ["(a+)+$", "(a|aa)+$", "(.*)*x", "(a*)*b"])
    func `a pattern that would take for ever is suspended soon`(pattern: String) throws {
        var chain = try FilterChain([.init(target: .name, pattern: pattern)])
        let entry = try Self.entry(String(repeating: "a", count: 10_000) + "!")
        let time = ContinuousClock().measure { for _ in 0..<20 { _ = chain.keeps(entry) } }
        // Unbounded, one of these searches would outlast the machine.
        #expect(time < .seconds(30), "\(time), suspended: \(chain.suspended)")
    }
}
