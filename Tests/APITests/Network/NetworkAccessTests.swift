import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

@Suite("Network access", .timeLimit(.minutes(5))) struct NetworkAccessTests {
    private static let realIP: HTTPField.Name? = HTTPField.Name("X-Real-IP")

    /// Waits until the server has read the lists again.
    private func until(_ status: Int, _ ask: () async throws -> Answer) async throws -> Answer {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let answer = try await ask()
            if answer.status == status || ContinuousClock.now > deadline { return answer }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test func `an address that is not on the list gets nothing but health`() async throws {
        try await APIFixture.withServer { fixture, client in
            let settings = fixture.services.catalog.settings
            try await settings.update(.network, with: ["UI": "10.0.0.0/8"])
            let refused = try await until(403) { try await client.send(.get, "/api/tasks/") }
            #expect(refused.status == 403 && refused.code == "network_not_allowed", "\(refused)")
            #expect(refused.json["detail"] != nil)
            for path in ["/api/schema/", "/api/auth/session/", "/ws/"] {
                #expect(try await client.send(.get, path, isAdmin: false).code == "network_not_allowed", "\(path)")
            }
            let login = try await client.send(
                .post, "/api/accounts/token/", json: ["username": "a", "password": "b"], isAdmin: false)
            #expect(login.code == "network_not_allowed")
            let port = try #require(client.port)
            for (path, headers) in [
                ("/ws/", [("Authorization", "Bearer \(APIFixture.token)")]), ("/ws/?token=\(APIFixture.token)", []),
                ("/ws/", []),
            ] {
                guard case .refused = try await WebSocketClient.connect(port: port, path: path, headers: headers)
                else {
                    Issue.record("let in: \(path)")
                    continue
                }
            }
            #expect(try await client.send(.get, "/health/live", isAdmin: false).status == 200)
            try await settings.update(.network, with: ["UI": "127.0.0.0/8"])
            let back = try await until(200) { try await client.send(.get, "/api/tasks/") }
            #expect(back.status == 200)
        }
    }

    @Test func `headers name somebody else only where a trusted proxy sends them`() async throws {
        let name = try #require(Self.realIP)
        try await APIFixture.withServer { fixture, client in
            try await fixture.services.catalog.settings.update(.network, with: ["UI": "10.0.0.0/8"])
            let answer = try await until(403) {
                try await client.send(.get, "/api/tasks/", headers: [name: "10.0.0.1"])
            }
            #expect(answer.code == "network_not_allowed")
        }
        let proxies = NetworkRange.list("127.0.0.0/8")
        try await APIFixture.withServer(change: { $0.trustedProxies = proxies }) { fixture, client in
            try await fixture.services.catalog.settings.update(.network, with: ["UI": "10.0.0.0/8"])
            let outside = try await until(403) {
                try await client.send(.get, "/api/tasks/", headers: [name: "8.8.8.8"])
            }
            #expect(outside.status == 403)
            #expect(try await client.send(.get, "/api/tasks/", headers: [name: "10.0.0.1"]).status == 200)
            let bearer = ("Authorization", "Bearer \(APIFixture.token)")
            let port = try #require(client.port)
            guard
                case .refused = try await WebSocketClient.connect(
                    port: port, headers: [bearer, ("X-Real-IP", "8.8.8.8")])
            else {
                Issue.record("let in from outside")
                return
            }
            try await WebSocketClient.with(port: port, headers: [bearer, ("X-Real-IP", "10.0.0.1")]) { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                let greeting = try await frames.next()
                #expect(greeting?.summary.contains("connection_established") == true)
            }
        }
    }

    @Test func `a look at lists says which would not let their author in`() async throws {
        try await APIFixture.withServer { fixture, client in
            let path = "/api/core/settings/check/"
            let lists: JSONValue = [
                "UI": "10.0.0.0/8,192.168.0.0/16", "STREAMS": "127.0.0.0/8", "M3U_EPG": "10.0.0.0/8, 127.0.0.1",
            ]
            let checked = try await client.send(.post, path, json: ["key": "network_access", "value": lists])
            #expect(
                checked.json == [
                    "UI": ["10.0.0.0/8", "192.168.0.0/16"], "STREAMS": [], "M3U_EPG": [], "client_ip": "127.0.0.1",
                ], "\(checked)")
            let wrong = try await client.send(
                .post, path,
                json: ["key": "network_access", "value": ["UI": "10.0.0.1/8,x", "STREAMS": "::/0", "XC_API": 7]])
            #expect(
                wrong.json == ["error": true, "message": "Invalid CIDR(s)", "data": ["10.0.0.1/8", "x", "7"]])
            let other = try await client.send(.post, path, json: ["key": "proxy_settings", "value": ["a": 1]])
            #expect(other.status == 200 && other.json == [:])
            #expect(try await fixture.services.catalog.settings.values(of: .network).isEmpty)
        }
    }

    @Test func `a person may come from some networks only, by every door`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let token = try await client.tokens(.standard).access
            let key = try await client.send(.post, "/api/accounts/api-keys/generate/", as: token)
            let person = try #require(try await fixture.services.catalog.users.find(username: "standard"))
            let path = "/api/accounts/users/\(person.id)/"
            let bad = try await client.send(
                .patch, path, json: ["custom_properties": ["allowed_networks": ["UI": "10.0.0.0/99"]]])
            #expect(bad.status == 400 && bad.error?.contains("allowed_networks.UI") == true, "\(bad)")
            let set = try await client.send(
                .patch, path, json: ["custom_properties": ["allowed_networks": ["UI": "10.1.2.3/8"]]])
            #expect(set.status == 200, "\(set)")
            #expect(try await client.send(.get, "/api/queues/", as: token).code == "network_not_allowed")
            let byKey = try await client.send(
                .get, "/api/queues/", headers: [.apiKey: try #require(key.json["key"]?.string)], isAdmin: false)
            #expect(byKey.code == "network_not_allowed")
            let port = try #require(client.port)
            guard case .refused = try await WebSocketClient.connect(port: port, path: "/ws/?token=\(token)") else {
                Issue.record("let in by its address")
                return
            }
            try await WebSocketClient.with(port: port) { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                try await outbound.write(.text(#"{"type":"auth","token":"\#(token)"}"#))
                let answer = try await frames.next()?.summary
                #expect(answer == "close 4401")
            }
            _ = try await client.send(
                .patch, path, json: ["custom_properties": ["allowed_networks": ["UI": "127.0.0.0/8, 10.0.0.0/8"]]])
            #expect(try await client.send(.get, "/api/queues/", as: token).status == 200)
        }
    }

    @Test func `nobody locks themselves out`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.admin])
            let token = try await client.tokens(.admin).access
            let own = try #require(try await fixture.services.catalog.users.find(username: "admin"))
            let refused = try await client.send(
                .patch, "/api/accounts/users/\(own.id)/", as: token,
                json: ["custom_properties": ["allowed_networks": ["UI": "10.0.0.0/8"]]])
            #expect(refused.status == 400 && refused.code == "would_lock_out", "\(refused)")
            let fine = try await client.send(
                .patch, "/api/accounts/users/\(own.id)/", as: token,
                json: ["custom_properties": ["allowed_networks": ["STREAMS": "10.0.0.0/8", "UI": ""]]])
            #expect(fine.status == 200, "\(fine)")
            #expect(try await client.send(.get, "/api/tasks/", as: token).status == 200)
        }
    }
}
