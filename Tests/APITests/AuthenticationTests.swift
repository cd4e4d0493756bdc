import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

@Suite("Authentication", .timeLimit(.minutes(1))) struct AuthenticationTests {
    private func cookie(_ answer: Answer) throws -> String {
        let header = try #require(answer.headers[.setCookie])
        return String(header.prefix { $0 != ";" })
    }

    @Test func `a token is traded for a cookie that scripts cannot read`() async throws {
        try await APIFixture.withServer { fixture, client in
            let signedOut = try await client.send(.get, "/api/auth/session/", isAdmin: false)
            #expect(signedOut.json == ["success": true, "authenticated": false])
            let answer = try await client.send(
                .post, "/api/auth/session/", json: ["token": .string(APIFixture.token)], isAdmin: false)
            #expect(answer.status == 200)
            let header = try #require(answer.headers[.setCookie])
            #expect(header.contains("HttpOnly") && header.contains("SameSite=Strict") && header.contains("Path=/"))
            let cookie = try cookie(answer)
            let session = try await client.send(
                .get, "/api/auth/session/", headers: [.cookie: cookie], isAdmin: false)
            #expect(session.json["authenticated"] == true)
            #expect(session.json["user"]?["name"] == "admin")
            #expect(session.json["expires_in"]?.int ?? 0 > 600_000)
            let list = try await client.send(.get, "/api/tasks/", headers: [.cookie: cookie], isAdmin: false)
            #expect(list.status == 200)
        }
    }

    @Test func `signing out ends the session for every process`() async throws {
        try await APIFixture.withServer { fixture, client in
            let headers: HTTPFields = [.origin: "http://localhost"]
            let answer = try await client.send(
                .post, "/api/auth/session/", json: ["token": .string(APIFixture.token)], headers: headers,
                isAdmin: false)
            var signedIn = headers
            signedIn[.cookie] = try cookie(answer)
            let out = try await client.send(.delete, "/api/auth/session/", headers: signedIn, isAdmin: false)
            #expect(out.status == 200)
            #expect(out.headers[.setCookie]?.contains("Max-Age=0") == true)
            #expect(try await client.send(.get, "/api/tasks/", headers: signedIn, isAdmin: false).status == 401)
        }
    }

    @Test func `signing in again never keeps the old session`() async throws {
        try await APIFixture.withServer { fixture, client in
            let body: JSONValue = ["token": .string(APIFixture.token)]
            let first = try cookie(try await client.send(.post, "/api/auth/session/", json: body, isAdmin: false))
            let second = try cookie(
                try await client.send(
                    .post, "/api/auth/session/", json: body, headers: [.cookie: first], isAdmin: false))
            #expect(first != second)
            #expect(try await client.send(.get, "/api/tasks/", headers: [.cookie: first], isAdmin: false).status == 401)
            #expect(
                try await client.send(.get, "/api/tasks/", headers: [.cookie: second], isAdmin: false).status == 200)
        }
    }

    @Test func `a wrong token is refused, wherever it is put`() async throws {
        try await APIFixture.withServer { fixture, client in
            var oneBit = Array(APIFixture.token.utf8)
            oneBit[3] ^= 1
            for token in ["", "wrong", String(decoding: oneBit, as: UTF8.self), String(repeating: "x", count: 10_240)] {
                for headers: HTTPFields in [
                    [.authorization: "Bearer \(token)"], [.authorization: token], [.apiKey: token],
                    [.authorization: "Basic \(token)"], [.cookie: "skirret_session=\(token)"],
                ] {
                    let answer = try await client.send(.get, "/api/tasks/", headers: headers, isAdmin: false)
                    #expect(answer.status == 401 && answer.code == "not_authenticated", "\(headers)")
                }
                let signIn = try await client.send(
                    .post, "/api/auth/session/", json: ["token": .string(token)], isAdmin: false)
                #expect([401, 413, 429].contains(signIn.status))
            }
            let query = try await client.send(.get, "/api/tasks/?token=\(APIFixture.token)", isAdmin: false)
            #expect(query.status == 401)
        }
    }

    @Test func `guessing is slowed down, by address`() async throws {
        try await APIFixture.withServer { fixture, client in
            var statuses: [Int] = []
            for _ in 0..<12 {
                let answer = try await client.send(
                    .post, "/api/auth/session/", json: ["token": "guess"], isAdmin: false)
                statuses.append(answer.status)
                if answer.status == 429 { #expect(answer.headers[.retryAfter] != nil) }
            }
            #expect(statuses.prefix(10).allSatisfy { $0 == 401 } && statuses.suffix(2) == [429, 429])
            // Who knows the token is not kept out by others' guesses.
            let right = try await client.send(
                .post, "/api/auth/session/", json: ["token": .string(APIFixture.token)], isAdmin: false)
            #expect(right.status == 200)
        }
    }

    @Test func `a caller who changes things without pause is told to wait`() throws {
        let budget = RequestBudget(burst: 100, perSecond: 50)
        let now = ContinuousClock.now
        for _ in 0..<100 { try budget.spend("a", now: now) }
        #expect(throws: APIError.self) { try budget.spend("a", now: now) }
        try budget.spend("b", now: now)
        try budget.spend("a", now: now + .milliseconds(20))
        #expect(throws: APIError.self) { try budget.spend("a", now: now + .milliseconds(20)) }
    }

    @Test func `every spelling of the right token is accepted`() async throws {
        try await APIFixture.withServer { fixture, client in
            for headers: HTTPFields in [
                [.authorization: "Bearer \(APIFixture.token)"], [.authorization: "bearer  \(APIFixture.token) "],
                [.authorization: "ApiKey \(APIFixture.token)"], [.apiKey: APIFixture.token],
            ] {
                let answer = try await client.send(.get, "/api/tasks/", headers: headers, isAdmin: false)
                #expect(answer.status == 200)
            }
        }
    }

    @Test func `a cookie counts for nothing unless the page was ours`() async throws {
        try await APIFixture.withServer { fixture, client in
            let answer = try await client.send(
                .post, "/api/auth/session/", json: ["token": .string(APIFixture.token)], isAdmin: false)
            let cookie = try cookie(answer)
            let refused: [HTTPFields] = [
                [:], [.origin: "null"], [.origin: "https://evil.example"], [.origin: "http://localhost.evil.example"],
                [.origin: "http://localhost", .secFetchSite: "cross-site"],
                [.origin: "http://localhost", .secFetchSite: "same-site"],
            ]
            for headers in refused {
                var headers = headers
                headers[.cookie] = cookie
                let answer = try await client.send(
                    .post, "/api/m3u/refresh/", json: [:], headers: headers, isAdmin: false)
                #expect(answer.status == 403 && answer.code == "cross_site_request", "\(headers)")
            }
            let own: HTTPFields = [.cookie: cookie, .origin: "http://localhost", .secFetchSite: "same-origin"]
            let accepted = try await client.send(.post, "/api/m3u/refresh/", json: [:], headers: own, isAdmin: false)
            #expect(accepted.status == 202)
        }
    }

    @Test func `a foreign page cannot sign a browser in, nor use a stolen token`() async throws {
        try await APIFixture.withServer { fixture, client in
            let headers: HTTPFields = [.origin: "https://evil.example"]
            let signIn = try await client.send(
                .post, "/api/auth/session/", json: ["token": .string(APIFixture.token)], headers: headers,
                isAdmin: false)
            #expect(signIn.status == 403)
            #expect(try await client.send(.post, "/api/m3u/refresh/", json: [:], headers: headers).status == 403)
        }
    }

    @Test func `a form that a foreign page can send is not read as JSON`() async throws {
        try await APIFixture.withServer { fixture, client in
            let answer = try await client.send(
                .post, "/api/epg/import/", body: #"{"id":1}"#, headers: [.contentType: "text/plain"])
            #expect(answer.status == 415 && answer.code == "unsupported_media_type")
        }
    }
}
