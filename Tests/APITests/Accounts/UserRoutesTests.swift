import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOWebSocket
import SkirretRedis
import Testing

@testable import API

@Suite("Users", .timeLimit(.minutes(1))) struct UserRoutesTests {
    private let path = "/api/accounts/users/"

    @Test func `an administrator makes, changes and removes people`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.admin])
            let made = try await client.send(
                .post, path,
                json: [
                    "username": "sam", "password": "a long password", "user_level": 1, "email": "sam@example.org",
                    "custom_properties": ["xc_password": "abc", "navOrder": ["channels"]], "api_key": "mine",
                ])
            #expect(made.status == 201 && made.json["user_level"] == 1, "\(made)")
            #expect(made.json["api_key"] == .null && made.json["has_api_key"] == false)
            #expect(made.text.contains("pbkdf2") == false && made.text.contains("a long password") == false)
            let id = try #require(made.json["id"]?.int)
            let changed = try await client.send(
                .patch, "\(path)\(id)/", json: ["custom_properties": ["xc_password": nil, "theme": "dark"]])
            #expect(changed.json["custom_properties"] == ["navOrder": ["channels"], "theme": "dark"], "\(changed)")
            let list = try await client.send(.get, path)
            #expect(list.json.array?.map { $0["username"] } == ["admin", "sam"])
            #expect(try await client.send(.delete, "\(path)\(id)/").status == 204)
            #expect(try await client.send(.get, "\(path)\(id)/").status == 404)
        }
    }

    @Test(
        arguments: [
            ["username": "sam", "password": "short"], ["username": "", "password": "a long password"],
            ["username": "sam sam", "password": "a long password"],
            ["username": "s\u{e4}m", "password": "a long password"],
            ["username": "admin", "password": "a long password"], ["password": "a long password"], ["username": "sam"],
            ["username": "sam", "password": "a long password", "user_level": 5],
            ["username": "sam", "password": "a long password", "user_level": "root"],
            ["username": "sam", "password": "a long password", "channel_profiles": [99]],
            ["username": "sam", "password": "a long password", "channel_profiles": "all"],
            ["username": "sam", "password": "a long password", "email": "nobody"],
            ["username": "sam", "password": "a long password", "stream_limit": -1],
            ["username": "sam", "password": "a long password", "custom_properties": ["xc_password": "a b"]],
            ["username": "sam", "password": "a long password", "custom_properties": []],
        ] as [JSONValue])
    func `what makes no sense is refused, with its field`(body: JSONValue) async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.admin])
            let answer = try await client.send(.post, path, json: body)
            #expect([400, 409].contains(answer.status), "\(answer)")
            #expect(["invalid_fields", "duplicate"].contains(answer.code), "\(answer)")
            #expect(try await fixture.services.catalog.users.all().count == 1)
        }
    }

    @Test func `people change about themselves what is theirs, and nothing else`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard, .admin])
            let token = try await client.tokens(.standard).access
            let answer = try await client.send(
                .patch, "\(path)me/", as: token,
                json: [
                    "first_name": "Sam", "user_level": 10, "is_superuser": true, "username": "root", "id": 99,
                    "stream_limit": 0, "channel_profiles": [], "__proto__": ["user_level": 10],
                    "custom_properties": ["theme": "dark", "xc_password": "mine", "allowed_networks": "0.0.0.0/0"],
                ])
            #expect(answer.status == 200 && answer.json["first_name"] == "Sam", "\(answer)")
            #expect(answer.json["user_level"] == 1 && answer.json["is_superuser"] == false)
            #expect(answer.json["username"] == "standard")
            #expect(answer.json["custom_properties"] == ["theme": "dark"])
        }
    }

    @Test func `a new password ends every session, closes the sockets, and gives this browser a new cookie`()
        async throws
    {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            try await fixture.withEvents {
                let port = try #require(client.port)
                let login: JSONValue = ["username": "standard", "password": .string(Person.standard.password)]
                let signIn = try await client.send(.post, "/api/auth/session/", json: login, isAdmin: false)
                let cookie = try #require(signIn.cookie)
                let tokens = try await client.tokens(.standard)
                let bearer = [("Authorization", "Bearer \(tokens.access)")]
                try await WebSocketClient.with(port: port, headers: bearer) { inbound, _ in
                    var frames = inbound.makeAsyncIterator()
                    #expect(try await frames.next()?.opcode == .text)
                    let change = try await client.send(
                        .patch, "/api/accounts/users/me/", json: ["password": "another long password"],
                        headers: [.cookie: cookie, .origin: "http://localhost"], isAdmin: false)
                    #expect(change.status == 200)
                    #expect(try await frames.next()?.summary == "close 4401")
                    let fresh = try #require(change.cookie)
                    #expect(fresh != cookie)
                    let now = try await client.send(
                        .get, "/api/queues/", headers: [.cookie: fresh], isAdmin: false)
                    #expect(now.status == 200)
                }
                let old = try await client.send(.get, "/api/queues/", headers: [.cookie: cookie], isAdmin: false)
                #expect(old.status == 401)
                #expect(try await client.send(.get, "/api/queues/", as: tokens.access).status == 401)
                let refresh = try await client.send(
                    .post, "/api/accounts/token/refresh/", json: ["refresh": .string(tokens.refresh)], isAdmin: false)
                #expect(refresh.status == 401)
                _ = try await client.tokens(.standard, password: "another long password")
            }
        }
    }

    @Test func `the last administrator stays one`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.admin, .standard])
            let id = try #require(try await fixture.services.catalog.users.find(username: "admin")).id
            for body: JSONValue in [["user_level": 1], ["is_active": false]] {
                let answer = try await client.send(.patch, "\(path)\(id)/", json: body)
                #expect(answer.status == 403 && answer.code == "locked", "\(answer)")
            }
            #expect(try await client.send(.delete, "\(path)\(id)/").status == 403)
            let token = try await client.tokens(.admin).access
            #expect(try await client.send(.delete, "\(path)\(id)/", as: token).code == "own_account")
        }
    }

    @Test func `a key works in all its spellings, is told once, and is kept as a digest`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let token = try await client.tokens(.standard).access
            let made = try await client.send(.post, "/api/accounts/api-keys/generate/", as: token, json: [:])
            let key = try #require(made.json["key"]?.string)
            #expect(made.status == 201 && key.count == 54 && made.json["user"]?["has_api_key"] == true)
            for headers: HTTPFields in [
                [.apiKey: key], [.authorization: "ApiKey \(key)"], [.authorization: "apikey \(key)"],
            ] {
                #expect(try await client.send(.get, "/api/queues/", headers: headers, isAdmin: false).status == 200)
            }
            let stored = try #require(try await fixture.services.catalog.users.find(username: "standard")?.apiKey)
            #expect(stored.hasPrefix("sha256$") && !stored.contains(key))
            for stolen in [stored, String(stored.dropFirst(7)), "", "x"] {
                let headers: HTTPFields = [.apiKey: stolen]
                #expect(try await client.send(.get, "/api/queues/", headers: headers, isAdmin: false).status == 401)
            }
            let show = try await client.send(.get, "/api/accounts/api-keys/", as: token)
            #expect(show.json == ["key": nil, "has_api_key": true])
            #expect(try await client.send(.post, "/api/accounts/api-keys/revoke/", as: token, json: [:]).status == 200)
            #expect(try await client.send(.get, "/api/queues/", headers: [.apiKey: key], isAdmin: false).status == 401)
        }
    }

    @Test func `a key that Dispatcharr wrote goes on working, and is a digest from then on`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let users = fixture.services.catalog.users
            let id = try #require(try await users.find(username: "standard")).id
            let key = "Zm9vYmFyYmF6cXV4_Zm9vYmFyYmF6cXV4-Zm9v"
            try await users.setAPIKey(id, key)
            for _ in 0..<2 {
                #expect(
                    try await client.send(.get, "/api/queues/", headers: [.apiKey: key], isAdmin: false).status == 200)
                #expect(try await users.find(id)?.apiKey == APIKey.stored(key))
            }
        }
    }

    @Test func `keys of others are an administrator's affair`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add()
            let id = try #require(try await fixture.services.catalog.users.find(username: "admin")).id
            let token = try await client.tokens(.standard).access
            for verb in ["generate", "revoke"] {
                let answer = try await client.send(
                    .post, "/api/accounts/api-keys/\(verb)/", as: token, json: ["user_id": .int(id)])
                #expect(answer.status == 403)
            }
            let made = try await client.send(
                .post, "/api/accounts/api-keys/generate/", json: ["user_id": .int(id)])
            #expect(made.status == 201)
            let nobody = try await client.send(.post, "/api/accounts/api-keys/generate/", json: [:])
            #expect(nobody.status == 400 && nobody.code == "no_account")
            let missing = try await client.send(.post, "/api/accounts/api-keys/generate/", json: ["user_id": 999])
            #expect(missing.status == 404)
        }
    }
}
