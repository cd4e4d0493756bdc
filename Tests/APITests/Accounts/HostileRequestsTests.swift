import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOWebSocket
import SkirretRedis
import Testing

@testable import API

@Suite("Hostile requests", .timeLimit(.minutes(1))) struct HostileRequestsTests {
    @Test func `a forged token is refused wherever it is put`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.admin])
            let good = try await client.tokens(.admin).access
            let parts = good.split(separator: ".").map(String.init)
            let none = Array(#"{"alg":"none","typ":"JWT"}"#.utf8).base64URL
            for forged in [
                "\(none).\(parts[1]).", "\(none).\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).",
                "\(parts[0]).\(parts[1])", good + "A", good + ".", String(good.reversed()), good.lowercased(),
                good + String(repeating: "A", count: 10_240),
            ] {
                for headers: HTTPFields in [
                    [.authorization: "Bearer \(forged)"], [.authorization: "ApiKey \(forged)"], [.apiKey: forged],
                    [.cookie: "skirret_session=\(forged)"],
                ] {
                    let answer = try await client.send(.get, "/api/queues/", headers: headers, isAdmin: false)
                    #expect(answer.status == 401 && answer.code == "not_authenticated", "\(headers)")
                    #expect(!answer.text.contains(parts[1]))
                }
            }
            #expect(try await client.send(.get, "/api/queues/?token=\(good)", isAdmin: false).status == 401)
            let basic: HTTPFields = [.authorization: "Basic \(good)"]
            #expect(try await client.send(.get, "/api/queues/", headers: basic, isAdmin: false).status == 401)
            #expect(try await client.send(.get, "/api/queues/", as: good).status == 200)
        }
    }

    @Test func `a person's cookie counts for nothing unless the page was ours`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.admin])
            let login: JSONValue = ["username": "admin", "password": .string(Person.admin.password)]
            let foreign = try await client.send(
                .post, "/api/auth/session/", json: login, headers: [.origin: "https://evil.example"], isAdmin: false)
            #expect(foreign.status == 403 && foreign.headers[.setCookie] == nil)
            let form = try await client.send(
                .post, "/api/auth/session/", body: login.text, headers: [.contentType: "text/plain"], isAdmin: false)
            #expect(form.status == 415)
            let answer = try await client.send(.post, "/api/auth/session/", json: login, isAdmin: false)
            let cookie = try #require(answer.cookie)
            for headers: HTTPFields in [
                [:], [.origin: "null"], [.origin: "http://localhost.evil.example"],
                [.origin: "http://localhost", .secFetchSite: "cross-site"],
            ] {
                var headers = headers
                headers[.cookie] = cookie
                for (method, path) in [
                    (HTTPRequest.Method.patch, "/api/accounts/users/me/"), (.post, "/api/accounts/users/"),
                    (.post, "/api/accounts/api-keys/generate/"), (.delete, "/api/auth/session/"),
                ] {
                    let answer = try await client.send(method, path, json: [:], headers: headers, isAdmin: false)
                    #expect(answer.status == 403 && answer.code == "cross_site_request", "\(path) \(headers)")
                }
            }
        }
    }

    @Test func `the cookie is for encrypted connections where the page came over one`() async throws {
        try await APIFixture.withServer(change: { $0.trustedOrigins = ["https://tv.example"] }) { fixture, client in
            try await fixture.add([.admin])
            let login: JSONValue = ["username": "admin", "password": .string(Person.admin.password)]
            for (origin, isSecure) in [("https://tv.example", true), ("http://localhost", false)] {
                let answer = try await client.send(
                    .post, "/api/auth/session/", json: login, headers: [.origin: origin], isAdmin: false)
                let header = try #require(answer.headers[.setCookie])
                #expect(header.contains("Secure") == isSecure, "\(header)")
                #expect(header.contains("HttpOnly") && header.contains("SameSite=Strict"))
            }
        }
    }

    @Test func `a session from before the sign-in is nobody's afterwards`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.admin])
            let login: JSONValue = ["username": "admin", "password": .string(Person.admin.password)]
            let planted = "skirret_session=\(SessionID.random().rawValue)"
            let first = try await client.send(
                .post, "/api/auth/session/", json: login, headers: [.cookie: planted], isAdmin: false)
            let second = try await client.send(
                .post, "/api/auth/session/", json: login, headers: [.cookie: try #require(first.cookie)],
                isAdmin: false)
            for (cookie, status) in [
                (planted, 401), (try #require(first.cookie), 401), (try #require(second.cookie), 200),
            ] {
                let answer = try await client.send(.get, "/api/queues/", headers: [.cookie: cookie], isAdmin: false)
                #expect(answer.status == status)
            }
        }
    }

    @Test func `others' tasks look the same whether they exist or not`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let started = try await client.send(.post, "/api/m3u/refresh/", json: [:])
            #expect(started.status == 202)
            let list = try await client.send(.get, "/api/tasks/")
            let known = try #require(list.json["tasks"]?.array?.first?["task_id"]?.string)
            let token = try await client.tokens(.standard).access
            var answers: [String] = []
            for id in [known, "00000000-0000-0000-0000-000000000001", "1", "2"] {
                for method in [HTTPRequest.Method.get, .delete] {
                    let answer = try await client.send(method, "/api/tasks/\(id)/", as: token)
                    #expect(answer.status == 403)
                    answers.append(answer.text)
                }
            }
            #expect(Set(answers).count == 1)
        }
    }

    @Test func `one who asks without pause is told to wait, and others are served`() async throws {
        // Refills in a quarter of an hour: how fast this machine is decides nothing.
        let change: (inout APIConfiguration) -> Void = { $0.changes = ChangeRate(burst: 20, perSecond: 0.001) }
        try await APIFixture.withServer(change: change) { fixture, client in
            #expect(APIConfiguration(dataFolder: fixture.folder, adminToken: "").changes.burst == 100)
            try await fixture.add([.standard])
            let token = try await client.tokens(.standard).access
            for _ in 0..<20 {
                let answer = try await client.send(.patch, "/api/accounts/users/me/", as: token, json: [:])
                #expect(answer.status == 200)
            }
            let stopped = try await client.send(.patch, "/api/accounts/users/me/", as: token, json: [:])
            #expect(stopped.status == 429 && Int(stopped.headers[.retryAfter] ?? "") ?? 0 >= 1, "\(stopped)")
            #expect(try await client.send(.get, "/api/accounts/users/me/", as: token).status == 200)
            #expect(try await client.send(.post, "/api/m3u/refresh/", json: [:]).status == 202)
        }
    }

    @Test(arguments: [
        String(repeating: "[", count: 100_000), String(repeating: #"{"a":"#, count: 100_000),
        #"{"username":"# + String(repeating: "[", count: 3000),
        #"{"username":1e400,"password":"x"}"#, #"{"username":NaN,"password":"x"}"#,
        #"{"username":"a","username":"b","password":9223372036854775808}"#, #"{"username":"\ud800","password":"x"}"#,
        "{\"username\":\"a\u{0}b\",\"password\":\"x\"}", "[]", "null", "\"x\"", "",
    ])
    func `bodies that are meant to break the parser are answered with what is wrong`(body: String) async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let answer = try await client.send(
                .post, "/api/accounts/token/", body: body, headers: [.contentType: "application/json"], isAdmin: false)
            #expect([400, 401, 413].contains(answer.status), "\(answer)")
            #expect(answer.json["success"] == false && answer.code != nil)
            #expect(try await client.send(.get, "/health/live", isAdmin: false).status == 200)
        }
    }

    @Test func `a token that ends while its socket is open ends the socket`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let full = try await client.tokens(.standard).access
            let signer = WebTokenSigner(key: fixture.configuration.signingKey)
            let token = try #require(signer.read(full, as: .access))
            // As if it had been made half an hour ago, but for two seconds.
            let made = Date(timeIntervalSinceNow: 2 - 1800)
            let old = WebToken(.access, user: token.userID, session: token.session, now: made)
            let text = signer.text(of: old, now: made)
            try await WebSocketClient.with(port: try #require(client.port), path: "/ws/?token=\(text)") { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                let greeting = try await frames.next()
                let end = try await frames.next()
                #expect(greeting?.opcode == .text && end?.summary == "close 4401")
            }
        }
    }

    @Test func `a person's cookie opens a socket only for our own page`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let port = try #require(client.port)
            let login: JSONValue = ["username": "standard", "password": .string(Person.standard.password)]
            let answer = try await client.send(.post, "/api/auth/session/", json: login, isAdmin: false)
            let cookie = try #require(answer.cookie)
            for origin in [nil, "null", "https://evil.example", "http://localhost.evil.example", "http://127.0.0.1"] {
                let headers = [("Cookie", cookie)] + (origin.map { [("Origin", $0)] } ?? [])
                guard case .refused = try await WebSocketClient.connect(port: port, headers: headers) else {
                    Issue.record("let in: \(origin ?? "no origin")")
                    continue
                }
            }
            let own = [("Cookie", cookie), ("Origin", "http://127.0.0.1:\(port)")]
            try await WebSocketClient.with(port: port, headers: own) { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                let greeting = try await frames.next()
                #expect(greeting?.summary.contains("connection_established") == true)
            }
        }
    }
}
