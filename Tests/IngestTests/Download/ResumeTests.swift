import NIOCore
import Synchronization
import Testing

@testable import Ingest

@Suite("Resumed and repeated downloads") struct ResumeTests {
    private typealias Step = RawServer.Step

    private static let body = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }

    /// Bytes that were handed over.
    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add(_ more: Int) { count.withLock { $0 += more } }
    }

    private func receive(_ address: String, counting counter: Counter) async throws -> (
        bytes: [UInt8], last: DownloadProgress
    ) {
        let received = Mutex<[UInt8]>([])
        let receipt = try await Download().run(.web(address)) { piece in
            received.withLock { $0.append(contentsOf: piece.readableBytesView) }
            counter.add(piece.readableBytes)
        }
        return (received.withLock { $0 }, receipt.progress)
    }

    /// A server that keeps the connection for so many bytes, and knows ranges and versions.
    private static func cutting(
        every length: Int, _ counter: Counter, version: String = "ETag: \"v1\"", honoursRanges: Bool = true,
        changesAfter: Int = .max
    ) -> @Sendable (Int, String) -> [Step] {
        { number, head in
            let from = honoursRanges ? range(head) ?? 0 : 0
            let version = number >= changesAfter ? "ETag: \"v2\"" : version
            let rest = body[from...]
            let first =
                from > 0
                ? "HTTP/1.1 206 X\r\nContent-Range: bytes \(from)-\(body.count - 1)/\(body.count)\r\n"
                : "HTTP/1.1 200 X\r\n"
            let piece = honoursRanges ? rest.prefix(length) : rest.prefix(length * (number + 1))
            return [
                .text(first + "Content-Length: \(rest.count)\r\n\(version)\r\n\r\n"), .send(Array(piece)),
                .closeWhen { counter.value >= from + piece.count },
            ]
        }
    }

    private static func range(_ head: String) -> Int? {
        head.firstMatch(of: #/Range: bytes=(\d+)-/#).flatMap { Int($0.output.1) }
    }

    @Test(arguments: ["ETag: \"v1\"", "Last-Modified: Mon, 23 Nov 2026 05:00:00 GMT"])
    func `a download that is cut again and again arrives whole, each byte once`(version: String) async throws {
        let counter = Counter()
        try await RawServer.with(answering: Self.cutting(every: 60_000, counter, version: version)) { server in
            let (bytes, last) = try await receive(server.url(), counting: counter)
            #expect(bytes == Self.body && last.bytes == Self.body.count && last.total == Self.body.count)
            let value = version.split(separator: ": ", maxSplits: 1)[1]
            #expect(server.requests.count == 4)
            #expect(
                server.requests.dropFirst().map(Self.range) == [60_000, 120_000, 180_000]
                    && server.requests.dropFirst().allSatisfy { $0.contains("If-Range: \(value)\r\n") })
        }
    }

    @Test func `a server without ranges sends the same file again, and what is known is dropped`() async throws {
        let counter = Counter()
        try await RawServer.with(answering: Self.cutting(every: 90_000, counter, honoursRanges: false)) { server in
            let bytes = try await receive(server.url(), counting: counter).bytes
            #expect(bytes == Self.body && server.requests.count == 3)
        }
    }

    @Test(arguments: [true, false])
    func `a file that has changed meanwhile is not pieced together`(honoursRanges: Bool) async throws {
        let counter = Counter()
        let answers = Self.cutting(
            every: 60_000, counter, honoursRanges: honoursRanges, changesAfter: 1)
        try await RawServer.with(answering: answers) { server in
            let error = await #expect(throws: DownloadError.self) {
                _ = try await receive(server.url(), counting: counter)
            }
            #expect(error?.code == .network && error?.detail.contains("after 60000 bytes") == true)
            #expect(server.requests.count == 2)
        }
    }

    @Test(arguments: ["ETag: W/\"v1\"", "X-Nothing: 1"])
    func `without a version that promises the same bytes a cut is an error at once`(version: String) async throws {
        let counter = Counter()
        try await RawServer.with(answering: Self.cutting(every: 60_000, counter, version: version)) { server in
            let error = await #expect(throws: DownloadError.self) {
                _ = try await receive(server.url(), counting: counter)
            }
            #expect(error?.code == .connection && server.requests.count == 1)
        }
    }

    @Test(arguments: [
        "Content-Range: bytes 0-199999/200000", "Content-Range: bytes 60000-199999/300000", "Content-Range: nonsense",
        "X-None: 1",
    ])
    func `another part than the rest is refused`(range: String) async throws {
        let counter = Counter()
        let cutting = Self.cutting(every: 60_000, counter)
        try await RawServer.with(answering: { number, head in
            number == 0 ? cutting(0, head) : Step.answer(206, [1, 2, 3], headers: [range])
        }) { server in
            let error = await #expect(throws: DownloadError.self) {
                _ = try await receive(server.url(), counting: counter)
            }
            #expect(error?.code == .network)
        }
    }

    @Test func `a server that brings nothing more is given up`() async throws {
        let counter = Counter()
        let cutting = Self.cutting(every: 60_000, counter)
        try await RawServer.with(answering: { number, head in
            number == 0 ? cutting(0, head) : [.close]
        }) { server in
            let error = await #expect(throws: DownloadError.self) {
                _ = try await receive(server.url(), counting: counter)
            }
            #expect(error?.code == .connection && server.requests.count == 4)
        }
    }

    @Test func `a busy server is asked again after the time it wants`() async throws {
        try await RawServer.with(answering: { number, _ in
            number == 0 ? Step.answer(503, [], headers: ["Retry-After: 0"]) : Step.answer(200, [7])
        }) { server in
            let bytes = try await fetch(server.url()).bytes
            #expect(bytes == [7])
        }
        try await RawServer.with(["*": Step.answer(503, [], headers: ["Retry-After: 3600"])]) { server in
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url()) }
            #expect(error?.code == .status(503) && server.requests.count == 1)
        }
    }

    @Test(arguments: [
        (FileVersion(tag: "\"v1\"", modified: nil), "If-None-Match: \"v1\"\r\n"),
        (FileVersion(tag: nil, modified: "Mon, 23 Nov 2026 05:00:00 GMT"), "If-Modified-Since: Mon, 23 Nov"),
    ])
    func `a file that is known costs one request and no bytes`(version: FileVersion?, header: String) async throws {
        let known = try #require(version)
        try await RawServer.with(["*": [.text("HTTP/1.1 304 X\r\n\r\n"), .close]]) { server in
            let receipt = try await Download().run(.web(server.url()), unless: known) { _ in
                Issue.record("nothing should come")
            }
            #expect(receipt.isUnchanged && receipt.version == known && receipt.progress.bytes == 0)
            #expect(server.requests.count == 1 && server.requests.first?.contains(header) == true)
            // Unasked, the same answer is no file.
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url()) }
            #expect(error?.code == .status(304))
        }
    }

    @Test func `a file that is known by an older version comes whole, with its new version`() async throws {
        let answer = Step.answer(200, [7], headers: ["ETag: \"v2\"", "Last-Modified: yesterday"])
        try await RawServer.with(["*": answer]) { server in
            let known = try #require(FileVersion(tag: "\"v1\"", modified: nil))
            let receipt = try await Download().run(.web(server.url()), unless: known) { _ in }
            #expect(!receipt.isUnchanged && receipt.version == FileVersion(tag: "\"v2\"", modified: "yesterday"))
        }
    }

    @Test func `a local file is known by its size, time and number`() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1, 2, 3], to: "f")
        let first = try await Download().run(.file(path)) { _ in }
        let again = try await Download().run(.file(path), unless: first.version) { _ in Issue.record("read again") }
        #expect(again.isUnchanged && !first.isUnchanged)
        _ = try folder.write([1, 2, 3, 4], to: "f")
        let changed = try await Download().run(.file(path), unless: first.version) { _ in }
        #expect(!changed.isUnchanged && changed.progress.bytes == 4)
    }
}
