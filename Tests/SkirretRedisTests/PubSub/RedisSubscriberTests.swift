import SkirretRedis
import SkirretTesting
import Testing

@Suite("RedisSubscriber", .timeLimit(.minutes(1))) struct RedisSubscriberTests {
    @Test func `channels and patterns receive what is published, byte for byte`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let payload: [UInt8] = [0, 255, 13, 10]
            try await RedisSubscriber(url).withSubscription(channels: ["news"], patterns: ["n*"]) { messages in
                var pushes = messages.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                #expect(try await redis.send("PUBLISH", "news", .init(payload)).int == 2)
                #expect(try await pushes.next() == .message(channel: "news", payload: payload))
                #expect(try await pushes.next() == .message(channel: "news", payload: payload))
                try await redis.send("PUBLISH", "nothing", "x")
                #expect(try await pushes.next() == .message(channel: "nothing", payload: Array("x".utf8)))
            }
        }
    }

    @Test func `many subscriptions share one connection, each topic once, and give it back`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let subscriber = RedisSubscriber(url)
            _ = try await concurrently(100) { task in
                for round in 0..<10 {
                    let own = "own\(task)-\(round)"
                    try await subscriber.withSubscription(channels: ["shared\(task % 3)", own]) { messages in
                        var pushes = messages.makeAsyncIterator()
                        #expect(try await pushes.next() == .subscribed)
                        try await redis.send("PUBLISH", .init(own), .init(round))
                        #expect(try await pushes.next() == .message(channel: own, payload: Array("\(round)".utf8)))
                    }
                }
            }
            while try await redis.send("PUBSUB", "CHANNELS").array?.isEmpty == false {}
            let clients = try await redis.send("CLIENT", "LIST").string ?? ""
            #expect(clients.split(separator: "\n").count == 2)
        }
    }

    @Test func `a killed connection is made anew, subscribed again, and the reader is told`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            try await RedisSubscriber(url).withSubscription(channels: ["a"], patterns: ["b*"]) { messages in
                var pushes = messages.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                for _ in 0..<3 {
                    #expect(try await redis.send("CLIENT", "KILL", "TYPE", "pubsub").int == 1)
                    #expect(try await pushes.next() == .subscribed)
                    try await redis.send("PUBLISH", "b1", "x")
                    #expect(try await pushes.next() == .message(channel: "b1", payload: Array("x".utf8)))
                }
            }
        }
    }

    @Test func `a subscription made while Redis is away begins when it is there`() async throws {
        try await ThrowawayRedis.withServerProcess { server in
            await server.kill()
            try await RedisSubscriber(server.url).withSubscription(channels: ["a"]) { messages in
                var pushes = messages.makeAsyncIterator()
                async let restarted: Void = server.restart()
                #expect(try await pushes.next() == .subscribed)
                try await restarted
            }
        }
    }

    @Test func `a frozen Redis is noticed by PING and the reader is told when it is back`() async throws {
        try await ThrowawayRedis.withServerProcess { server in
            var options = RedisOptions()
            options.pingInterval = .milliseconds(50)
            options.commandDeadline = .milliseconds(200)
            let attempts = RedisClient(server.url)
            try await attempts.send("PING")
            try await RedisSubscriber(server.url, options: options).withSubscription(channels: ["a"]) { messages in
                var pushes = messages.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                server.pause()
                // A command of 2 s outlasts the subscriber's patience of 250 ms.
                #expect(await failure { try await attempts.send("PING") }?.code == .timedOut)
                server.resume()
                #expect(try await pushes.next() == .subscribed)
                try await attempts.send("PUBLISH", "a", "x")
                #expect(try await pushes.next() == .message(channel: "a", payload: Array("x".utf8)))
            }
        }
    }

    @Test func `a reader that is too slow loses messages and is told to look for itself`() async throws {
        try await ThrowawayRedis.withServer { url in
            var options = RedisOptions()
            options.maximumBufferedMessages = 10
            let redis = RedisClient(url)
            let subscriber = RedisSubscriber(url, options: options)
            try await subscriber.withSubscription(channels: ["a", "end"]) { messages in
                var pushes = messages.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                // A second reader of the same connection knows when everything has arrived for the slow one.
                try await subscriber.withSubscription(channels: ["end"]) { ends in
                    var end = ends.makeAsyncIterator()
                    #expect(try await end.next() == .subscribed)
                    _ = try await redis.pipeline((0..<105).map { RedisCommand("PUBLISH", "a", .init($0)) })
                    try await redis.send("PUBLISH", "end", "x")
                    #expect(try await end.next() == .message(channel: "end", payload: [120]))
                }
                var wasTold = false
                var count = 0
                while let push = try await pushes.next(), push != .message(channel: "end", payload: [120]) {
                    if push == .subscribed { wasTold = true } else { count += 1 }
                }
                #expect(wasTold)
                #expect(count < 105)
            }
        }
    }

    @Test func `a forbidden channel ends its own subscription only`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            try await redis.send("ACL", "SETUSER", "ann", "on", ">pw", "+subscribe", "+ping", "resetchannels", "&open")
            var url = url
            url.username = "ann"
            url.password = "pw"
            let subscriber = RedisSubscriber(url)
            try await subscriber.withSubscription(channels: ["open"]) { messages in
                var open = messages.makeAsyncIterator()
                #expect(try await open.next() == .subscribed)
                let error = await #expect(throws: RedisError.self) {
                    try await subscriber.withSubscription(channels: ["secret"]) { messages async throws in
                        for try await _ in messages {}
                    }
                }
                #expect(error?.code == .notPermitted)
                try await redis.send("PUBLISH", "open", "x")
                #expect(try await open.next() == .message(channel: "open", payload: [120]))
            }
        }
    }

    private static func cancelledRead(of messages: RedisMessages) async -> RedisError? {
        await withTaskGroup(of: RedisError?.self) { group in
            group.addTask {
                await failure {
                    var pushes = messages.makeAsyncIterator()
                    return try await pushes.next()
                }
            }
            group.cancelAll()
            return await group.next() ?? nil
        }
    }

    @Test func `cancelling and closing end the waiting reader`() async throws {
        try await ThrowawayRedis.withServer { url in
            let subscriber = RedisSubscriber(url)
            try await subscriber.withSubscription(channels: ["a"]) { messages in
                var pushes = messages.makeAsyncIterator()
                let first = try await pushes.next()
                #expect(first == .subscribed)
                let cancelled = await Self.cancelledRead(of: messages)
                #expect(cancelled?.code == .cancelled)
                await subscriber.close()
                let error = await #expect(throws: RedisError.self) { try await pushes.next() }
                #expect(error?.code == .closed)
            }
        }
    }
}
