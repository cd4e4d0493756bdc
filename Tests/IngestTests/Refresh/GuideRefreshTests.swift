import CeleryProtocol
import Foundation
import Logging
import Synchronization
import Testing

@testable import Ingest

@Suite("Guide refresh") struct GuideRefreshTests {
    private typealias Step = RawServer.Step

    private static func text(channels: [String] = ["a", "b"], programmes: [String] = ["a", "a", "b"]) -> [UInt8] {
        Array(
            ("<tv>" + channels.map { "<channel id='\($0)'/>" }.joined()
                + programmes.map { GuideParserTests.programme("<title>T</title>", channel: $0) }.joined() + "</tv>")
                .utf8)
    }

    @Test(.enabled(if: Fixtures.isAvailable), arguments: ["plain", "gzip"])
    func `a hundred channels and their programmes arrive exactly once`(format: String) async throws {
        let plain = try Fixtures.guide(channels: 100, programmes: 10_000)
        let ids = try Set(read(plain, by: 65_536).channels.map(\.id))
        try await RawServer.with(["*": Step.answer(200, DecompressorTests.pack(plain, format))]) { server in
            let store = Self.store(server.url())
            let first = try await Self.run(store)
            #expect(first.message == "No channels mapped to this EPG source (100 entries available)")
            #expect(store.now.channels.count == 100 && store.now.programmes.isEmpty)
            store.state.withLock { $0.mapped = ids }
            let second = try await Self.run(store)
            #expect(second.programmes == 10_000 && store.now.programmes.count == 10_000)
            #expect(
                second.message == "Parsed 10,000 programs for 100 channels" && store.last?.message == second.message)
        }
    }

    @Test func `a source that keeps all has programmes of channels that nobody shows`() async throws {
        try await RawServer.with(["*": Step.answer(200, Self.text())]) { server in
            let store = Self.store(server.url())
            store.state.withLock { $0.guide?.keepsAllProgrammes = true }
            let report = try await Self.run(store)
            #expect(report.programmes == 3 && report.skippedProgrammes == 0)
            #expect(report.message == "Parsed 3 programs for 2 channels")
        }
    }

    @Test func `programmes of unmapped channels are counted, in whatever order the file has them`() async throws {
        let interleaved = Array(
            ("<tv>"
                + ["a", "b", "c"].map { GuideParserTests.programme("", channel: $0) + "<channel id='\($0)'/>" }.joined()
                + GuideParserTests.programme("", channel: "b") + "</tv>").utf8)
        try await RawServer.with(["*": Step.answer(200, interleaved)]) { server in
            let store = Self.store(server.url(), mapped: ["a", "x"])
            let report = try await Self.run(store)
            #expect(report.message == "Parsed 1 programs for 1 channels (skipped 3 programs for 2 unmapped channels)")
            #expect(report.channels == 3 && store.now.programmes.map(\.channel) == ["a"])
        }
    }

    @Test func `clients see the actions from 0 to 100`() async throws {
        try await RawServer.with(["*": Step.answer(200, Self.text())]) { server in
            let store = Self.store(server.url(), mapped: ["a"])
            _ = try await Self.run(store)
            let events = store.now.events
            #expect(events.allSatisfy { $0["type"] == "epg_refresh" && $0["source"] == 3 })
            let steps = events.map { "\($0["action"]?.string ?? "") \($0["progress"]?.double ?? -1)" }
            #expect(
                steps.filter { $0.hasSuffix(" 100.0") || $0.hasPrefix("parsing") } == [
                    "downloading 100.0", "parsing_channels 0.0", "parsing_channels 100.0", "parsing_programs 0.0",
                    "parsing_programs 100.0",
                ])
            let last = try #require(events.last)
            #expect(last["status"] == "success" && last["processed"] == 2 && last["channels"] == 2)
            #expect(last["updated_at"]?.string?.hasPrefix("20") == true)
            #expect(store.now.reports.contains { $0.1 == "Successfully parsed 2 channels" })
        }
    }

    @Test(arguments: [
        (404, "EPG source 'G' returned 404 error - will retry on next scheduled run"),
        (401, "EPG source 'G' access denied (HTTP 401) - check credentials"),
        (403, "EPG source 'G' access denied (HTTP 403) - check credentials"),
        (429, "EPG source 'G' rate limited (429) - try again later"),
        (503, "EPG source 'G' server error (HTTP 503) - will retry later"),
    ])
    func `a refused download is explained and announced with its code`(status: Int, message: String) async throws {
        try await RawServer.with(["*": Step.answer(status)]) { server in
            let store = Self.store(server.url())
            let error = await #expect(throws: RefreshError.self) { _ = try await Self.run(store) }
            #expect(error?.message == message && store.last?.message == message && store.last?.status == .error)
            let fetchError = try #require(store.now.events.first { $0["type"] == "epg_fetch_error" })
            #expect(fetchError["error_code"] == .int(status) && fetchError["source_name"] == "G")
            #expect(fetchError["success"] == false && fetchError["source_id"] == 3)
            #expect(store.now.events.last?["status"] == "error" && store.now.events.last?["progress"] == 100)
        }
    }

    @Test func `nobody listening and no answer have their own texts`() async throws {
        let port = try await RawServer.with([:]) { $0.port }
        let gone = Self.store("http://127.0.0.1:\(port)/")
        let first = await #expect(throws: RefreshError.self) { _ = try await Self.run(gone) }
        #expect(first?.message == "Connection error: Unable to connect to EPG source 'G'")
        try await RawServer.with(["*": [.hang]]) { server in
            let second = await #expect(throws: RefreshError.self) {
                _ = try await Self.run(Self.store(server.url()), download: DownloadTests.quick)
            }
            #expect(second?.message == "Timeout error: EPG source 'G' took too long to respond")
        }
        let none = MemoryStore(guide: GuideSource(id: 3, name: "G", source: nil))
        let third = await #expect(throws: RefreshError.self) { _ = try await Self.run(none) }
        #expect(third?.message == "No URL provided and no valid local file exists")
    }

    @Test(arguments: ["cut", "html", "empty", "deep", "cut gzip", "zip", "short"])
    func `whatever the origin does, what was there stays`(fault: String) async throws {
        let good = Self.text()
        let zipped = try DecompressorTests.pack(good, "gzip")
        let bad: [String: [Step]] = [
            "cut": Step.answer(200, Array(good.dropLast(30))), "html": Step.answer(200, Array("<html></html>".utf8)),
            "empty": Step.answer(200, Array("<tv></tv>".utf8)),
            "deep": Step.answer(200, Array(String(repeating: "<tv>", count: 1000).utf8)),
            "cut gzip": Step.answer(200, Array(zipped.dropLast(5))),
            "zip": Step.answer(200, Array("PK\u{3}\u{4}....".utf8)),
            "short": [.text("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), .send(good), .close],
        ]
        try await RawServer.with(["/good": Step.answer(200, good), "/bad": bad[fault] ?? []]) { server in
            let store = Self.store(server.url("/good"), mapped: ["a", "b"])
            _ = try await Self.run(store)
            store.state.withLock { $0.guide?.source = .web(server.url("/bad")) }
            await #expect(throws: RefreshError.self) { _ = try await Self.run(store) }
            #expect(store.now.channels.count == 2 && store.now.programmes.count == 3)
            #expect(store.now.discarded == 1 && store.last?.status == .error)
        }
    }

    @Test func `sources of other kinds are not refreshed`() async throws {
        let store = MemoryStore(guide: GuideSource(id: 3, name: "G", source: nil, isXMLTV: false))
        let error = await #expect(throws: RefreshError.self) { _ = try await Self.run(store) }
        #expect(error?.code == .notRefreshable && store.now.reports.isEmpty)
    }

    private static func store(_ url: String, mapped: Set<String> = []) -> MemoryStore {
        MemoryStore(guide: GuideSource(id: 3, name: "G", source: .web(url)), mapped: mapped)
    }

    private static func run(
        _ store: MemoryStore, download: Download.Options = DownloadTests.patient
    ) async throws -> GuideRefresh.Report {
        var options = GuideRefresh.Options()
        options.download = download
        return try await GuideRefresh(store: store, options: options, logger: Logger(label: "test"))
            .run(source: 3, progress: store.progress)
    }
}
