import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

@Suite("Set-up", .timeLimit(.minutes(1))) struct SetupTests {
    private let path = "/api/accounts/initialize-superuser/"
    private let body: JSONValue = ["username": "sam", "password": "a long password", "email": "sam@example.org"]

    private func header(_ name: String, _ value: String) throws -> HTTPFields {
        [try #require(HTTPField.Name(name)): value]
    }

    @Test func `the first administrator is made once, from close by`() async throws {
        try await APIFixture.withServer { fixture, client in
            let before = try await client.send(.get, path, isAdmin: false)
            #expect(before.json == ["superuser_exists": false, "client_ip": "127.0.0.1", "setup_allowed": true])
            let weak = try await client.send(
                .post, path, json: ["username": "sam", "password": "short"], isAdmin: false)
            #expect(weak.status == 400)
            #expect(try await client.send(.post, path, json: body, isAdmin: false).json == ["superuser_exists": true])
            let user = try #require(try await fixture.services.catalog.users.find(username: "sam"))
            #expect(user.level == .admin && user.isSuperuser && user.isStaff && user.isActive)
            #expect(try await client.send(.get, path, isAdmin: false).json == ["superuser_exists": true])
            let again = try await client.send(
                .post, path, json: ["username": "eve", "password": "a long password"], isAdmin: false)
            #expect(again.json == ["superuser_exists": true])
            #expect(try await fixture.services.catalog.users.all().count == 1)
        }
    }

    @Test func `of many at the same instant one becomes administrator`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let answer = try await client.send(
                            .post, path, json: ["username": .string("user\(number)"), "password": "a long password"],
                            isAdmin: false)
                        #expect(answer.status == 200)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.services.catalog.users.all().count == 1)
        }
    }

    @Test func `from behind a proxy or through a foreign name the administrator's token is needed`() async throws {
        try await APIFixture.withServer { fixture, client in
            for (name, value) in [
                ("X-Forwarded-For", "192.168.1.1"), ("Forwarded", "for=127.0.0.1"), ("X-Real-IP", "127.0.0.1"),
            ] {
                let headers = try header(name, value)
                let answer = try await client.send(.post, path, json: body, headers: headers, isAdmin: false)
                #expect(answer.status == 403 && answer.code == "setup_forbidden")
                #expect(
                    try await client.send(.get, path, headers: headers, isAdmin: false).json["setup_allowed"] == false)
            }
            var proof = try #require(body.object)
            proof["token"] = "guess"
            let forwarded = try header("X-Forwarded-For", "203.0.113.9")
            #expect(
                try await client.send(.post, path, json: .object(proof), headers: forwarded, isAdmin: false).status
                    == 403)
            proof["token"] = .string(APIFixture.token)
            #expect(
                try await client.send(.post, path, json: .object(proof), headers: forwarded, isAdmin: false).status
                    == 200)
        }
    }

    @Test(arguments: [
        ("127.0.0.1", "localhost:9191", true), ("::1", "[::1]:9191", true), ("192.168.1.7", "192.168.1.2:9191", true),
        ("172.31.0.1", "172.31.0.2", true), ("fd00::7", "[fd00::1]", true), ("fe80::1", "[fe80::2]:9191", true),
        ("::ffff:10.0.0.7", "10.0.0.1", true),
        ("203.0.113.9", "198.51.100.1", false), ("172.32.0.1", "10.0.0.1", false), ("2001:db8::1", "[::1]", false),
        ("::ffff:8.8.8.8", "10.0.0.1", false), ("local", "localhost", false), ("", "", false),
        ("127.0.0.1", "evil.example", false), ("127.0.0.1", "evil.example:9191", false),
        ("127.0.0.1", "127.0.0.1.evil.example", false), ("127.0.0.1", "localhost.evil.example", false),
    ])
    func `close by is a private address, reached by its number`(peer: String, host: String, isOpen: Bool) {
        #expect(SetupDoor.isOpen(peer: peer, host: host, headers: [:]) == isOpen)
    }
}
