import SkirretRedis
import SkirretTesting
import Testing

/// A network that loses, delays and cuts: every request is answered in time and the next one works.
@Suite("Network faults", .timeLimit(.minutes(2))) struct NetworkFaultTests {
    private let clock = ContinuousClock()

    @Test(arguments: [true, false])
    func `one-way loss costs a caller 2 s, and a healed network is used at once`(losesAnswers: Bool) async throws {
        try await withProxy { proxy in
            let redis = RedisClient(proxy.url)
            try await redis.send("PING")
            proxy.faults.losesAnswers = losesAnswers
            proxy.faults.losesRequests = !losesAnswers
            let start = clock.now
            let error = await failure { try await redis.send("INCR", "n") }
            #expect(error?.code == .timedOut)
            #expect(error?.mayHaveExecuted == true)
            #expect(clock.now - start < .seconds(3.5))
            proxy.faults = .none
            let healed = clock.now
            #expect(try await redis.send("GET", "n").int == (losesAnswers ? 1 : nil))
            #expect(clock.now - healed < .seconds(3))
            try await expectConnections(1, proxy)
        }
    }

    @Test func `a silent subscriber's connection is given up and its reader told`() async throws {
        try await withProxy { proxy in
            var options = RedisOptions()
            options.pingInterval = .milliseconds(200)
            options.commandDeadline = .milliseconds(500)
            try await RedisSubscriber(proxy.url, options: options).withSubscription(channels: ["a"]) { messages in
                var pushes = messages.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                proxy.faults.losesAnswers = true
                let before = proxy.acceptedCount
                while proxy.acceptedCount == before { try await Task.sleep(for: .milliseconds(5)) }
                proxy.faults = .none
                #expect(try await pushes.next() == .subscribed)
                try await RedisClient(proxy.url).send("PUBLISH", "a", "x")
                #expect(try await pushes.next() == .message(channel: "a", payload: [120]))
            }
        }
    }

    @Test func `a reply cut in the middle is no reply: what may be repeated is, the rest is the caller's`() async throws
    {
        try await withProxy { proxy in
            let redis = RedisClient(proxy.url)
            let value = [UInt8](repeating: 120, count: 100_000)
            try await redis.send("SET", "key", .init(value))
            proxy.faults.cutsAfterAnswerBytes = 50_000
            let writing = await failure { try await redis.send("GETSET", "key", "y") }
            #expect(writing?.code == .closed)
            #expect(try await redis.send("GET", "key").string == "y")
            try await redis.send("SET", "key", .init(value))
            let reading = await failure { try await redis.send("GET", "key") }
            #expect(reading?.code == .closed, "it is repeated some times, not for ever: \(String(describing: reading))")
            #expect(proxy.acceptedCount < 20)
            proxy.faults = .none
            let whole = try await redis.send("GET", "key").bytes
            #expect(whole?.count == value.count)
            #expect(whole == value)
        }
    }

    @Test func `cuts in quick succession are invisible to readers and to repeatable scripts`() async throws {
        try await withProxy { proxy in
            let redis = RedisClient(proxy.url)
            let script = RedisScript(
                name: "put", source: Array("redis.call('SET', KEYS[1], ARGV[1]) return ARGV[1]".utf8),
                isRepeatable: true)
            let progress = Progress()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<16 {
                    group.addTask {
                        for number in 0..<200 {
                            let echo = try await redis.run(script, keys: ["k\(task)"], arguments: [.init(number)])
                            #expect(echo.int == number)
                            #expect(try await redis.send("GET", .init("k\(task)")).int == number)
                            progress.advance()
                        }
                    }
                }
                for cut in 1...8 {
                    await progress.wait(until: cut * 300)
                    proxy.cut()
                }
                try await group.waitForAll()
            }
            try await expectConnections(1, proxy)
        }
    }

    @Test func `a network that closes every connection is not asked in a tight circle`() async throws {
        try await withProxy { proxy async throws in
            proxy.faults.refusesConnections = true
            let redis = RedisClient(proxy.url)
            let error = await failure { try await redis.send("PING") }
            #expect(error?.code == .unreachable)
            #expect(proxy.acceptedCount < 20, "2 s of attempts that double their pauses")
            proxy.faults = .none
            #expect(try await redis.send("PING").string == "PONG")
        }
    }

    @Test func `a slow network changes nothing but the time`() async throws {
        try await withProxy { proxy in
            proxy.faults.delay = .milliseconds(100)
            let redis = RedisClient(proxy.url)
            let numbers = try await concurrently(64) { try await redis.send("ECHO", .init($0)).int }
            #expect(numbers == Array(0..<64))
            #expect(proxy.acceptedCount == 1)
        }
    }

    private func withProxy(_ body: (FaultProxy) async throws -> Void) async throws {
        try await ThrowawayRedis.withServer { url in try await FaultProxy.withProxy(to: url, body) }
    }

    /// A closed connection is gone when both sides have said so; the suite's limit ends the wait.
    private func expectConnections(_ count: Int, _ proxy: FaultProxy) async throws {
        while proxy.connectionCount != count { try await Task.sleep(for: .milliseconds(5)) }
    }
}
