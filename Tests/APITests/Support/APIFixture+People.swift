import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

/// The people whom tests sign in.
enum Person: String, CaseIterable {
    case streamer
    case standard
    case admin

    var level: UserLevel {
        switch self {
        case .streamer: .streamer
        case .standard: .standard
        case .admin: .admin
        }
    }

    var password: String { "correct horse \(rawValue)" }
}

extension APIFixture {
    /// Puts people into the table, as an administrator would.
    func add(_ people: [Person] = Person.allCases) async throws {
        for person in people {
            var change = UserChange()
            change.username = person.rawValue
            change.password = PasswordHash(hashing: person.password, iterations: 1000).encoded
            change.level = person.level
            _ = try await services.catalog.users.insert(change)
        }
    }
}

extension TestClientProtocol {
    /// Access and refresh token of a person.
    func tokens(_ person: Person, password: String? = nil) async throws -> (access: String, refresh: String) {
        let answer = try await send(
            .post, "/api/accounts/token/",
            json: ["username": .string(person.rawValue), "password": .string(password ?? person.password)],
            isAdmin: false)
        let access = try #require(answer.json["access"]?.string, "\(answer)")
        return (access, try #require(answer.json["refresh"]?.string))
    }

    /// One request with a bearer token.
    func send(
        _ method: HTTPRequest.Method, _ path: String, as token: String, json: JSONValue? = nil
    ) async throws -> Answer {
        try await send(method, path, json: json, headers: [.authorization: "Bearer \(token)"], isAdmin: false)
    }
}

extension Answer {
    /// The cookie that an answer sets, as a browser sends it back.
    var cookie: String? { headers[.setCookie].map { String($0.prefix { $0 != ";" }) } }
}
