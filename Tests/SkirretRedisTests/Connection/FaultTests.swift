import SkirretRedis
import SkirretTesting
import Testing

@Suite("Faults", .timeLimit(.minutes(1))) struct FaultTests {
    private let clock = ContinuousClock()

    @Test func `a killed Redis under load resumes within 3 s of its restart, and nobody hangs`() async throws {
        try await ThrowawayRedis.withServerProcess(.init(isDurable: true)) { server in
            let redis = RedisClient(server.url)
            let progress = Progress()
            try await withThrowingTaskGroup(of: (acknowledged: Int, failed: Int).self) { group in
                for task in 0..<64 {
                    group.addTask { await Self.push(redis, list: "list\(task)", progress) }
                }
                await progress.wait(until: 500)
                await server.kill()
                try await server.restart()
                let start = clock.now
                await progress.wait(until: progress.count + 500)
                #expect(clock.now - start < .seconds(3))
                progress.stop()
                var total = (acknowledged: 0, failed: 0)
                for try await one in group {
                    total.acknowledged += one.acknowledged
                    total.failed += one.failed
                }
                let kept = try await redis.pipeline((0..<64).map { RedisCommand("LLEN", .init("list\($0)")) })
                let sum = kept.compactMap(\.int).reduce(0, +)
                #expect(sum >= total.acknowledged, "everything that was answered is there")
                #expect(sum <= total.acknowledged + total.failed, "nothing was repeated behind the caller's back")
            }
        }
    }

    private static func push(
        _ redis: RedisClient, list: String, _ progress: Progress
    ) async -> (acknowledged: Int, failed: Int) {
        var outcome = (acknowledged: 0, failed: 0)
        while !progress.isStopped {
            if let error = await failure(of: { try await redis.send("LPUSH", .init(list), "x") }) {
                if error.mayHaveExecuted { outcome.failed += 1 }
            } else {
                outcome.acknowledged += 1
                progress.advance()
            }
        }
        return outcome
    }

    @Test func `a frozen Redis costs a caller 2 s, and is used again when it thaws`() async throws {
        try await ThrowawayRedis.withServerProcess { server in
            let redis = RedisClient(server.url)
            try await redis.send("PING")
            server.pause()
            let start = clock.now
            let errors = await concurrently(64) { _ in await failure { try await redis.send("INCR", "n") } }
            #expect(clock.now - start < .seconds(3.5))
            #expect(errors.allSatisfy { $0?.code == .timedOut || $0?.code == .closed })
            #expect(errors.contains { $0?.code == .timedOut })
            let next = clock.now
            let error = await failure { try await redis.send("PING") }
            #expect(error?.code == .unreachable)
            #expect(clock.now - next < .seconds(3.5))
            server.resume()
            let thawed = clock.now
            try await redis.send("PING")
            #expect(clock.now - thawed < .seconds(2))
        }
    }

    @Test func `a Redis that is not there is named, with the cause, the attempt and the remedy`() async throws {
        var options = RedisOptions()
        options.commandDeadline = .seconds(1)
        let redis = RedisClient(try RedisURL(parsing: "unix:///nonexistent/redis.sock"), options: options)
        let start = clock.now
        let errors = await concurrently(8) { _ in await failure { try await redis.send("PING") } }
        #expect(clock.now - start < .seconds(2))
        for error in errors {
            #expect(error?.code == .unreachable)
            #expect(error?.mayHaveExecuted == false)
            #expect(error?.description.contains("/nonexistent/redis.sock (No such file or directory") == true)
            #expect(error?.description.contains("attempt ") == true, "\(String(describing: error))")
        }
        let refused = RedisClient(RedisURL(address: .tcp(host: "127.0.0.1", port: 1)), options: options)
        let error = await failure { try await refused.send("PING") }
        #expect(error?.description.contains("127.0.0.1:1 (Connection refused") == true, "\(String(describing: error))")
        let unknown = RedisClient(RedisURL(address: .tcp(host: "nobody.invalid", port: 1)), options: options)
        #expect(await failure { try await unknown.send("PING") }?.code == .unreachable)
    }

    @Test func `a cancelled caller returns at once and the next one gets its own answer`() async throws {
        try await ThrowawayRedis.withServerProcess { server in
            let redis = RedisClient(server.url)
            try await redis.send("PING")
            server.pause()
            let start = clock.now
            let codes = await withTaskGroup(of: RedisError.Code?.self) { group in
                for number in 0..<200 {
                    group.addTask { await failure { try await redis.send("ECHO", .init(number)) }?.code }
                }
                group.cancelAll()
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.allSatisfy { $0 == .cancelled })
            #expect(clock.now - start < .seconds(1))
            server.resume()
            #expect(try await redis.send("ECHO", "mine").string == "mine")
        }
    }

    @Test func `a caller cancelled while there is no connection is never sent`() async throws {
        try await ThrowawayRedis.withServerProcess { server in
            await server.kill()
            let redis = RedisClient(server.url)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { #expect(await failure { try await redis.send("INCR", "n") }?.code == .cancelled) }
                group.cancelAll()
            }
            try await server.restart()
            #expect(try await redis.send("GET", "n").isNull)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "*-7\r\n", "*2000000000\r\n", "\u{0}\u{1}", "+OK\r\n+OK\r\n+OK\r\n",
    ])
    func `a server that speaks nonsense ends in an error within the deadline`(nonsense: String) async throws {
        let server = try RawServer { _ in Array(nonsense.utf8) }
        defer { server.stop() }
        let redis = RedisClient(server.url)
        let start = clock.now
        let error = await failure { try await redis.send("GET", "x") }
        #expect(error != nil)
        // The deadline is 2 s; the rest is for the other tests that run at the same time.
        #expect(clock.now - start < .seconds(3.5))
        #expect(server.connectionCount < 200)
        await redis.close()
    }

    @Test func `nonsense after a proper greeting is a protocol violation`() async throws {
        let server = try RawServer { connection in Array((connection == 0 ? "+PONG\r\n!what\r\n" : "+PONG\r\n").utf8) }
        defer { server.stop() }
        let redis = RedisClient(server.url)
        let error = await failure { try await redis.send("GET", "x") }
        #expect(error?.code == .protocolViolation || error == nil)
        #expect(try await redis.send("GET", "x").string == "PONG")
    }

    @Test func `a reply without end is cut off`() async throws {
        let server = try RawServer { _ in Array("$1000000000\r\n".utf8) + [UInt8](repeating: 120, count: 100_000) }
        defer { server.stop() }
        var options = RedisOptions()
        options.maximumReplyBytes = 50_000
        options.commandDeadline = .milliseconds(500)
        let error = await failure { try await RedisClient(server.url, options: options).send("GET", "x") }
        #expect(error?.message.contains("50000") == true, "\(String(describing: error))")
    }

    @Test func `a loading Redis is typed, and waited for until the deadline`() async throws {
        let server = try RawServer { connection in
            Array((connection < 3 ? "-LOADING Redis is loading the dataset in memory\r\n" : "+PONG\r\n").utf8)
        }
        defer { server.stop() }
        #expect(try await RedisClient(server.url).send("PING").string == "PONG")

        let forever = try RawServer { _ in Array("-LOADING Redis is loading the dataset in memory\r\n".utf8) }
        defer { forever.stop() }
        var options = RedisOptions()
        options.commandDeadline = .seconds(1)
        #expect(await failure { try await RedisClient(forever.url, options: options).send("PING") }?.code == .loading)
    }

    @Test func `a read-only answer is typed and the connection is made anew`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .tcp)) { url in
            let redis = RedisClient(url)
            let before = try await redis.send("CLIENT", "ID").int
            try await redis.send("REPLICAOF", "127.0.0.1", 1)
            #expect(await failure { try await redis.send("SET", "x", 1) }?.code == .readOnly)
            #expect(try await redis.send("CLIENT", "ID").int != before)
            try await redis.send("REPLICAOF", "NO", "ONE")
            try await redis.send("SET", "x", 1)
        }
    }

    @Test func `a full Redis is typed`() async throws {
        try await ThrowawayRedis.withServer(.init(arguments: ["--maxmemory", "1mb"])) { url async throws in
            let redis = RedisClient(url)
            let value = RedisArgument([UInt8](repeating: 0, count: 500_000))
            let errors = await concurrently(8) { _ in await failure { try await redis.send("RPUSH", "x", value) } }
            #expect(errors.contains { $0?.code == .outOfMemory })
        }
    }

    @Test func `a connection that is killed all the time loses callers, never their continuations`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let killer = RedisClient(url)
            let counts = try await concurrently(33) { task in
                var answered = 0
                for number in 0..<50 {
                    if task == 32 {
                        try await killer.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                    } else if await failure(of: { try await redis.send("INCR", .init("n\(number)")) }) == nil {
                        answered += 1
                    }
                }
                return answered
            }
            #expect(counts.reduce(0, +) > 0)
            #expect(try await repeatedly { try await redis.send("PING") }.string == "PONG")
        }
    }
}
