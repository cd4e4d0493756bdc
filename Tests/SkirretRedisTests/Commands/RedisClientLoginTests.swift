import SkirretRedis
import SkirretTesting
import Testing

@Suite("Log-in", .timeLimit(.minutes(1))) struct RedisClientLoginTests {
    @Test func `the right password is let in`() async throws {
        try await ThrowawayRedis.withServer(.init(password: "pä ss")) { url in
            #expect(try await RedisClient(url).send("PING").string == "PONG")
            let spelled = try RedisURL(parsing: url.text)
            #expect(try await RedisClient(spelled).send("PING").string == "PONG")
        }
    }

    @Test(arguments: ["wrong", nil])
    func `a wrong or missing password fails at once and names no secret`(password: String?) async throws {
        try await ThrowawayRedis.withServer(.init(password: "right")) { url async throws in
            var url = url
            url.password = password
            let redis = RedisClient(url)
            let clock = ContinuousClock()
            let start = clock.now
            let error = await failure { try await redis.send("PING") }
            #expect(error?.code == .authentication)
            #expect(clock.now - start < .seconds(1.5))
            #expect(error?.description.contains("wrong") == false)
        }
    }

    @Test func `a password where none is configured is refused`() async throws {
        try await ThrowawayRedis.withServer { url async throws in
            var url = url
            url.password = "needless"
            #expect(await failure { try await RedisClient(url).send("PING") }?.code == .authentication)
        }
    }

    @Test func `a user of the access list logs in and is told what it may not do`() async throws {
        try await ThrowawayRedis.withServer { url in
            let admin = RedisClient(url)
            try await admin.send("ACL", "SETUSER", "ann", "on", ">pw", "~ann:*", "+get", "+set")
            var annsURL = url
            annsURL.username = "ann"
            annsURL.password = "pw"
            let ann = RedisClient(annsURL)
            try await ann.send("SET", "ann:x", 1)
            let key = await failure { try await ann.send("SET", "bob:x", 1) }
            #expect(key?.code == .notPermitted)
            #expect(key?.hint.contains("ACL SETUSER") == true)
            #expect(await failure { try await ann.send("FLUSHALL") }?.code == .notPermitted)
            #expect(try await ann.send("GET", "ann:x").int == 1)
        }
    }

    @Test func `every connection selects its database and says its name`() async throws {
        try await ThrowawayRedis.withServer { url in
            var other = url
            other.database = 5
            var options = RedisOptions()
            options.clientName = "unit-test"
            let redis = RedisClient(other, options: options)
            try await redis.send("SET", "where", "five")
            let killer = RedisClient(url)
            try await killer.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            let client = try await repeatedly {
                try await redis.send("CLIENT", "INFO").string
            }
            #expect(client?.contains("db=5") == true)
            #expect(client?.contains("name=unit-test") == true)
            #expect(try await killer.send("GET", "where").isNull)
        }
    }

    @Test func `a database that Redis does not have is refused by its own words`() async throws {
        try await ThrowawayRedis.withServer { url async throws in
            var url = url
            url.database = 99
            let error = await failure { try await RedisClient(url).send("PING") }
            #expect(error?.message.contains("out of range") == true, "\(String(describing: error))")
        }
    }
}
