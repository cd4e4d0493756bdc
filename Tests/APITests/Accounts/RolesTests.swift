import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

@Suite("Roles", .timeLimit(.minutes(1))) struct RolesTests {
    /// What people without the administrator's level may do, and nothing else.
    private static let readers: Set<String> = [
        "GET /api/plugins/plugins", "GET /api/plugins/plugins/:key/logo", "GET /api/m3u/accounts",
        "GET /api/m3u/accounts/:id", "GET /api/epg/sources", "GET /api/epg/sources/:id", "GET /api/queues",
        "GET /api/queues/:name", "GET /api/workers", "GET /api/workers/:name", "GET /api/schedules",
        "GET /api/schedules/:id", "GET /api/schedules/:id/next", "GET /api/plugins/repos",
        "GET /api/plugins/repos/available", "GET /api/plugins/repos/settings", "GET /api/core/settings",
        "GET /api/core/settings/:id", "GET /api/channels/streams",
        "GET /api/m3u/accounts/:id/filters", "GET /api/m3u/accounts/:id/filters/:part",
        "GET /api/m3u/accounts/:id/profiles", "GET /api/m3u/accounts/:id/profiles/:part", "GET /api/m3u/server-groups",
        "GET /api/m3u/server-groups/:id",
    ]
    private static let everybody: Set<String> = [
        "GET /api/schema", "DELETE /api/auth/session", "POST /api/accounts/auth/logout", "GET /api/accounts/users/me",
        "PATCH /api/accounts/users/me", "GET /api/accounts/api-keys", "POST /api/accounts/api-keys/generate",
        "POST /api/accounts/api-keys/revoke", "GET /api/core/settings/env", "GET /api/core/timezones",
    ]

    @Test func `every route refuses every role that it is not for`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add()
            let standard = try await client.tokens(.standard).access
            let streamer = try await client.tokens(.streamer).access
            for endpoint in fixture.server.allEndpoints where endpoint.access != .open {
                let name = "\(endpoint.method) \(endpoint.path)"
                let path = endpoint.path.replacing(":key", with: "my_plugin").replacing(":id", with: "1")
                    .replacing(":part", with: "1")
                #expect((endpoint.access == .standard) == Self.readers.contains(name), "\(name)")
                #expect((endpoint.access == .signedIn) == Self.everybody.contains(name), "\(name)")
                if endpoint.access == .standard { #expect(endpoint.method == .get, "\(name)") }
                for (token, level) in [(standard, UserLevel.standard), (streamer, .streamer)] {
                    guard let least = endpoint.access.level, level < least else { continue }
                    for spelling in [path, path + "/"] {
                        let answer = try await client.send(endpoint.method, spelling, as: token)
                        #expect(answer.status == 403 && answer.code == "not_allowed", "\(name) \(level)")
                        #expect(answer.json["detail"] != nil)
                    }
                }
                guard endpoint.access == .standard else { continue }
                let answer = try await client.send(endpoint.method, path, as: standard)
                #expect(answer.status == 200 || answer.status == 404, "\(name): \(answer)")
            }
        }
    }

    @Test func `readers see what there is and not what opens it`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let made = try await client.send(
                .post, "/api/m3u/accounts/",
                json: [
                    "name": "tv", "account_type": "XC", "server_url": "http://tv.example/?password=hunter2",
                    "username": "sam", "password": "hunter2", "is_active": false,
                ])
            #expect(made.status == 201 && made.text.contains("hunter2"), "\(made)")
            let token = try await client.tokens(.standard).access
            for path in ["/api/m3u/accounts/", "/api/m3u/accounts/\(made.json["id"]?.int ?? 0)/"] {
                let answer = try await client.send(.get, path, as: token)
                #expect(answer.status == 200 && answer.text.contains("\"tv\""), "\(answer)")
                #expect(!answer.text.contains("hunter2") && !answer.text.contains("sam"), "\(answer)")
            }
        }
    }

    @Test func `events are for readers; a streamer's socket is refused`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add()
            let port = try #require(client.port)
            for (person, isOpen) in [(Person.streamer, false), (.standard, true), (.admin, true)] {
                let token = try await client.tokens(person).access
                for (path, headers) in [("/ws/?token=\(token)", []), ("/ws/", [("Authorization", "Bearer \(token)")])] {
                    let outcome = try await WebSocketClient.connect(port: port, path: path, headers: headers)
                    switch outcome {
                    case .open(let socket):
                        #expect(isOpen, "\(person)")
                        try? await socket.channel.close()  // The server may have been first.
                    case .refused: #expect(!isOpen, "\(person)")
                    }
                }
                try await WebSocketClient.with(port: port) { inbound, outbound in
                    var frames = inbound.makeAsyncIterator()
                    try await outbound.write(.text(#"{"type":"auth","token":"\#(token)"}"#))
                    let frame = try await frames.next()?.summary
                    #expect(frame?.contains("connection_established") == isOpen, "\(person) \(frame ?? "nothing")")
                    if !isOpen { #expect(frame == "close 4401") }
                }
            }
        }
    }
}
