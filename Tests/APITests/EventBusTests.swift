import CeleryProtocol
import SkirretRedis
import SkirretTesting
import Testing

@testable import API

@Suite("Event bus", .timeLimit(.minutes(1))) struct EventBusTests {
    @Test func `an event is remembered before it is told, and nothing else is touched`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let listener = RedisSubscriber(url)
            let bus = EventBus(redis: redis, subscriber: listener, logger: APIFixture.logger)
            let payload = try await listener.withSubscription(channels: [Keys.events]) { messages -> [UInt8] in
                for try await message in messages {
                    switch message {
                    case .subscribed: try await bus.publish(["type": "x", "list": [], "big": 9_007_199_254_740_993])
                    case .message(_, let payload): return payload
                    }
                }
                return []
            }
            let keys = try await redis.send("KEYS", "*").array?.compactMap(\.string)
            #expect(keys?.sorted() == [Keys.eventEpoch, Keys.eventHistory])
            let epoch = try #require(try await redis.send("GET", .init(Keys.eventEpoch)).string)
            let entry = try await redis.send("XRANGE", .init(Keys.eventHistory), "-", "+").array?.first?.array
            let id = try #require(entry?.first?.string)
            let data = #"{"type":"x","list":[],"big":9007199254740993}"#
            #expect(entry?.last?.array?.map { $0.string ?? "" } == ["topic", "\"updates\"", "data", data])
            #expect(
                String(decoding: payload, as: UTF8.self)
                    == #"{"id":"\#(id)","epoch":"\#(epoch)","topic":"updates","data":\#(data)}"#)
            await listener.close()
            await redis.close()
        }
    }

    @Test func `the history is kept short`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let bus = EventBus(redis: redis, subscriber: RedisSubscriber(url), logger: APIFixture.logger)
            for number in 0..<1000 { try await bus.publish(["n": .int(number)]) }
            let length = try await redis.send("XLEN", .init(Keys.eventHistory)).int ?? 0
            #expect((EventBus.historyLength...(EventBus.historyLength + 100)).contains(length))
            await redis.close()
        }
    }

    @Test func `an emptied history begins a new epoch, and only then`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let bus = EventBus(redis: redis, subscriber: RedisSubscriber(url), logger: APIFixture.logger)
            var epochs: [String?] = []
            for number in 0..<4 {
                if number == 2 { _ = try await redis.send("FLUSHALL") }
                try await bus.publish(["n": .int(number)])
                epochs.append(try await redis.send("GET", .init(Keys.eventEpoch)).string)
            }
            #expect(epochs[0] == epochs[1] && epochs[2] == epochs[3] && epochs[1] != epochs[2])
            await redis.close()
        }
    }
}
