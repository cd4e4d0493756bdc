import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOPosix
import Relay
import Synchronization
import Testing

@testable import API

@Suite("Connections", .timeLimit(.minutes(5))) struct ConnectionTests {
    @Test func `A13: those who never finish a request are gone in fifteen seconds, and others are served meanwhile`()
        async throws
    {
        #expect(ConnectionLimits().firstRequest == .seconds(15))
        let patience = Duration.seconds(3)
        try await APIFixture.withServer(change: { $0.connectionLimits.firstRequest = patience }) { fixture, client in
            let port = try #require(client.port)
            // The client's own connection must not be one of them.
            #expect(try await client.send(.get, "/api/tasks/").status == 200)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let began = ContinuousClock.now
                let crowd = try await Crowd.connect(300, port: port)
                let complete = ContinuousClock.now
                group.addTask { try await crowd.drip() }
                // They keep dripping, which must not keep them alive.
                repeat {
                    try #require(complete.duration(to: .now) < .seconds(120), "\(crowd.open) are still there")
                    #expect(try await client.send(.get, "/api/tasks/").status == 200)
                } while crowd.open > 0
                #expect(began.duration(to: .now) >= patience)
                group.cancelAll()
            }
        }
    }

    @Test func `A11: a body that crawls is told so and its connection closed`() async throws {
        let change: (inout APIConfiguration) -> Void = { $0.connectionLimits.bodyGrace = .milliseconds(500) }
        try await APIFixture.withServer(change: change) { fixture, client in
            let head =
                "POST /api/epg/import/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(APIFixture.token)\r\n"
                + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
            let text = try await RawConnection.exchange(port: try #require(client.port), head)
            #expect(text.hasPrefix("HTTP/1.1 408 ") && text.contains(#""code":"request_timeout""#), "\(text)")
        }
    }

    @Test(arguments: ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
    func `A5: a preflight from elsewhere is granted nothing`(origin: String) async throws {
        try await APIFixture.withServer { fixture, client in
            let ask = try #require(HTTPField.Name("Access-Control-Request-Method"))
            for path in ["/api/tasks/", "/api/plugins/plugins/x/run/", "/api/accounts/token/", "/ws/", "/"] {
                let answer = try await client.send(
                    .options, path, headers: [.origin: origin, ask: "POST"], isAdmin: false)
                #expect(answer.status >= 400, "\(path)")
                #expect(!answer.headers.contains { $0.name.canonicalName.hasPrefix("access-control-") }, "\(path)")
            }
        }
    }

    @Test func `K5: ten thousand messages at once end the socket, and nobody else notices`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.withEvents {
                let port = try #require(client.port)
                let bearer = [("Authorization", "Bearer \(APIFixture.token)")]
                try await WebSocketClient.with(port: port, headers: bearer) { quiet, _ in
                    var heard = quiet.makeAsyncIterator()
                    _ = try await heard.next()
                    try await WebSocketClient.with(port: port, headers: bearer) { inbound, outbound in
                        do {
                            for _ in 0..<10_000 { try await outbound.write(.text(#"{"type":"ping"}"#)) }
                        } catch {}  // The server closing early is what this is about.
                        var last: String?
                        do {
                            for try await frame in inbound { last = frame.summary }
                        } catch {}  // Likewise.
                        // What the server said last may be lost with a connection that was cut while we wrote.
                        #expect(last == nil || last?.hasPrefix("close") != true || last == "close 1008")
                    }
                    try await fixture.services.events.publish(["n": 1])
                    let event = try await heard.next()?.summary
                    #expect(event == #"{"type":"update","data":{"n":1}}"#)
                    #expect(fixture.services.hub.statistics.closedForBehaviour == 1)
                }
            }
        }
    }
}

/// Many connections that begin a request and never end it.
private final class Crowd: Sendable {
    private let channels: [any Channel]
    private let count: Mutex<Int>

    /// How many the server has not closed yet.
    var open: Int { count.withLock { $0 } }

    static func connect(_ number: Int, port: Int) async throws -> Crowd {
        var channels: [any Channel] = []
        for _ in 0..<number {
            let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: port).get()
            channels.append(channel)
        }
        return Crowd(channels)
    }

    private init(_ channels: [any Channel]) {
        self.channels = channels
        count = Mutex(channels.count)
        for channel in channels {
            channel.closeFuture.whenComplete { [weak self] _ in self?.count.withLock { $0 -= 1 } }
        }
    }

    /// A few bytes on each connection, again and again.
    func drip() async throws {
        var text = "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "
        while open > 0 {
            // Those that are closed refuse it, which is what is waited for.
            for channel in channels { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }
            text = "x"
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
