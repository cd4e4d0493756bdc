import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOPosix
import Skirret
import SkirretRedis
import Testing

@testable import API

@Suite("HTTP", .timeLimit(.minutes(1))) struct HTTPTests {
    @Test func `every endpoint but the open ones refuses a caller without token`() async throws {
        let open: Set<String> = [
            "GET /health/live", "GET /health/ready", "POST /api/auth/session", "GET /api/auth/session", "GET /ws",
            "POST /api/accounts/token", "POST /api/accounts/auth/login", "POST /api/accounts/token/refresh",
            "GET /api/accounts/initialize-superuser", "POST /api/accounts/initialize-superuser",
            "GET /api/core/version",
        ]
        try await APIFixture.withServer { fixture, client in
            let endpoints = fixture.server.allEndpoints
            #expect(endpoints.count > 30)
            for endpoint in endpoints {
                let name = "\(endpoint.method) \(endpoint.path)"
                #expect((endpoint.access == .open) == open.contains(name), "\(name)")
                guard endpoint.access != .open else { continue }
                let path = endpoint.path.replacing(":key", with: "my_plugin").replacing(":id", with: "1")
                for spelling in [path, path + "/", "/" + path] {
                    let answer = try await client.send(endpoint.method, spelling, isAdmin: false)
                    #expect(answer.status == 401 || (answer.status == 404 && spelling != path), "\(name) \(spelling)")
                }
            }
        }
    }

    @Test func `errors have one shape`() async throws {
        try await APIFixture.withServer { fixture, client in
            let missing = try await client.send(.get, "/api/nothing/here/")
            #expect(missing.status == 404 && missing.code == "no_such_route" && missing.json["success"] == false)
            let method = try await client.send(.put, "/api/tasks/")
            #expect(method.status == 405 && method.code == "method_not_allowed")
            #expect(method.headers[.allow] == "GET, HEAD, POST")
            let json = try await client.send(
                .post, "/api/epg/import/", body: "{", headers: [.contentType: "application/json"])
            #expect(json.status == 400 && json.code == "invalid_json")
            let big = try await client.send(
                .post, "/api/epg/import/", body: String(repeating: " ", count: 1_100_000),
                headers: [.contentType: "application/json"])
            #expect(big.status == 413 && big.code == "body_too_large")
        }
    }

    @Test func `every answer holds the browser back`() async throws {
        try await APIFixture.withServer { fixture, client in
            for path in ["/", "/health/live", "/api/tasks/", "/api/nothing"] {
                let headers = try await client.send(.get, path).headers
                #expect(headers[.contentSecurityPolicy]?.contains("default-src 'self'") == true)
                #expect(headers[.contentSecurityPolicy]?.contains("frame-ancestors 'none'") == true)
                #expect(headers[.xContentTypeOptions] == "nosniff")
                #expect(headers[.referrerPolicy] == "same-origin")
                #expect(headers[.accessControlAllowOrigin] == nil)
            }
            #expect(
                try await client.send(.options, "/api/tasks/", headers: [.origin: "https://evil.example"]).status >= 400
            )
        }
    }

    @Test func `health tells what is missing`() async throws {
        try await APIFixture.withServer { fixture, client in
            #expect(try await client.send(.get, "/health/live", isAdmin: false).json == ["status": "ok"])
            let ready = try await client.send(.get, "/health/ready", isAdmin: false)
            #expect(ready.status == 200)
            #expect(ready.json == ["status": "ok", "redis": true, "database": true])
            await fixture.services.queue.redis.close()
            let unready = try await client.send(.get, "/health/ready", isAdmin: false)
            #expect(unready.status == 503)
            #expect(unready.json == ["status": "unavailable", "redis": false, "database": true])
            let broken = try await client.send(.get, "/api/queues/")
            #expect(broken.status == 503 && broken.code == "broker_unavailable")
        }
    }

    @Test func `metrics are for the administrator`() async throws {
        try await APIFixture.withServer { fixture, client in
            #expect(try await client.send(.get, "/metrics", isAdmin: false).status == 401)
            let answer = try await client.send(.get, "/metrics")
            #expect(answer.text.contains("# TYPE skirret_relay_sockets gauge\nskirret_relay_sockets 0\n"))
            #expect(answer.text.contains(#"skirret_http_responses_total{class="4xx"} 1"#))
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\nX-Long: \(String(repeating: "x", count: 100_000))\r\n\r\n", 431),
        ("GET /\(String(repeating: "x", count: 1_000_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X-A: b\r\n", count: 10_000))\r\n", 431),
        ("NONSENSE\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ])
    func `a malformed request is answered and its connection closed`(request: String, status: Int) async throws {
        try await APIFixture.withServer { fixture, client in
            let text = try await RawConnection.exchange(port: try #require(client.port), request)
            // The address alone may be too long for the parser's own limits; then the answer is a plain 400.
            #expect(text.hasPrefix("HTTP/1.1 \(status) ") || (status == 431 && text.hasPrefix("HTTP/1.1 400 ")))
            #expect(text.contains(#""success":false"#))
        }
    }

    @Test(arguments: ["GET /health/live", "POST /api/m3u/refresh/", "GET /ws/"])
    func `a wish for another protocol is answered in this one, and the connection closed`(line: String) async throws {
        try await APIFixture.withServer { fixture, client in
            let request =
                "\(line) HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}"
            let text = try await RawConnection.exchange(port: try #require(client.port), request)
            #expect(text.hasPrefix("HTTP/1.1 ") && text.lowercased().contains("connection: close"), "\(text)")
        }
    }

    @Test func `a body that goes on after the answer is not read for ever`() async throws {
        try await APIFixture.withServer { fixture, client in
            let head = "POST /api/m3u/refresh/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000000\r\n\r\n"
            let text = try await RawConnection.exchange(
                port: try #require(client.port), head, then: ByteBuffer(repeating: 0x61, count: 65_536), times: 200)
            #expect(text.hasPrefix("HTTP/1.1 401 "))
        }
    }
}

/// A connection without manners.
enum RawConnection {
    /// Writes, then reads until the server closes.
    static func exchange(
        port: Int, _ request: String, then flood: ByteBuffer? = nil, times: Int = 0
    ) async throws -> String {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var text = ""
            do {
                try await outbound.write(ByteBuffer(string: request))
                if let flood { for _ in 0..<times { try await outbound.write(flood) } }
            } catch {}  // The server closing early is what some tests are about.
            do {
                for try await bytes in inbound { text += String(buffer: bytes) }
            } catch {}  // Likewise.
            return text
        }
    }
}
