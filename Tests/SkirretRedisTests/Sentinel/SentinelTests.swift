import Foundation
import SkirretRedis
import SkirretTesting
import Testing

/// Every test has a master, replicas and sentinels of its own; the bars count from the promotion on.
@Suite("Sentinel", .serialized, .timeLimit(.minutes(2))) struct SentinelTests {
    private let clock = ContinuousClock()

    @Test func `a killed master is replaced under load within 5 s of the promotion, and no connection is left`()
        async throws
    {
        try await ThrowawayFailover.withServers { group in
            var options = RedisOptions()
            options.clientName = "under-test"
            let redis = RedisClient(try RedisURL(parsing: group.url.text), options: options)
            let subscriber = RedisSubscriber(group.url, options: options)
            let progress = Progress()
            try await subscriber.withSubscription(channels: ["news"]) { messages in
                var pushes = messages.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                try await withThrowingTaskGroup(of: Void.self) { load in
                    for task in 0..<8 {
                        load.addTask {
                            while !progress.isStopped, !Task.isCancelled {
                                if await failure(of: { try await redis.send("INCR", .init("n\(task)")) }) == nil {
                                    progress.advance()
                                }
                            }
                        }
                    }
                    await progress.wait(until: 500)
                    await group.servers[0].kill()
                    _ = try await group.promotion(after: group.servers[0])
                    let promoted = clock.now
                    await progress.wait(until: progress.count + 100)
                    #expect(clock.now - promoted < .seconds(5))
                    progress.stop()
                    try await load.waitForAll()
                }
                #expect(try await pushes.next() == .subscribed)
                try await redis.send("PUBLISH", "news", "x")
                #expect(try await pushes.next() == .message(channel: "news", payload: [120]))
                try await expectClients(2, named: "under-test", on: group.servers[1])
            }
            await redis.close()
            await subscriber.close()
            try await expectClients(0, named: "under-test", on: group.servers[1])
        }
    }

    @Test func `a planned failover is invisible to what may be repeated, and the reader of messages moves too`()
        async throws
    {
        var configuration = ThrowawayFailover.Configuration()
        configuration.password = "master's"
        configuration.sentinelPassword = "sentinels'"
        try await ThrowawayFailover.withServers(configuration) { group in
            var options = RedisOptions()
            options.commandDeadline = .seconds(10)
            let redis = RedisClient(group.url, options: options)
            let script = RedisScript(
                name: "put", source: Array("redis.call('SET', KEYS[1], ARGV[1]) return 1".utf8), isRepeatable: true)
            let subscriber = RedisSubscriber(group.url)
            try await subscriber.withSubscription(channels: ["news"]) { messages in
                var pushes = messages.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                let progress = Progress()
                try await withThrowingTaskGroup(of: [RedisError].self) { load in
                    load.addTask {
                        var errors: [RedisError] = []
                        while !progress.isStopped, !Task.isCancelled {
                            let error = await failure { try await redis.run(script, keys: ["key"], arguments: [1]) }
                            if let error { errors.append(error) }
                            progress.advance()
                        }
                        return errors
                    }
                    await progress.wait(until: 100)
                    try await group.failOver()
                    let promoted = try await group.promotion(after: group.servers[0])
                    let start = clock.now
                    #expect(try await pushes.next() == .subscribed)
                    #expect(clock.now - start < .seconds(5))
                    try await redis.send("SET", "after", 1)
                    let direct = RedisClient(promoted.url)
                    #expect(try await direct.send("GET", "after").int == 1)
                    await progress.wait(until: progress.count + 100)
                    progress.stop()
                    for try await errors in load { #expect(errors.isEmpty, "\(errors)") }
                }
            }
        }
    }

    @Test func `a frozen master is left for the new one, also by who only listens`() async throws {
        try await ThrowawayFailover.withServers { group in
            let redis = RedisClient(group.url)
            let subscriber = RedisSubscriber(group.url)
            try await subscriber.withSubscription(channels: ["news"]) { messages in
                var pushes = messages.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                try await redis.send("PING")
                group.servers[0].pause()
                _ = try await group.promotion(after: group.servers[0])
                let promoted = clock.now
                #expect(try await pushes.next() == .subscribed)
                #expect(try await repeatedly { try await redis.send("PUBLISH", "news", "x") }.int == 1)
                #expect(clock.now - promoted < .seconds(5))
                group.servers[0].resume()
            }
        }
    }

    @Test func `a sentinel that is dead or frozen costs no call its deadline`() async throws {
        try await ThrowawayFailover.withServers { group async throws in
            await group.sentinels[0].kill()
            group.sentinels[1].pause()
            let start = clock.now
            #expect(try await RedisClient(group.url).send("PING").string == "PONG")
            #expect(clock.now - start < .seconds(2))
            group.sentinels[1].resume()
        }
    }

    @Test func `a wrong name, a wrong password and sentinels that are not there are told apart`() async throws {
        var configuration = ThrowawayFailover.Configuration()
        configuration.sentinelPassword = "right"
        configuration.replicas = 0
        configuration.sentinels = 1
        try await ThrowawayFailover.withServers(configuration) { group async throws in
            guard case .sentinel(let sentinels) = group.url.address else { return }
            func error(_ change: (inout RedisSentinels) -> Void) async -> RedisError? {
                var url = group.url
                var changed = sentinels
                change(&changed)
                url.address = .sentinel(changed)
                return await failure { try await RedisClient(url).send("PING") }
            }
            let name = await error { $0.master = "nobody" }
            #expect(name?.code == .noMaster)
            #expect(name?.description.contains("master_name") == true)
            #expect(await error { $0.password = "wrong" }?.code == .authentication)
            #expect(await error { $0.password = nil }?.code == .authentication)
            let absent = await error { $0.places = [RedisPlace(host: "127.0.0.1", port: 1)] }
            #expect(absent?.code == .unreachable)
            #expect(
                absent?.message.contains("127.0.0.1:1: Connection refused") == true, "\(String(describing: absent))")
        }
    }

    @Test func `a replica that the sentinels still name is refused until it is promoted`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .tcp)) { master async throws in
            try await ThrowawayRedis.withServer(.init(listener: .tcp, master: master)) { replica async throws in
                guard case .tcp(let host, let port) = replica.address else { return }
                let answer = "*2\r\n$\(host.utf8.count)\r\n\(host)\r\n$\("\(port)".utf8.count)\r\n\(port)\r\n"
                let sentinel = try RawServer { _ in Array(answer.utf8) }
                defer { sentinel.stop() }
                guard case .tcp(_, let sentinelPort) = sentinel.url.address else { return }
                let places = [RedisPlace(host: "127.0.0.1", port: sentinelPort)]
                let redis = RedisClient(
                    RedisURL(address: .sentinel(RedisSentinels(places: places, master: "mymaster"))))
                let error = await failure { try await redis.send("SET", "x", 1) }
                #expect(error?.code == .noMaster, "\(String(describing: error))")
                try await RedisClient(replica).send("REPLICAOF", "NO", "ONE")
                try await redis.send("SET", "x", 1)
            }
        }
    }

    /// Redis forgets a closed connection when it next looks, so it is asked again for five seconds.
    ///
    /// All kinds count: a subscriber's connection is a normal one again when its last subscription ends.
    private func expectClients(_ count: Int, named name: String, on server: ThrowawayRedis) async throws {
        let redis = RedisClient(server.url)
        let end = clock.now + .seconds(5)
        var clients: [Substring] = []
        repeat {
            let list = try await redis.send("CLIENT", "LIST").string ?? ""
            clients = list.split(separator: "\n").filter { $0.contains(" name=\(name) ") }
            if clients.count == count { break }
            try await Task.sleep(for: .milliseconds(10))
        } while clock.now < end
        #expect(clients.count == count, "\(clients.joined(separator: "\n"))")
        await redis.close()
    }
}
