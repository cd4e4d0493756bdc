import SkirretRedis
import SkirretTesting
import Testing

@Suite("RedisScript", .timeLimit(.minutes(1))) struct RedisScriptTests {
    private static let append = RedisScript(
        name: "append", source: Array("return redis.call('RPUSH', KEYS[1], unpack(ARGV))".utf8))

    @Test func `a script gets its keys and arguments`() async throws {
        try await ThrowawayRedis.withServer { url async throws in
            let redis = RedisClient(url)
            #expect(try await redis.run(Self.append, keys: ["list"], arguments: ["a", 2]).int == 2)
            #expect(try await redis.send("LRANGE", "list", 0, -1).array?.map(\.string) == ["a", "2"])
        }
    }

    @Test func `a script survives that Redis forgets all scripts`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            for count in 1...5 {
                #expect(try await redis.run(Self.append, keys: ["list"], arguments: ["x"]).int == count)
                try await redis.send("SCRIPT", "FLUSH", "SYNC")
            }
        }
    }

    @Test func `64 tasks run a script while others flush it`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let other = RedisClient(url)
            _ = try await concurrently(65) { task in
                for _ in 0..<10 {
                    if task == 64 {
                        try await other.send("SCRIPT", "FLUSH", "SYNC")
                    } else {
                        try await redis.run(Self.append, keys: ["list"], arguments: ["x"])
                    }
                }
            }
            #expect(try await redis.send("LLEN", "list").int == 640)
        }
    }

    @Test func `an error inside a script names the script and keeps its kind`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            try await redis.send("SET", "text", "x")
            let wrong = await failure { try await redis.run(Self.append, keys: ["text"], arguments: ["x"]) }
            #expect(wrong?.code == .wrongType, "\(String(describing: wrong))")
            #expect(wrong?.message.hasPrefix("script append") == true)
            let broken = RedisScript(name: "broken", source: Array("return (".utf8))
            #expect(await failure { try await redis.run(broken, keys: []) }?.message.contains("script broken") == true)
        }
    }
}
