import SkirretTesting
import Testing

@testable import SkirretRedis

/// What Redis answers when it is not itself: each has its code, its remedy, and its way back.
@Suite("Refusals", .timeLimit(.minutes(2))) struct RefusalTests {
    private let clock = ContinuousClock()

    @Test(arguments: [
        ("READONLY You can't write against a read only replica.", RedisError.Code.readOnly, "replica"),
        ("LOADING Redis is loading the dataset in memory", .loading, "reading"),
        ("MASTERDOWN Link with MASTER is down", .loading, "replication"),
        ("BUSY Redis is busy running a script.", .busy, "SCRIPT KILL"),
        ("OOM command not allowed when used memory > 'maxmemory'.", .outOfMemory, "maxmemory"),
        ("MISCONF Redis is configured to save RDB snapshots", .notPersisting, "disk"),
        ("NOREPLICAS Not enough good replicas to write.", .notPersisting, "min-replicas"),
        ("MOVED 3999 127.0.0.1:6381", .unsupported, "Cluster"),
        ("CLUSTERDOWN The cluster is down", .unsupported, "Cluster"),
        ("NOPERM this user has no permissions", .notPermitted, "ACL"),
        ("NOAUTH Authentication required.", .authentication, "password"),
        ("WRONGPASS invalid username-password pair", .authentication, "password"),
        ("WRONGTYPE Operation against a key", .wrongType, "prefix"),
        ("ERR max number of clients reached", .tooManyClients, "maxclients"),
        ("NOSUCH thing", .reply("NOSUCH"), "refused"),
    ])
    func `each error reply has its code and says what to do`(text: String, code: RedisError.Code, word: String) {
        let error = RedisError(reply: text, to: "GET")
        #expect(error.code == code)
        #expect(error.hint.contains(word), "\(error)")
        #expect(error.message == "GET: \(text)")
        #expect(error.mayHaveExecuted == false)
    }

    @Test func `a script that holds Redis delays others, who are answered when it ends`() async throws {
        try await ThrowawayRedis.withServer(.init(arguments: ["--busy-reply-threshold", "50"])) { url in
            let holder = RedisClient(url)
            let redis = RedisClient(url)
            let other = RedisClient(url)
            let killer = RedisClient(url)
            // Who is not connected before could not greet a busy Redis.
            for client in [redis, other, killer] { try await client.send("PING") }
            async let held = failure {
                try await holder.send(
                    RedisCommand("EVAL", "while true do end", 0), deadline: .seconds(20))
            }
            while try await other.pipeline([.init("PING")]).first?.error?.hasPrefix("BUSY") != true {}
            async let answer = redis.send(RedisCommand("INCR", "n"), deadline: .seconds(10))
            let overdue = await failure {
                try await other.send(RedisCommand("INCR", "m"), deadline: .milliseconds(500))
            }
            #expect(overdue?.code == .busy)
            #expect(overdue?.mayHaveExecuted == false)
            // A greeting says PING, which a busy Redis refuses; a batch goes over a connection that greeted before.
            _ = try await killer.pipeline([.init("SCRIPT", "KILL")])
            _ = await held
            #expect(try await answer.int == 1)
        }
    }

    @Test func `a read-only time of some seconds is waited out, and ends within the bar`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .tcp)) { url in
            let redis = RedisClient(url)
            let admin = RedisClient(url)
            try await redis.send("SET", "x", 0)
            try await admin.send("REPLICAOF", "127.0.0.1", 1)
            let start = clock.now
            #expect(await failure { try await redis.send("INCR", "x") }?.code == .readOnly)
            #expect(clock.now - start < .seconds(3.5))
            let connections = try await admin.send("INFO", "stats").string ?? ""
            let received = connections.split(separator: "total_connections_received:").last?.prefix { $0.isNumber }
            #expect(
                Int(received ?? "") ?? 0 < 30, "each refusal costs a connection, so they come further and further apart"
            )
            async let patient = redis.send(RedisCommand("INCR", "x"), deadline: .seconds(20))
            try await admin.send("REPLICAOF", "NO", "ONE")
            let back = clock.now
            #expect(try await patient.int == 1)
            #expect(clock.now - back < .seconds(3))
        }
    }

    @Test func `a replica that lost its master is typed, and answers when the master is back`() async throws {
        try await ThrowawayRedis.withServerProcess(.init(listener: .tcp)) { master in
            let stale = ["--replica-serve-stale-data", "no"]
            try await ThrowawayRedis.withServer(.init(listener: .tcp, master: master.url, arguments: stale)) { url in
                let redis = RedisClient(url)
                try await redis.send(RedisCommand("GET", "x"), deadline: .seconds(10))
                await master.kill()
                let error = await failure { () async throws -> Void in
                    while true { try await redis.send(RedisCommand("GET", "x"), deadline: .milliseconds(500)) }
                }
                #expect(error?.code == .loading, "\(String(describing: error))")
                #expect(error?.message.contains("MASTERDOWN") == true)
                #expect(error?.isPassing == true)
                try await master.restart()
                try await redis.send(RedisCommand("GET", "x"), deadline: .seconds(10))
                await redis.close()
            }
        }
    }

    @Test func `a pipeline keeps a refusal among its answers, as the others may have been done`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .tcp)) { url in
            let redis = RedisClient(url)
            try await redis.send("SET", "x", 0)
            try await redis.send("REPLICAOF", "127.0.0.1", 1)
            let replies = try await redis.pipeline([.init("GET", "x"), .init("INCR", "x")])
            #expect(replies[0].int == 0)
            #expect(replies[1].error?.hasPrefix("READONLY") == true)
        }
    }

    @Test func `too many clients is typed, waited for, and mended by whoever leaves`() async throws {
        try await ThrowawayRedis.withServer(.init(arguments: ["--maxclients", "4"])) { url in
            var holders = [RedisClient(url), RedisClient(url), RedisClient(url), RedisClient(url)]
            for holder in holders { try await holder.send("PING") }
            let late = RedisClient(url)
            let error = await failure { try await late.send("PING") }
            #expect(error?.code == .tooManyClients, "\(String(describing: error))")
            await holders.removeLast().close()
            #expect(try await late.send("PING").string == "PONG")
        }
    }

    @Test func `SCRIPT FLUSH all the time is invisible`() async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url)
            let flusher = RedisClient(url)
            let script = RedisScript(name: "incr", source: Array("return redis.call('INCR', KEYS[1])".utf8))
            let progress = Progress()
            async let flushing: Void = {
                while !progress.isStopped { try await flusher.send("SCRIPT", "FLUSH") }
            }()
            let lasts = try await concurrently(16) { task in
                var last = 0
                for _ in 1...100 { last = try await redis.run(script, keys: ["k\(task)"]).int ?? 0 }
                return last
            }
            progress.stop()
            try await flushing
            #expect(lasts.allSatisfy { $0 == 100 })
        }
    }

    @Test func `clients killed all the time come back to one connection each`() async throws {
        try await ThrowawayRedis.withServer { url in
            let killer = RedisClient(url)
            let clients = (0..<4).map { _ in RedisClient(url) }
            for client in clients { try await client.send("PING") }
            for _ in 0..<20 {
                try await killer.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                _ = try await concurrently(clients.count) { try await clients[$0].send("GET", "x") }
            }
            while try await killer.send("CLIENT", "LIST").string?.split(separator: "\n").count != 5 {}
        }
    }
}
