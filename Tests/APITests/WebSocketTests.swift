import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOWebSocket
import Relay
import SkirretRedis
import Testing

@testable import API

@Suite("WebSocket", .timeLimit(.minutes(1))) struct WebSocketTests {
    private static let bearer = [("Authorization", "Bearer \(APIFixture.token)")]

    private func cookie(_ client: some TestClientProtocol) async throws -> String {
        let answer = try await client.send(
            .post, "/api/auth/session/", json: ["token": .string(APIFixture.token)], isAdmin: false)
        return String(try #require(answer.headers[.setCookie]).prefix { $0 != ";" })
    }

    @Test func `an event that is published anywhere reaches every socket`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.withEvents {
                let port = try #require(client.port)
                try await WebSocketClient.with(port: port, headers: Self.bearer) { inbound, _ in
                    var frames = inbound.makeAsyncIterator()
                    let greeting = try await frames.next()?.summary
                    #expect(
                        greeting
                            == #"{"type":"connection_established","data":{"success":true,"message":"WebSocket connection established successfully"}}"#
                    )
                    try await fixture.services.events.publish(["type": "m3u_refresh", "progress": 1.0, "list": []])
                    let event = try await frames.next()?.summary
                    #expect(event == #"{"type":"update","data":{"type":"m3u_refresh","progress":1.0,"list":[]}}"#)
                }
            }
        }
    }

    @Test func `the token may come in the address or in the first frame`() async throws {
        try await APIFixture.withServer { fixture, client in
            let port = try #require(client.port)
            try await WebSocketClient.with(port: port, path: "/ws/?token=\(APIFixture.token)") { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                let greeting = try await frames.next()
                #expect(greeting?.summary.contains("connection_established") == true)
            }
            try await WebSocketClient.with(port: port) { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                try await outbound.write(.text(#"{"type":"auth","token":"\#(APIFixture.token)"}"#))
                #expect(try await frames.next()?.summary.contains("connection_established") == true)
            }
            try await WebSocketClient.with(port: port) { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                try await outbound.write(.text(#"{"type":"auth","token":"wrong"}"#))
                #expect(try await frames.next()?.summary == "close 4401")
            }
        }
    }

    @Test func `an upgrade is refused before it happens`() async throws {
        try await APIFixture.withServer { fixture, client in
            let port = try #require(client.port)
            let cookie = try await cookie(client)
            let own = "http://127.0.0.1:\(port)"
            let refused: [(String, [(String, String)])] = [
                ("/ws/", [("Origin", "https://evil.example")] + Self.bearer),
                ("/ws/", [("Origin", "null")] + Self.bearer),
                ("/ws/", [("Origin", "http://127.0.0.1.evil.example:\(port)")] + Self.bearer),
                ("/ws/", [("Origin", "http://127.0.0.1")] + Self.bearer),
                ("/ws/", [("Cookie", cookie)]),
                ("/ws/", [("Cookie", cookie), ("Origin", own), ("Sec-Fetch-Site", "cross-site")]),
                ("/ws/?token=wrong", []),
                ("/ws/?token=", []),
                ("/other/", Self.bearer),
            ]
            for (path, headers) in refused {
                let outcome = try await WebSocketClient.connect(port: port, path: path, headers: headers)
                guard case .refused = outcome else {
                    Issue.record("let in: \(path) \(headers)")
                    continue
                }
            }
            let reason = try await client.send(
                .get, "/ws/", headers: [.origin: "https://evil.example", .connection: "upgrade", .upgrade: "websocket"])
            #expect(reason.status == 403 && reason.code == "cross_site_request")
            #expect(try await client.send(.get, "/ws/").status == 426)
        }
    }

    @Test func `signing out closes the session's sockets`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.withEvents {
                let port = try #require(client.port)
                let cookie = try await cookie(client)
                let headers = [("Cookie", cookie), ("Origin", "http://127.0.0.1:\(port)")]
                try await WebSocketClient.with(port: port, headers: headers) { inbound, _ in
                    var frames = inbound.makeAsyncIterator()
                    #expect(try await frames.next()?.opcode == .text)
                    let out = try await client.send(
                        .delete, "/api/auth/session/", headers: [.cookie: cookie, .origin: "http://localhost"],
                        isAdmin: false)
                    #expect(out.status == 200)
                    #expect(try await frames.next()?.summary == "close 4401")
                }
            }
        }
    }

    @Test func `two hundred listeners hear the same, through Redis`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.withEvents {
                let port = try #require(client.port)
                let (ready, signal) = AsyncStream.makeStream(of: Void.self)
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<200 {
                        group.addTask {
                            try await WebSocketClient.with(port: port, headers: Self.bearer) { inbound, _ in
                                var frames = inbound.makeAsyncIterator()
                                _ = try await frames.next()
                                signal.yield()
                                var count = 0
                                while count < 10, try await frames.next()?.opcode == .text { count += 1 }
                                return count
                            }
                        }
                    }
                    var waiting = ready.makeAsyncIterator()
                    for _ in 0..<200 { await waiting.next() }
                    for number in 0..<10 { try await fixture.services.events.publish(["n": .int(number)]) }
                    #expect(try await group.reduce(0, +) == 2_000)
                }
            }
        }
    }

    @Test func `what a client may not send closes its socket with the reason`() async throws {
        try await APIFixture.withServer { fixture, client in
            let port = try #require(client.port)
            try await WebSocketClient.with(port: port, headers: Self.bearer) { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                try await outbound.write(.text(String(repeating: "x", count: 70_000)))
                #expect(try await frames.next()?.summary == "close 1009")
            }
        }
    }

    @Test func `a relay that lost Redis for a moment passes on what it missed, in order, once`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.withEvents {
                try await WebSocketClient.with(port: try #require(client.port), headers: Self.bearer) { inbound, _ in
                    var frames = inbound.makeAsyncIterator()
                    _ = try await frames.next()
                    for number in 0..<200 {
                        if number % 40 == 20 {
                            _ = try await fixture.services.redis.send("CLIENT", "KILL", "TYPE", "pubsub")
                        }
                        try await fixture.services.events.publish(["n": .int(number)])
                    }
                    for number in 0..<200 {
                        let text = try await frames.next()?.summary
                        #expect(text == #"{"type":"update","data":{"n":\#(number)}}"#)
                    }
                }
            }
        }
    }

    @Test func `a relay that starts anew brings clients up to date whom another one left`() async throws {
        try await APIFixture.withServer { fixture, client in
            let redis = fixture.services.redis
            for number in 0..<6 { try await fixture.services.events.publish(["n": .int(number)]) }
            let entries = try await redis.send("XRANGE", .init(Keys.eventHistory), "-", "+").array ?? []
            let second = try #require(entries[1].array?.first?.string)
            let epoch = try #require(try await redis.send("GET", .init(Keys.eventEpoch)).string)
            try await fixture.withEvents {
                let port = try #require(client.port)
                let ask = #"{"type":"subscribe","topics":["updates"],"epoch":"\#(epoch)","offset":"\#(second)"}"#
                try await WebSocketClient.with(port: port, headers: Self.bearer) { inbound, outbound in
                    var frames = inbound.makeAsyncIterator()
                    _ = try await frames.next()
                    try await outbound.write(.text(ask))
                    #expect(try await frames.next()?.summary.contains(#""recovered":true"#) == true)
                    for number in 2..<6 {
                        let text = try await frames.next()?.summary
                        #expect(text?.hasPrefix(#"{"type":"update","data":{"n":\#(number)},"offset":""#) == true)
                    }
                }
                _ = try await redis.send("FLUSHALL")
                try await fixture.services.events.publish(["n": 6])
                try await WebSocketClient.with(port: port, headers: Self.bearer) { inbound, outbound in
                    try await outbound.write(.text(ask))
                    // Past the greeting, and events that came before the answer.
                    let answer = try await inbound.first { $0.summary.contains(#""type":"subscribed""#) }
                    #expect(answer?.summary.contains(#""recovered":false"#) == true)
                }
            }
        }
    }
}
