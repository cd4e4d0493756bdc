import Skirret
public import SkirretRedis

/// A master, its replicas, and sentinels that watch them, all real and all gone after the test.
///
///     try await ThrowawayFailover.withServers { group in
///         let redis = RedisClient(group.url)            // redis+sentinel://…
///         await group.servers[0].kill()                 // the first master
///         let promoted = try await group.promotion(after: group.servers[0])
///         …
///     }
///
/// The sentinels speak plainly, as do the servers. They look every 100 ms and talk every 500 ms instead of every few
/// seconds, so that a group is ready and a dead master replaced within two or three seconds.
public final class ThrowawayFailover: Sendable {
    /// How the group is made.
    public struct Configuration: Sendable {
        /// Copies of the master; 1.
        public var replicas = 1
        /// Sentinels, of which a majority decides; 3.
        public var sentinels = 3
        /// How long a server is silent before the sentinels call it down; 500 ms.
        public var downAfter: Duration = .milliseconds(500)
        /// The servers' password.
        public var password: String?
        /// The sentinels' own password.
        public var sentinelPassword: String?

        /// One replica, three sentinels, no passwords.
        public init() {}
    }

    /// The name by which the sentinels know the master.
    public static let master = "mymaster"

    /// `redis+sentinel://…` with all sentinels.
    public let url: RedisURL
    /// The data servers; the first one is the master at the start.
    public let servers: [ThrowawayRedis]
    /// The sentinels; each is a process that may be killed and paused.
    public let sentinels: [ThrowawayRedis]

    private init(url: RedisURL, servers: [ThrowawayRedis], sentinels: [ThrowawayRedis]) {
        self.url = url
        self.servers = servers
        self.sentinels = sentinels
    }

    /// Runs the body with a group in which all know of all.
    ///
    /// - Throws: what the body throws, or `RedisError.unreachable` when a server does not start within 30 s.
    public static func withServers<R>(
        _ configuration: Configuration = .init(), _ body: (ThrowawayFailover) async throws -> R
    ) async throws -> R {
        let group = try await start(configuration)
        do {
            let result = try await body(group)
            await group.stop()
            return result
        } catch {
            await group.stop()
            throw error
        }
    }

    /// Waits until the sentinels agree on another master than this one.
    ///
    /// - Returns: The server that was promoted.
    public func promotion(after old: ThrowawayRedis, within limit: Duration = .seconds(60)) async throws
        -> ThrowawayRedis
    {
        var promoted: ThrowawayRedis?
        try await wait(within: limit, for: "a promotion") { [self] in
            promoted = try await masters().flatMap { port in
                servers.first { $0 !== old && $0.port == port }
            }
            return promoted != nil
        }
        guard let promoted else { throw Self.notReady("a promotion") }
        return promoted
    }

    /// Asks for a planned failover, as an operator does.
    public func failOver() async throws {
        _ = try await ask(sentinels[0]) { try await $0.send("SENTINEL", "FAILOVER", .init(Self.master)) }
    }

    /// The port on which all living sentinels see the master; nil while they differ.
    private func masters() async throws -> Int? {
        var ports: Set<Int> = []
        for sentinel in sentinels {
            guard
                let port = try? await ask(
                    sentinel,
                    { redis in  // a dead sentinel has no say
                        try await redis.send("SENTINEL", "GET-MASTER-ADDR-BY-NAME", .init(Self.master)).array?.last?.int
                    })
            else { continue }
            ports.insert(port)
        }
        return ports.count == 1 ? ports.first : nil
    }

    private func stop() async {
        for server in sentinels + servers { await server.stop() }
    }
}

extension ThrowawayFailover {
    private static func start(_ configuration: Configuration) async throws -> ThrowawayFailover {
        let master = try await ThrowawayRedis.start(.init(listener: .tcp, password: configuration.password))
        var servers = [master]
        for _ in 0..<configuration.replicas {
            servers.append(
                try await .start(.init(listener: .tcp, password: configuration.password, master: master.url)))
        }
        var sentinels: [ThrowawayRedis] = []
        for _ in 0..<configuration.sentinels {
            var one = ThrowawayRedis.Configuration(listener: .tcp, password: configuration.sentinelPassword)
            one.sentinel = text(configuration, master: master)
            sentinels.append(try await .start(one))
        }
        let places = sentinels.map { RedisPlace(host: "127.0.0.1", port: $0.port) }
        let url = RedisURL(
            address: .sentinel(
                RedisSentinels(places: places, master: Self.master, password: configuration.sentinelPassword)),
            password: configuration.password)
        let group = ThrowawayFailover(url: url, servers: servers, sentinels: sentinels)
        do {
            try await group.hurry()
            try await group.wait(within: .seconds(30), for: "sentinels that know each other") {
                try await group.isComplete(configuration)
            }
        } catch {
            await group.stop()
            throw error
        }
        return group
    }

    private static func text(_ configuration: Configuration, master: ThrowawayRedis) -> String {
        var lines = [
            "sentinel monitor \(Self.master) 127.0.0.1 \(master.port) \(configuration.sentinels / 2 + 1)",
            "sentinel down-after-milliseconds \(Self.master) \(configuration.downAfter.milliseconds)",
            "sentinel failover-timeout \(Self.master) 10000",
        ]
        if let password = configuration.password {
            lines.append("sentinel auth-pass \(Self.master) \(quoted(password))")
        }
        if let password = configuration.sentinelPassword {
            lines += ["requirepass \(quoted(password))", "sentinel sentinel-pass \(quoted(password))"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// As a configuration file has it.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// Sentinels tell each other of themselves every 2 s, and ask for replicas every 10 s: too long for a test.
    ///
    /// Not under 250 ms for the former: after four of them a promoted replica that nobody has spoken of is taken for a
    /// mistake and made a replica again, and its promoter looks only once a second.
    private func hurry() async throws {
        for sentinel in sentinels {
            _ = try await ask(sentinel) { redis in
                try await redis.send(
                    RedisCommand(
                        "SENTINEL",
                        arguments: [
                            "DEBUG", "info-period", 100, "ping-period", 100, "ask-period", 100, "publish-period", 500,
                        ]))
            }
        }
    }

    /// Whether every sentinel knows all others and would promote any of the replicas, and these are in step.
    private func isComplete(_ configuration: Configuration) async throws -> Bool {
        for sentinel in sentinels {
            let (master, replicas) = try await ask(sentinel) { redis in
                (
                    Self.fields(try await redis.send("SENTINEL", "MASTER", .init(Self.master))),
                    (try await redis.send("SENTINEL", "REPLICAS", .init(Self.master)).array ?? []).map(Self.fields)
                )
            }
            let sound = replicas.filter { $0["flags"] == "slave" && $0["master-link-status"] == "ok" }
            guard master["num-other-sentinels"] == "\(configuration.sentinels - 1)", master["flags"] == "master",
                sound.count == configuration.replicas
            else { return false }
        }
        let replication = try await ask(servers[0]) { try await $0.send("INFO", "replication").string ?? "" }
        return replication.ranges(of: "state=online").count == configuration.replicas
    }

    /// Names and values by turns, as sentinels describe a server.
    private static func fields(_ reply: RedisValue) -> [String: String] {
        let texts = reply.array?.map { $0.string ?? "" } ?? []
        let pairs = stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) }
        return Dictionary(pairs, uniquingKeysWith: { $1 })
    }

    private func ask<R>(_ server: ThrowawayRedis, _ question: (RedisClient) async throws -> R) async throws -> R {
        let redis = RedisClient(server.url, logger: ThrowawayRedis.silence)
        do {
            let answer = try await question(redis)
            await redis.close()
            return answer
        } catch {
            await redis.close()
            throw error
        }
    }

    /// Servers tell nobody when they are done, so they are asked.
    private func wait(within limit: Duration, for what: String, until isDone: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + limit
        while try await !isDone() {
            guard .now < end else { throw Self.notReady(what) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func notReady(_ what: String) -> RedisError {
        RedisError(.unreachable, "the throw-away sentinels did not come to \(what)", hint: "Is the machine very busy?")
    }
}
