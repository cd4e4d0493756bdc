import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

@Suite("Groups and permissions", .timeLimit(.minutes(5))) struct GroupRoutesTests {
    private let path = "/api/accounts/groups/"

    @Test func `an administrator makes, changes and removes groups`() async throws {
        try await APIFixture.withServer { fixture, client in
            let permissions = try await client.send(.get, "/api/accounts/permissions/")
            let first = try #require(permissions.json[0])
            #expect(first["id"]?.int != nil && first["codename"]?.string != nil && first["name"]?.string != nil)
            let id = try #require(first["id"])
            let made = try await client.send(.post, path, json: ["name": " family ", "permissions": [id]])
            let group = try #require(made.json["id"]?.int, "\(made)")
            #expect(made.status == 201 && made.json["name"] == "family" && made.json["permissions"] == [id])
            #expect(try await client.send(.get, path).json == [made.json])
            #expect(try await client.send(.get, "\(path)\(group)/").json == made.json)
            let renamed = try await client.send(.patch, "\(path)\(group)/", json: ["name": "friends"])
            #expect(renamed.json["name"] == "friends" && renamed.json["permissions"] == [id])
            let emptied = try await client.send(
                .put, "\(path)\(group)/", json: ["name": "friends", "permissions": []])
            #expect(emptied.json["permissions"] == [])
            #expect(try await client.send(.delete, "\(path)\(group)/").status == 204)
            #expect(try await client.send(.get, "\(path)\(group)/").status == 404)
            #expect(try await client.send(.patch, "\(path)\(group)/", json: ["name": "x"]).status == 404)
        }
    }

    @Test(
        arguments: [
            [:], ["name": "x"], ["permissions": []], ["name": "", "permissions": []],
            ["name": "x", "permissions": [0]],
            ["name": "x", "permissions": ["add_user"]], ["name": "x", "permissions": 7],
            ["name": 7, "permissions": []],
            ["name": .string(String(repeating: "x", count: 151)), "permissions": []],
        ] as [JSONValue])
    func `what is no group is refused, with its field`(body: JSONValue) async throws {
        try await APIFixture.withServer { fixture, client in
            let answer = try await client.send(.post, path, json: body)
            #expect(answer.status == 400 && answer.code == "invalid_fields", "\(answer)")
            #expect(try await fixture.services.catalog.groups.all().isEmpty)
        }
    }

    @Test func `a group gives nobody a right here`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let all = try await fixture.services.catalog.groups.permissions().map(\.id)
            _ = try await fixture.services.catalog.groups.insert(name: "all", permissions: all)
            let token = try await client.tokens(.standard).access
            for (method, path) in [
                (HTTPRequest.Method.get, path), (.post, path), (.get, "/api/accounts/permissions/"),
                (.get, "/api/accounts/users/"),
            ] {
                #expect(try await client.send(method, path, as: token).status == 403)
            }
        }
    }
}
