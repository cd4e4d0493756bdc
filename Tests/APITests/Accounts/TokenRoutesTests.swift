import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import SkirretRedis
import Testing

@testable import API

@Suite("Tokens", .timeLimit(.minutes(1))) struct TokenRoutesTests {
    @Test func `a name and a password give the two tokens that Dispatcharr's clients expect`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            for path in ["/api/accounts/token/", "/api/accounts/auth/login/"] {
                let answer = try await client.send(
                    .post, path, json: ["username": "standard", "password": .string(Person.standard.password)],
                    isAdmin: false)
                #expect(answer.status == 200 && answer.json.object?.count == 2)
                let access = try #require(answer.json["access"]?.string)
                let me = try await client.send(.get, "/api/accounts/users/me/", as: access)
                #expect(me.status == 200 && me.json["username"] == "standard" && me.json["user_level"] == 1)
                #expect(me.json["password"] == nil)
            }
            let user = try await fixture.services.catalog.users.find(username: "standard")
            #expect(user?.lastLogin != nil)
            let types = try await fixture.services.catalog.systemEvents.latest().map(\.type)
            #expect(types == ["login_success", "login_success"])
        }
    }

    @Test func `a wrong name and a wrong password are answered the same`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            for (name, password) in [
                ("standard", "wrong"), ("Standard", Person.standard.password), ("nobody", "wrong"),
                ("standard", Person.standard.password + String(repeating: "x", count: 2000)),
                ("standard\u{0}x", Person.standard.password),
            ] {
                let answer = try await client.send(
                    .post, "/api/accounts/token/", json: ["username": .string(name), "password": .string(password)],
                    isAdmin: false)
                #expect(answer.status == 401 && answer.code == "no_active_account", "\(answer)")
                #expect(answer.json["detail"] == "No active account found with the given credentials")
            }
            let details = try await fixture.services.catalog.systemEvents.latest()
            #expect(details.count == 5 && details.allSatisfy { $0.type == "login_failed" })
            #expect(details.allSatisfy { !JSONValue.object($0.details).text.contains("correct horse") })
            for body: JSONValue in [[:], ["username": "standard"], ["username": 1, "password": []]] {
                let answer = try await client.send(.post, "/api/accounts/token/", json: body, isAdmin: false)
                #expect(answer.status == 400 && answer.code == "invalid_fields")
            }
        }
    }

    @Test func `whoever is no longer active stays outside, at once`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let tokens = try await client.tokens(.standard)
            let users = fixture.services.catalog.users
            var change = UserChange()
            change.isActive = false
            try await users.update(try #require(try await users.find(username: "standard")).id, change)
            #expect(try await client.send(.get, "/api/queues/", as: tokens.access).status == 401)
            let again = try await client.send(
                .post, "/api/accounts/token/",
                json: ["username": "standard", "password": .string(Person.standard.password)], isAdmin: false)
            #expect(again.status == 401)
        }
    }

    @Test func `a refresh token gives a new access token, to those who keep the old one too`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let first = try await client.tokens(.standard)
            // Dispatcharr's own page never looks at the second token it gets.
            for _ in 0..<3 {
                let answer = try await client.send(
                    .post, "/api/accounts/token/refresh/", json: ["refresh": .string(first.refresh)], isAdmin: false)
                let access = try #require(answer.json["access"]?.string)
                #expect(try await client.send(.get, "/api/queues/", as: access).status == 200)
            }
        }
    }

    @Test func `a refresh token that was replaced and comes back ends the session for everybody`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let first = try await client.tokens(.standard)
            let path = "/api/accounts/token/refresh/"
            let second = try await client.send(.post, path, json: ["refresh": .string(first.refresh)], isAdmin: false)
            let refresh = try #require(second.json["refresh"]?.string)
            #expect(refresh != first.refresh)
            let third = try await client.send(.post, path, json: ["refresh": .string(refresh)], isAdmin: false)
            let access = try #require(third.json["access"]?.string)
            #expect(try await client.send(.get, "/api/queues/", as: access).status == 200)
            let stolen = try await client.send(.post, path, json: ["refresh": .string(first.refresh)], isAdmin: false)
            #expect(stolen.status == 401 && stolen.code == "token_not_valid" && stolen.json["detail"] != nil)
            #expect(try await client.send(.get, "/api/queues/", as: access).status == 401)
            let last = try #require(third.json["refresh"]?.string)
            #expect(try await client.send(.post, path, json: ["refresh": .string(last)], isAdmin: false).status == 401)
        }
    }

    @Test func `an access token refreshes nothing, and a refresh token opens nothing`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let tokens = try await client.tokens(.standard)
            #expect(try await client.send(.get, "/api/queues/", as: tokens.refresh).status == 401)
            for body: JSONValue in [["refresh": .string(tokens.access)], ["refresh": "x"]] {
                let answer = try await client.send(
                    .post, "/api/accounts/token/refresh/", json: body, isAdmin: false)
                #expect(answer.status == 401 && answer.code == "token_not_valid")
            }
            let empty = try await client.send(.post, "/api/accounts/token/refresh/", json: [:], isAdmin: false)
            #expect(empty.status == 400)
            let headers: HTTPFields = [.apiKey: tokens.access]
            #expect(try await client.send(.get, "/api/queues/", headers: headers, isAdmin: false).status == 401)
        }
    }

    @Test func `logging out ends both tokens of the session, and no other session`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let (here, there) = (try await client.tokens(.standard), try await client.tokens(.standard))
            let out = try await client.send(.post, "/api/accounts/auth/logout/", as: here.access, json: [:])
            #expect(out.status == 200 && out.json == ["message": "Logout successful"])
            #expect(try await client.send(.get, "/api/queues/", as: here.access).status == 401)
            let refresh = try await client.send(
                .post, "/api/accounts/token/refresh/", json: ["refresh": .string(here.refresh)], isAdmin: false)
            #expect(refresh.status == 401)
            #expect(try await client.send(.get, "/api/queues/", as: there.access).status == 200)
        }
    }

    @Test func `nothing in Redis opens a session`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.admin])
            _ = try await client.tokens(.admin)
            let keys = try await fixture.services.redis.send("KEYS", "skirret:api:session:*").array ?? []
            let names = keys.compactMap(\.string).compactMap { $0.split(separator: ":").last.map(String.init) }
            #expect(names.count == 1)
            for name in names {
                let answer = try await client.send(
                    .get, "/api/queues/", headers: [.cookie: "skirret_session=\(name)"], isAdmin: false)
                #expect(answer.status == 401)
            }
        }
    }
}
