import CeleryProtocol
import Foundation
import SkirretRedis
import Testing

@testable import Skirret

@Suite("Producer", .timeLimit(.minutes(1))) struct ProducerTests {
    @Test func `a delayed call's times are reckoned from Redis's clock`() async throws {
        try await withQueue { queue in
            let now = try await queue.brokerTime()
            var options = CallOptions()
            options.countdown = .seconds(60)
            options.expiresIn = .seconds(90)
            let id = try await queue.send("samples.add", options: options)
            let held = try await queue.redis.send("HGET", "skirret:scheduled:messages", .init(id.rawValue)).string ?? ""
            let message = try TaskMessage(decoding: Array(held.drop { $0 != "{" }.utf8))
            let eta = try #require(message.headers.eta)
            #expect(abs(eta.timeIntervalSince(now) - 60) < 5)
            #expect(abs((message.headers.expires ?? .distantPast).timeIntervalSince(eta) - 30) < 0.01)
            let due = try await queue.redis.send("ZSCORE", "skirret:scheduled", .init(id.rawValue)).string.flatMap(
                Double.init)
            #expect(abs((due ?? 0) / 1000 - eta.timeIntervalSince1970) < 5)
        }
    }

    @Test func `a time that has passed is no delay`() async throws {
        try await withQueue { queue in
            var options = CallOptions()
            options.eta = Date(timeIntervalSinceNow: -5)
            _ = try await queue.send("samples.add", options: options)
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
        }
    }

    @Test func `two calls with one id are one`() async throws {
        try await withQueue { queue in
            var options = CallOptions()
            options.id = "the same"
            for _ in 0..<2 { _ = try await queue.send("samples.add", options: options) }
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
        }
    }
}
