import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import SkirretRedis
import SkirretTesting
import Testing

@testable import API

@Suite("Login throttle", .timeLimit(.minutes(1))) struct LoginThrottleTests {
    /// How many of so many attempts were let through.
    private func tries(_ count: Int, _ body: (Int) async throws -> Void) async throws -> Int {
        var passed = 0
        for number in 0..<count {
            do {
                try await body(number)
                passed += 1
            } catch let error as APIError {
                #expect(error.status == .tooManyRequests && Int(error.headers[.retryAfter] ?? "") ?? 0 >= 1)
            }
        }
        return passed
    }

    private func withThrottle(_ body: (LoginThrottle) async throws -> Void) async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            try await body(LoginThrottle(redis: redis))
            await redis.close()
        }
    }

    @Test func `a thousand guesses at one account are six, and its owner comes in from elsewhere`() async throws {
        try await withThrottle { throttle in
            let passed = try await tries(1000) { _ in
                _ = try await throttle.spend(username: "sam", address: "203.0.113.9")
            }
            #expect((6...9).contains(passed), "\(passed)")
            let attempt = try await throttle.spend(username: "sam", address: "192.168.1.20")
            try await throttle.succeeded(attempt)
        }
    }

    @Test func `one guess at each of a thousand accounts is thirty`() async throws {
        try await withThrottle { throttle in
            let passed = try await tries(1000) { number in
                _ = try await throttle.spend(username: "user\(number)", address: "203.0.113.9")
            }
            #expect((30...40).contains(passed), "\(passed)")
            _ = try await throttle.spend(username: "sam", address: "192.168.1.20")
        }
    }

    @Test func `a thousand addresses are stopped too, but not the one that is known`() async throws {
        try await withThrottle { throttle in
            try await throttle.succeeded(try await throttle.spend(username: "sam", address: "192.168.1.20"))
            let passed = try await tries(300) { number in
                _ = try await throttle.spend(username: "sam", address: "203.0.\(number / 250).\(number % 250)")
            }
            #expect((59...62).contains(passed), "\(passed)")
            try await throttle.succeeded(try await throttle.spend(username: "sam", address: "192.168.1.20"))
        }
    }

    @Test func `a network of IPv6 is one address`() async throws {
        try await withThrottle { throttle in
            let passed = try await tries(50) { number in
                _ = try await throttle.spend(username: "sam", address: "2001:db8::\(number + 1)")
            }
            #expect((6...7).contains(passed), "\(passed)")
            _ = try await throttle.spend(username: "sam", address: "2001:db8:0:1::1")
        }
    }

    @Test func `who is right as often as they like is never slowed down`() async throws {
        try await withThrottle { throttle in
            for _ in 0..<100 {
                try await throttle.succeeded(try await throttle.spend(username: "sam", address: "192.168.1.20"))
            }
            let left = try await throttle.redis.send("KEYS", "skirret:api:logins:[apc]*").array ?? []
            #expect(left.isEmpty, "budgets that are full are forgotten")
        }
    }

    @Test func `attempts at the same instant do not all find the last one`() async throws {
        try await withThrottle { throttle in
            let passed = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<60 {
                    group.addTask { (try? await throttle.spend(username: "sam", address: "::1")) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect((6...7).contains(passed), "\(passed)")
        }
    }

    @Test func `over HTTP the answer says when to come back, and Redis' loss opens nothing`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let body: JSONValue = ["username": "standard", "password": "wrong"]
            var statuses: [Int] = []
            for path in ["/api/accounts/token/", "/api/auth/session/"] {
                for _ in 0..<4 {
                    let answer = try await client.send(.post, path, json: body, isAdmin: false)
                    statuses.append(answer.status)
                    if answer.status == 429 {
                        #expect(answer.code == "too_many_attempts")
                        #expect(Int(answer.headers[.retryAfter] ?? "") ?? 0 >= 1)
                    }
                }
            }
            #expect(statuses == [401, 401, 401, 401, 401, 401, 429, 429])
            await fixture.services.redis.close()
            let answer = try await client.send(.post, "/api/accounts/token/", json: body, isAdmin: false)
            #expect(answer.status == 503 && answer.code == "broker_unavailable")
        }
    }
}
