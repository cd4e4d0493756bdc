import Foundation
import NIOCore
import Synchronization
import Testing

@testable import Ingest

@Suite("Download") struct DownloadTests {
    private typealias Step = RawServer.Step

    @Test func `a file arrives whole and in order, with its length`() async throws {
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await RawServer.with(["/f": Step.answer(200, body)]) { server in
            let (bytes, last) = try await fetch(server.url("/f"))
            #expect(bytes == body)
            #expect(last.bytes == body.count && last.total == body.count && last.percent == 100)
        }
    }

    @Test func `the request says who asks and what it takes`() async throws {
        try await RawServer.with(["*": Step.answer(200, [1])]) { server in
            var options = Self.patient
            options.userAgent = "Player/7"
            _ = try await fetch(server.url("/x?y=1").replacingOccurrences(of: "//", with: "//us%65r:p@"), options)
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("GET /x?y=1 HTTP/1.1\r\n"))
            #expect(request.contains("User-Agent: Player/7\r\n") && request.contains("Accept-Encoding: gzip\r\n"))
            #expect(request.lowercased().contains("authorization: basic "))
        }
    }

    @Test(arguments: ["Player\r\nHost: other", "Player\nX-Y: z", "Player\r", "Player\0"])
    func `a user agent cannot bring headers of its own`(agent: String) async throws {
        try await RawServer.with(["*": Step.answer(200, [1])]) { server in
            var options = Self.patient
            options.userAgent = agent
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url(), options) }
            #expect(error?.detail.contains("User-Agent") == true, "\(String(describing: error))")
            #expect(server.requests.isEmpty)
        }
    }

    @Test(arguments: [400, 401, 404, 429, 500, 503, 884, 999, 204, 206])
    func `other statuses are errors with the server's words`(
        status: Int
    ) async throws {
        try await RawServer.with(["*": Step.answer(status, status == 204 ? [] : Array("Go away".utf8))]) { server in
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url()) }
            #expect(error?.code == .status(status))
            #expect(error?.serverMessage == (status == 204 ? "" : "Go away"))
        }
    }

    @Test(arguments: [0, 1, 100]) func `a server that hangs at a byte is given up`(bytes: Int) async throws {
        let steps: [Step] = [
            .text("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), .send([UInt8](repeating: 7, count: bytes)), .hang,
        ]
        try await RawServer.with(["*": steps]) { server in
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url(), Self.quick) }
            #expect(error?.code == .timedOut)
        }
    }

    @Test func `a server that never begins its answer is given up`() async throws {
        try await RawServer.with(["*": [.hang]]) { server in
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url(), Self.quick) }
            #expect(error?.code == .timedOut)
        }
    }

    @Test func `a server that hangs in an error's page is given up`() async throws {
        let steps: [Step] = [.text("HTTP/1.1 500 X\r\nContent-Length: 10\r\n\r\nab"), .hang]
        try await RawServer.with(["*": steps]) { server in
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url(), Self.quick) }
            #expect(error?.code == .timedOut)
        }
    }

    @Test func `a body shorter than promised is an error`() async throws {
        let steps: [Step] = [.text("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc"), .close]
        try await RawServer.with(["*": steps]) { server in
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url()) }
            #expect(error?.code == .connection)
        }
    }

    @Test func `a chunked body without its end is an error`() async throws {
        let steps: [Step] = [.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), .close]
        try await RawServer.with(["*": steps]) { server in
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url()) }
            #expect(error?.code == .connection)
        }
    }

    @Test func `nonsense instead of HTTP is an error`() async throws {
        try await RawServer.with(["*": [.text("220 mail.example ESMTP\r\n\r\n"), .close]]) { server in
            await #expect(throws: DownloadError.self) { _ = try await fetch(server.url()) }
        }
    }

    @Test func `headers without end are refused`() async throws {
        let steps: [Step] = [.text("HTTP/1.1 200 OK\r\n"), .repeatForever(Array("X-Again: and again\r\n".utf8))]
        try await RawServer.with(["*": steps]) { server in
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url()) }
            #expect(error?.code == .network, "\(String(describing: error))")
        }
    }

    @Test func `nobody listening is a connection error at once`() async throws {
        let port = try await RawServer.with([:]) { $0.port }
        var options = Self.patient
        // With AsyncHTTPClient's own retries this test would last an hour.
        options.connectDeadline = .seconds(3600)
        let url = "http://127.0.0.1:\(port)/"
        let error = await #expect(throws: DownloadError.self) { _ = try await fetch(url, options) }
        #expect(error?.code == .connection)
    }

    @Test func `a name that does not exist is a connection error`() async {
        let error = await #expect(throws: DownloadError.self) { _ = try await fetch("http://no-such-host.invalid/") }
        #expect(error?.code == .connection)
    }

    @Test func `an endless body is stopped at the limit, whatever it promised`() async throws {
        let block = Step.repeatForever([UInt8](repeating: 65, count: 65_536))
        let routes: [String: [Step]] = [
            "/silent": [.text("HTTP/1.1 200 OK\r\n\r\n"), block],
            "/honest": [.text("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"), block],
        ]
        try await RawServer.with(routes) { server in
            var options = Self.patient
            options.maximumBytes = 10 << 20
            for path in ["/silent", "/honest"] {
                let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url(path), options) }
                #expect(error?.code == .tooLarge)
            }
        }
    }

    @Test func `the whole has a deadline too`() async throws {
        let steps: [Step] = [.text("HTTP/1.1 200 OK\r\n\r\n"), .repeatForever([65])]
        try await RawServer.with(["*": steps]) { server in
            var options = Self.patient
            options.totalDeadline = .milliseconds(300)
            options.idleBytes = 1
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url(), options) }
            #expect(error?.code == .timedOut)
        }
    }

    @Test func `an encoding that was not asked for is refused`() async throws {
        try await RawServer.with(["*": Step.answer(200, [1], headers: ["Content-Encoding: br"])]) { server in
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url()) }
            #expect(error?.code == .network)
        }
    }

    @Test func `a slow reader holds the server back instead of filling memory`() async throws {
        let total = 64 << 20
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n"
        let steps: [Step] = [.text(head), .repeatForever([UInt8](repeating: 65, count: 1 << 20))]
        try await RawServer.with(["*": steps]) { server in
            struct Enough: Error {}
            let taken = Mutex(0)
            await #expect(throws: Enough.self) {
                try await Download(options: Self.patient).run(.web(server.url())) { piece in
                    let sum = taken.withLock {
                        $0 += piece.readableBytes; return $0
                    }
                    if sum > 1 << 20 { throw Enough() }
                }
            }
            // What was asked for after the error would have been given to the closure.
            #expect(taken.withLock { $0 } < 4 << 20)
        }
    }

    @Test func `cancelling ends a download that hangs`() async throws {
        try await RawServer.with(["*": [.text("HTTP/1.1 200 OK\r\n\r\nabc"), .hang]]) { server in
            let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
            let url = server.url()
            let task = Task {
                try await Download().run(.web(url)) { _ in continuation.yield() }
            }
            for await _ in begun { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
        }
    }

    @Test func `a local file is read like a download`() async throws {
        let folder = try TemporaryFolder()
        let body = [UInt8](repeating: 9, count: 200_000)
        let path = try folder.write(body, to: "f")
        let bytes = try await fetch(.file(path)).bytes
        #expect(bytes == body)
        for wrong in [folder.url.path, path + "x", "/dev/zero"] {
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(.file(wrong)) }
            #expect(error?.code == .unreadableFile)
        }
    }

    /// For servers that answer; nothing here waits for a deadline, however busy the machine is.
    static var patient: Download.Options { Download.Options() }

    /// For servers that do not answer.
    static var quick: Download.Options {
        var options = Download.Options()
        options.connectDeadline = .seconds(5)
        options.firstByteDeadline = .milliseconds(400)
        options.idleDeadline = .milliseconds(400)
        return options
    }
}

@Suite("Redirects and addresses") struct RedirectTests {
    private typealias Step = RawServer.Step

    @Test func `relative and absolute redirects on the same host are followed`() async throws {
        let routes = ["/a": Step.redirect("b?x=1"), "/b?x=1": Step.redirect("/c"), "/c": Step.answer(200, [7])]
        try await RawServer.with(routes) { server in
            let bytes = try await fetch(server.url("/a")).bytes
            #expect(bytes == [7])
        }
    }

    @Test func `five redirects are followed and six are not`() async throws {
        var routes = ["/0": Step.answer(200, [7])]
        for hop in 1...6 { routes["/\(hop)"] = Step.redirect("/\(hop - 1)") }
        try await RawServer.with(routes) { server in
            let bytes = try await fetch(server.url("/5")).bytes
            #expect(bytes == [7])
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url("/6")) }
            #expect(error?.code == .redirects)
        }
    }

    @Test func `a redirect loop ends`() async throws {
        try await RawServer.with(["*": Step.redirect("/")]) { server in
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url()) }
            #expect(error?.code == .redirects && server.requests.count == 6)
        }
    }

    @Test(arguments: [
        "http://localhost:PORT/", "http://127.0.0.2:PORT/", "http://[::1]:PORT/", "http://0.0.0.0:PORT/",
        "http://2130706433:PORT/", "http://[::ffff:127.0.0.1]:PORT/", "http://10.0.0.1/", "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "file:///etc/passwd", "ftp://127.0.0.1/",
        "gopher://127.0.0.1/", "data:,x", "unix:///tmp/x",
    ])
    func `a redirect to another private host or scheme is refused`(target: String) async throws {
        try await RawServer.with(["/ok": Step.answer(200, [7])]) { inner in
            let location = target.replacingOccurrences(of: "PORT", with: "\(inner.port)")
            try await RawServer.with(["*": Step.redirect(location)]) { server in
                let error = await #expect(throws: DownloadError.self) { _ = try await fetch(server.url()) }
                #expect(error?.code == .refusedAddress, "\(String(describing: error))")
                #expect(inner.requests.isEmpty)
            }
        }
    }

    @Test func `the same host without encryption is another origin`() throws {
        let typed = try WebAddress("https://me:secret@h.example/feed")
        for location in ["http://h.example/feed", "https://h.example:8443/feed", "https://x.h.example/feed"] {
            #expect(try !typed.redirected(to: location).hasSameOrigin(as: typed), "\(location)")
        }
        #expect(try typed.redirected(to: "/other").hasSameOrigin(as: typed))
    }

    @Test func `user and password stay with their origin`() async throws {
        try await RawServer.with(["*": Step.answer(200, [7])]) { other in
            try await RawServer.with(["*": Step.redirect(other.url("/x"))]) { server in
                _ = try await fetch("http://me:secret@127.0.0.1:\(server.port)/")
                #expect(server.requests.first?.lowercased().contains("authorization:") == true)
                #expect(other.requests.first?.lowercased().contains("authorization:") == false)
            }
        }
    }

    @Test(arguments: [
        "http://169.254.169.254/", "http://[fe80::1%25lo]/", "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/", "file:///etc/passwd", "gopher://x/", "ftp://x/", "unix:///x", "data:,x", "http://",
        "//x/", "http://a b/", "http://a/\r\nX: y", "", "list.m3u",
    ])
    func `even an administrator's address is not fetched`(address: String) async {
        let error = await #expect(throws: DownloadError.self) { _ = try await fetch(address) }
        #expect(error?.code == .refusedAddress || error?.code == .connection, "\(String(describing: error))")
    }

    @Test(
        arguments: [
            ([8, 8, 8, 8], true), ([10, 1, 2, 3], false), ([172, 16, 0, 1], false), ([172, 32, 0, 1], true),
            ([192, 168, 0, 1], false), ([100, 64, 0, 1], false), ([127, 0, 0, 1], false), ([0, 0, 0, 0], false),
            ([224, 0, 0, 1], false), ([255, 255, 255, 255], false), ([198, 18, 0, 1], false),
        ] as [([UInt8], Bool)])
    func `addresses are public or not`(bytes: [UInt8], isPublic: Bool) {
        #expect(IPAddress(bytes: bytes, text: "").isPublic == isPublic)
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + bytes
        #expect(IPAddress(bytes: mapped, text: "").isPublic == isPublic)
        let sixToFour = [0x20, 0x02] + bytes + [UInt8](repeating: 0, count: 10)
        #expect(IPAddress(bytes: sixToFour, text: "").isPublic == isPublic)
    }

    @Test func `what a feed names may be private on the feed's own server and nowhere else`() async throws {
        try await RawServer.with(["/f": Step.answer(200, [7]), "/out": Step.redirect("http://10.0.0.1/")]) { server in
            try await RawServer.with(["*": Step.answer(200, [8])]) { other in
                func named(_ address: String, typed: String?) async throws -> [UInt8] {
                    var options = DownloadTests.patient
                    options.trust = .named(typed: typed)
                    return try await fetch(address, options).bytes
                }
                let own = try await named(server.url("/f"), typed: server.url("/feed"))
                #expect(own == [7])
                for (address, typed) in [
                    (server.url("/f"), nil), (other.url("/f"), server.url("/feed")),
                    (server.url("/out"), server.url("/feed")), (server.url("/f"), "http://localhost:\(server.port)/"),
                    ("http://169.254.169.254/", "http://169.254.169.254/"),
                ] {
                    let error = await #expect(throws: DownloadError.self) {
                        _ = try await named(address, typed: typed)
                    }
                    #expect(error?.code == .refusedAddress, "\(address)")
                }
                #expect(other.requests.isEmpty)
            }
        }
    }

    @Test func `other services' ports are refused on machines of others only`() {
        let here = IPAddress(bytes: [192, 168, 0, 1], text: "")
        let there = IPAddress(bytes: [8, 8, 8, 8], text: "")
        let typed = AddressPolicy(isTypedHost: true, isTypedPort: true)
        let moved = AddressPolicy(isTypedHost: true, isTypedPort: false)
        let other = AddressPolicy(isTypedHost: false, isTypedPort: false)
        for port in [22, 25, 6379] {
            #expect(typed.refusal(of: there, port: port) != nil && typed.refusal(of: here, port: port) == nil)
            #expect(moved.refusal(of: here, port: port) != nil)
        }
        #expect(typed.refusal(of: there, port: 8080) == nil)
        #expect(other.refusal(of: here, port: 80) != nil)
        #expect(other.refusal(of: there, port: 80) == nil)
    }

    @Test(arguments: [
        ("http://h/get.php?username=u&password=p&type=m3u", "http://h/get.php?username=***&password=***&type=m3u"),
        ("http://u:p@h:1/x@y", "http://***@h:1/x@y"), ("http://h/a?Token=x", "http://h/a?Token=***"),
        ("http://h/list.m3u", "http://h/list.m3u"),
    ])
    func `messages never show credentials`(address: String, shown: String) {
        #expect(IngestSource.web(address).display == shown)
    }
}

@Suite("Transfer clock") struct TransferClockTests {
    private let start = ContinuousClock.now
    private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func `only waiting counts, and drops do not reset it`() {
        var clock = TransferClock(window: .seconds(60), minimumBytes: 1000, total: at(10_000))
        clock.wait(from: at(0))
        #expect(clock.lateness(at: at(60)) == nil && clock.lateness(at: at(61)) != nil)
        clock.receive(1, at: at(30))
        #expect(clock.lateness(at: at(500)) == nil)
        clock.wait(from: at(500))
        #expect(clock.lateness(at: at(529)) == nil && clock.lateness(at: at(531)) != nil)
        clock.receive(999, at: at(520))
        clock.wait(from: at(520))
        #expect(clock.lateness(at: at(580)) == nil && clock.lateness(at: at(581)) != nil)
        #expect(clock.lateness(at: at(10_000)) != nil)
    }
}

func fetch(_ address: String, _ options: Download.Options = DownloadTests.patient) async throws -> (
    bytes: [UInt8], last: DownloadProgress
) {
    try await fetch(.web(address), options)
}

func fetch(_ source: IngestSource, _ options: Download.Options = DownloadTests.patient) async throws -> (
    bytes: [UInt8], last: DownloadProgress
) {
    let received = Mutex<[UInt8]>([])
    let receipt = try await Download(options: options).run(source) { piece in
        received.withLock { $0.append(contentsOf: piece.readableBytesView) }
    }
    return (received.withLock { $0 }, receipt.progress)
}
