import SkirretRedis
import SkirretTesting
import Testing

@Suite("RedisClient", .timeLimit(.minutes(1))) struct RedisClientTests {
    @Test func `64 tasks with 10,000 commands each get their own answers`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let perTask = 10_000 / 64 + 1
            let sums = try await concurrently(64) { task in
                var sum = 0
                for number in 0..<perTask {
                    let echo = try await redis.send("ECHO", .init("\(task)/\(number)"))
                    #expect(echo.string == "\(task)/\(number)")
                    sum += try await redis.send("INCR", .init("counter\(task)")).int ?? 0
                }
                return sum
            }
            #expect(sums.allSatisfy { $0 == perTask * (perTask + 1) / 2 })
            await redis.close()
        }
    }

    @Test func `arguments of every kind arrive as they are`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            for number in [0, 7, -7, 10, -10, 99, 100, .max, .min] {
                let echo = try await redis.send("ECHO", .init(number))
                #expect(echo.string == String(number))
            }
            for text in ["", "a", "fünfzehn Bytes", String(repeating: "€", count: 100_000)] {
                let echo = try await redis.send("ECHO", .init(text))
                #expect(echo.string == text)
            }
            for bytes in [[], [0, 13, 10, 255], Array(repeating: 10, count: 100_000)] as [[UInt8]] {
                let echo = try await redis.send("ECHO", .init(bytes))
                #expect(echo.bytes == bytes)
            }
        }
    }

    @Test func `a pipeline of 10,000 commands is awaited once and answered in order`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let replies = try await redis.pipeline((0..<10_000).map { RedisCommand("ECHO", .init($0)) })
            #expect(replies.map(\.int) == (0..<10_000).map { $0 })
        }
    }

    @Test func `an error inside a pipeline stays in its place`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let replies = try await redis.pipeline([
                .init("SET", "key", "value"), .init("LPUSH", "key", "x"), .init("GET", "key"),
            ])
            #expect(replies[0] == .status("OK"))
            #expect(replies[1].error?.hasPrefix("WRONGTYPE") == true)
            #expect(replies[2] == .bytes(Array("value".utf8)))
        }
    }

    @Test func `an error reply is thrown with its kind`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            try await redis.send("SET", "key", "value")
            let error = await failure { try await redis.send("LPUSH", "key", "x") }
            #expect(error?.code == .wrongType)
            #expect(error?.message.hasPrefix("LPUSH: WRONGTYPE") == true)
            let unknown = await failure { try await redis.send("NONSENSE", "hunter2") }
            #expect(unknown?.description.contains("hunter2") == false)
        }
    }

    @Test(arguments: [0, 1, 16_383, 16_384, 16_385, 5_000_000])
    func `a value comes back byte for byte`(count: Int) async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let value = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
            try await redis.send("SET", .init("key\u{0}\r\n"), .init(value))
            #expect(try await redis.send("GET", "key\u{0}\r\n").bytes == value)
        }
    }

    @Test func `every kind of reply is read`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let script =
                "return {1, 'a', {}, {{2}, false}, redis.status_reply('FINE'), redis.error_reply('BAD luck'), -3}"
            let reply = try await redis.send("EVAL", .init(script), 0)
            #expect(
                reply
                    == .array([
                        .integer(1), .bytes([97]), .array([]), .array([.array([.integer(2)]), .null]), .status("FINE"),
                        .error("BAD luck"), .integer(-3),
                    ]))
        }
    }

    @Test func `arrays nested deeper than the parser reads end in an error, and the client goes on`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let seven = try await redis.send("EVAL", "return {{{{{{{7}}}}}}}", 0)
            #expect(seven.array?.count == 1)
            let error = await failure { try await redis.send("EVAL", "return {{{{{{{{{{10}}}}}}}}}}", 0) }
            #expect(error?.code == .protocolViolation)
            #expect(try await redis.send("PING").string == "PONG")
        }
    }

    @Test func `a transaction runs as a whole, or not at all`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let results = try await redis.transaction([
                .init("SET", "a", 1), .init("LPUSH", "a", 1), .init("INCR", "a"),
            ])
            #expect(results[0] == .status("OK"))
            #expect(results[1].error?.hasPrefix("WRONGTYPE") == true)
            #expect(results[2] == .integer(2))
            let error = await failure {
                try await redis.transaction([.init("INCR", "a"), .init("INCR")])
            }
            #expect(error?.code == .reply("ERR"))
            #expect(try await redis.send("GET", "a").int == 2)
        }
    }

    @Test func `a blocking command may take its own longer deadline`() async throws {
        try await ThrowawayRedis.withServer { url in
            var options = RedisOptions()
            options.commandDeadline = .milliseconds(200)
            let blocking = RedisClient(url, options: options)
            let other = RedisClient(url)
            async let popped = blocking.send(RedisCommand("BRPOP", "queue", 0), deadline: .seconds(10))
            // Released once Redis says that somebody is blocked, which it would not be after the short deadline.
            while try await other.send("INFO", "clients").string?.contains("blocked_clients:1") != true {}
            try await other.send("DEBUG", "SLEEP", 0.3.argument)
            try await other.send("LPUSH", "queue", "x")
            #expect(try await popped.array?.last?.string == "x")
        }
    }

    @Test func `callers over the bound wait their turn and all are answered`() async throws {
        try await ThrowawayRedis.withServer { url in
            var options = RedisOptions()
            options.maximumInFlightCommands = 4
            options.maximumInFlightBytes = 4_096
            let redis = RedisClient(url, options: options)
            let value = [UInt8](repeating: 7, count: 10_000)
            let lengths = try await concurrently(50) { _ in try await redis.send("LPUSH", "list", .init(value)).int }
            #expect(Set(lengths) == Set((1...50).map { $0 }))
        }
    }

    @Test func `a closed client refuses at once, and may be closed twice`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            try await redis.send("PING")
            await redis.close()
            await redis.close()
            #expect(await failure { try await redis.send("PING") }?.code == .closed)
            await RedisClient(url).close()
        }
    }
}

extension Double {
    fileprivate var argument: RedisArgument { RedisArgument(self) }
}
