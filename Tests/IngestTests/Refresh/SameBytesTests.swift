import Foundation
import Logging
import Testing

@testable import Ingest

/// Files that come again under another version, or under none, with the bytes they had.
@Suite("Same bytes") struct SameBytesTests {
    private static let playlist = "#EXTM3U\n#EXTINF:-1,A\nhttp://u/1\n#EXTINF:-1,B\nhttp://u/2\n"
    private static let guide = """
        <tv><channel id="a"/><programme channel="a" start="20260101000000 +0000" stop="20260101010000 +0000">
        <title>T</title></programme></tv>
        """

    private func withFile(_ text: String, _ body: (_ path: String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "same-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }  // nothing hangs on a left-over
        try await body(path)
    }

    private func touch(_ path: String) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -1000)], ofItemAtPath: path)
    }

    private func refreshPlaylist(_ store: MemoryStore) async throws -> PlaylistRefresh.Report {
        try await PlaylistRefresh(store: store, logger: Logger(label: "test")).run(account: 7) { _ in }
    }

    @Test func `a playlist on the disk with another date is not read again, one with another byte is`() async throws {
        try await withFile(Self.playlist) { path in
            let store = MemoryStore(account: PlaylistAccount(id: 7, name: "A", source: .file(path)))
            #expect(try await !refreshPlaylist(store).isUnchanged)
            let first = try #require(store.now.files.values.first)
            try touch(path)
            let again = try await refreshPlaylist(store)
            #expect(again.isUnchanged && again.processed == 2 && store.now.confirmed == 1 && store.now.batches == [2])
            // The new date is known from now on.
            let second = try #require(store.now.files.values.first)
            #expect(second.version.tag != first.version.tag && second.version.digest == first.version.digest)
            try Data(Self.playlist.replacing("u/2", with: "u/3").utf8).write(to: URL(filePath: path))
            let other = try await refreshPlaylist(store)
            #expect(!other.isUnchanged && store.now.streams.values.contains { $0.url == "http://u/3" })
        }
    }

    @Test func `a server that names no versions is asked, and what it repeats is not stored again`() async throws {
        let bytes = Array(Self.playlist.utf8)
        try await RawServer.with(["*": RawServer.Step.answer(200, bytes)]) { server in
            let store = MemoryStore(account: PlaylistAccount(id: 7, name: "A", source: .web(server.url())))
            #expect(try await !refreshPlaylist(store).isUnchanged)
            let again = try await refreshPlaylist(store)
            #expect(again.isUnchanged && again.processed == 2 && store.now.confirmed == 1)
        }
    }

    @Test func `a guide with another date is left alone`() async throws {
        try await withFile(Self.guide) { path in
            let store = MemoryStore(
                guide: GuideSource(id: 7, name: "G", source: .file(path)), mapped: ["a"])
            let refresh = GuideRefresh(store: store, logger: Logger(label: "test"))
            #expect(try await !refresh.run(source: 7, progress: { _ in }).isUnchanged)
            try touch(path)
            let again = try await refresh.run(source: 7, progress: { _ in })
            #expect(again.isUnchanged && again.programmes == 1 && store.now.confirmed == 1)
            #expect(store.now.programmes.count == 1)
        }
    }
}
