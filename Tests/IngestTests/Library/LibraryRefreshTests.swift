import CeleryProtocol
import Foundation
import Logging
import Synchronization
import Testing

@testable import Ingest

/// Films and series of a server that speaks the real API's shapes.
@Suite("Library refresh") struct LibraryRefreshTests {
    private typealias Step = RawServer.Step

    private static let answers: [String: String] = [
        "get_vod_categories": #"[{"category_id":"1","category_name":"Action","parent_id":0},{"category_id":2}]"#,
        "get_series_categories": #"{"0":{"category_id":7,"category_name":"Drama"}}"#,
        "get_vod_streams":
            #"[{"stream_id":1,"name":"A","category_id":"1"},{"name":"no number"},{"stream_id":"2","name":"B"}]"#,
        "get_series": #"{"3":{"series_id":5,"name":"S","category_id":7}}"#,
        "get_vod_info&vod_id=1": #"{"info":{"plot":"P"},"movie_data":{"stream_id":1}}"#,
        "get_vod_info&vod_id=2": "[]",
        "get_series_info&series_id=5": #"{"info":{"plot":"Q"},"episodes":{"1":[{"id":"9","episode_num":1}]}}"#,
    ]

    private static func server(_ changes: [String: [Step]] = [:]) -> @Sendable (Int, String) -> [Step] {
        { _, head in
            let line = head.prefix { $0 != "\r" }
            let action = line.firstMatch(of: #/action=([^ ]+)/#).map { String($0.output.1) }
            guard let action else { return Step.answer(200, Array(#"{"user_info":{"auth":1}}"#.utf8)) }
            return changes[action] ?? answers[action].map { Step.answer(200, Array($0.utf8)) } ?? Step.answer(404)
        }
    }

    private static func account(_ server: String) -> PlaylistAccount {
        var account = PlaylistAccount(id: 7, name: "XC", source: nil)
        account.xtream = XtreamFields(server: server, username: "u", password: "geheim")
        return account
    }

    @Test func `categories, films and series arrive once, and are seen at the end`() async throws {
        try await RawServer.with(answering: Self.server()) { server in
            let shelf = Shelf()
            let report = try await shelf.refresh(Self.account(server.url()))
            #expect((report.movies, report.series, report.problems.counts) == (2, 1, [.missingField: 1]))
            let kept = shelf.now
            #expect(kept.titles[.movie]?.map(\.name) == ["A", "B"] && kept.titles[.series]?.map(\.id) == ["5"])
            #expect(
                kept.categories[.movie] == [
                    LibraryCategory(id: "1", name: "Action"), LibraryCategory(id: "2", name: "Unknown"),
                ])
            #expect(kept.categories[.series] == [LibraryCategory(id: "7", name: "Drama")])
            let events = kept.events
            #expect(events.allSatisfy { $0["action"] == "vod_refresh" && $0["account"] == 7 })
            #expect(events.first?["progress"] == 0 && events.first?["status"] == "processing")
            #expect(events.last?["progress"] == 100 && events.last?["status"] == "success")
            let marks = events.compactMap { $0["progress"]?.int }
            #expect(marks == marks.sorted())
        }
    }

    @Test func `a server that has lost its categories changes nothing`() async throws {
        let empty = Self.server(["get_series_categories": Step.answer(200, Array("[]".utf8))])
        try await RawServer.with(answering: empty) { server in
            let shelf = Shelf()
            shelf.state.withLock { $0.hasCategories = [.series] }
            let error = await #expect(throws: RefreshError.self) {
                try await shelf.refresh(Self.account(server.url()))
            }
            #expect(error?.message.hasPrefix("VOD refresh failed: Provider returned no VOD categories") == true)
            #expect(shelf.now.titles.isEmpty && shelf.now.discarded == 1)
            #expect(shelf.now.events.last?["status"] == "error")
            shelf.state.withLock { $0.hasCategories = [] }
            let report = try await shelf.refresh(Self.account(server.url()))
            #expect(report.movies == 2)
        }
    }

    @Test(arguments: [
        ("get_vod_streams", Step.answer(502), "the XC server cannot be asked: The server answers with HTTP 502."),
        ("get_series", Step.answer(200, Array("null".utf8)), "Unexpected response from XC server: null"),
        ("get_series", Step.answer(200, Array(#"[{"series_id":1}"#.utf8)), "the XC server's answer to get_series ends"),
        ("get_vod_categories", Step.answer(200, Array("\"no\"".utf8)), "Unexpected response from XC server: \"no\""),
    ]) private func `whatever goes wrong, what was there stays`(
        action: String, steps: [Step], message: String
    ) async throws {
        try await RawServer.with(answering: Self.server([action: steps])) { server in
            let shelf = Shelf()
            let error = await #expect(throws: RefreshError.self) {
                try await shelf.refresh(Self.account(server.url()))
            }
            #expect(error?.message.hasPrefix("VOD refresh failed: \(message)") == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("geheim") == false && shelf.now.titles.isEmpty)
        }
    }

    @Test func `films and series are asked for in detail`() async throws {
        try await RawServer.with(answering: Self.server()) { server in
            let refresh = LibraryRefresh(store: Shelf(), logger: Logger(label: "test"))
            let account = Self.account(server.url())
            let (known, unknown) = (
                try await refresh.details(ofMovie: "1", account), try await refresh.details(ofMovie: "2", account)
            )
            #expect(known?.description == "P" && unknown == nil)
            let episodes = try await refresh.details(ofSeries: "5", account).episodes
            #expect(episodes.map(\.id) == ["9"])
            await #expect(throws: RefreshError.self) { try await refresh.details(ofSeries: "6", account) }
        }
    }

    @Test func `a playlist account has no library`() async throws {
        let error = await #expect(throws: RefreshError.self) {
            try await Shelf().refresh(PlaylistAccount(id: 1, name: "P", source: .web("http://h")))
        }
        #expect(error?.code == .notRefreshable)
    }
}

/// A store in memory: staged titles are seen after the commit, or never.
private final class Shelf: LibraryStore {
    struct State {
        var titles: [LibraryKind: [LibraryTitle]] = [:]
        var categories: [LibraryKind: [LibraryCategory]] = [:]
        var hasCategories: Set<LibraryKind> = []
        var events: [JSONObject] = []
        var discarded = 0
    }

    let state = Mutex(State())
    var now: State { state.withLock { $0 } }

    func refresh(_ account: PlaylistAccount) async throws -> LibraryRefresh.Report {
        try await LibraryRefresh(store: self, logger: Logger(label: "test")).run(account) { event in
            self.state.withLock { $0.events.append(event) }
        }
    }

    func hasCategories(of kind: LibraryKind, account: Int) async throws -> Bool { now.hasCategories.contains(kind) }
    func beginLibrary(account: Int) async throws -> any LibraryStaging { Staging(self) }

    private final class Staging: LibraryStaging {
        let shelf: Shelf
        let staged = Mutex<[LibraryKind: [LibraryTitle]]>([:])

        init(_ shelf: Shelf) { self.shelf = shelf }

        func stage(_ titles: [LibraryTitle], of kind: LibraryKind) async throws {
            staged.withLock { $0[kind, default: []] += titles }
        }

        func commit(categories: [LibraryKind: [LibraryCategory]], scanStart: Date) async throws {
            let all = staged.withLock { $0 }
            shelf.state.withLock { ($0.titles, $0.categories) = (all, categories) }
        }

        func discard() async { shelf.state.withLock { $0.discarded += 1 } }
    }
}
