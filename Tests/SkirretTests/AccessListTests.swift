import CeleryProtocol
import Foundation
import Logging
import Skirret
import SkirretRedis
import SkirretTesting
import Testing

/// The users in config/redis.acl: each role does its work, and nothing else.
@Suite("Access list", .timeLimit(.minutes(2))) struct AccessListTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../config/redis.acl").standardizedFileURL

    private let add = TaskDefinition("samples.add") { (a: Int, b: Int) in a + b }
    private let total = TaskDefinition("samples.total") { (parts: [Int]) in parts.reduce(0, +) }
    private let flaky = TaskDefinition("samples.flaky") { (context: TaskContext) in
        await context.progress(50, "half")
        context.logger.info("attempt \(context.retries)")
        _ = try await context.reserve("name")
        if context.retries == 0 { throw context.retry(after: .milliseconds(10)) }
        return context.retries
    }
    private let broken = TaskDefinition("samples.broken") { (_: Int) -> Int in throw CocoaError(.fileNoSuchFile) }

    @Test func `a fleet works fully with each role under its own user, and Redis logs no denial`() async throws {
        try await withRoles { admin, url in
            let queue = TaskQueue(url("skirret-api"), logger: quiet)
            let tasks = [add.registered, total.registered, flaky.registered, broken.registered]
            let worker = FleetWorker(url("skirret-worker"), name: "acl@host", tasks: tasks) {
                $0.sendsTaskEvents = true
                $0.tracksStarted = true
                $0.sweep = .milliseconds(100)
                $0.heartbeat = .milliseconds(100)
            }
            try await withFleet([worker]) {
                #expect(try await add.delay(2, 3, on: queue).result(within: .seconds(20)) == 5)
                #expect(try await flaky.delay(on: queue).result(within: .seconds(20)) == 1)
                let later = try await add.call(1, 1, on: queue, .countdown(.milliseconds(50)), .priority(9))
                #expect(try await later.result(within: .seconds(20)) == 2)
                let failed = try await broken.delay(1, on: queue)
                await #expect(throws: TaskFailure.self) { try await failed.result(within: .seconds(20)) }
                let chained = try await chain(add.s(2, 2), Signature(task: "samples.add", args: [4])).delay(on: queue)
                #expect(try await queue.result(of: chained.id, within: .seconds(20)).value() == 8)
                try await queue.revoke([later.id], terminate: true)
                _ = try await queue.overview()
                _ = try await queue.deadLetters(limit: 10)
                _ = try await queue.log(of: failed.id)
                _ = try await queue.snapshot()
            }
            await queue.close()
            try await expectNoDenials(admin)
        }
    }

    @Test(arguments: ["skirret-api", "skirret-worker", "skirret-beat"])
    func `no role may administer Redis or touch other keys and channels`(role: String) async throws {
        try await withRoles { _, url async throws in
            let redis = RedisClient(url(role))
            let commands: [RedisCommand] = [
                .init("CONFIG", "GET", "*"), .init("CONFIG", "SET", "maxmemory", 1), .init("DEBUG", "SLEEP", 0),
                .init("FLUSHALL"), .init("FLUSHDB"), .init("KEYS", "*"), .init("SHUTDOWN", "NOSAVE"),
                .init("ACL", "SETUSER", .init(role), "+@all"), .init("SCRIPT", "FLUSH"), .init("SWAPDB", 0, 1),
                .init("REPLICAOF", "NO", "ONE"), .init("CLIENT", "KILL", "TYPE", "normal"), .init("MONITOR"),
                .init("SET", "other:key", 1), .init("GET", "other:key"), .init("PUBLISH", "other", "x"),
                .init("EVAL", "return redis.call('GET', 'other:key')", 0), .init("COPY", "celery", "other:key"),
                .init("FUNCTION", "FLUSH"), .init("RANDOMKEY"), .init("SORT", "celery"),
            ]
            for command in commands {
                let error = await failure { try await redis.send(command) }
                #expect(error?.code == .notPermitted, "\(role) \(command): \(String(describing: error))")
                #expect(error?.hint.contains("config/redis.acl") == true)
            }
            #expect(try await redis.send("PING").string == "PONG")
        }
    }

    @Test func `beat may lead and fire, and changes nothing of the workers'`() async throws {
        try await withRoles { admin, url in
            let queue = TaskQueue(url("skirret-beat"), logger: quiet)
            try await queue.redis.send("LPUSH", "celery", "x")
            try await queue.redis.send("GET", .init("skirret:beat:leader"))
            try await queue.redis.send("HGETALL", "skirret:workers:about")
            try await expectNoDenials(admin)
            for (key, command) in [("unacked", "HDEL"), ("skirret:owners", "HDEL"), ("celery-task-meta-1", "HDEL")] {
                let error = await failure { try await queue.redis.send(.init(command), .init(key), "x") }
                #expect(error?.code == .notPermitted, "\(command) \(key)")
            }
            await queue.close()
        }
    }

    @Test func `an unknown or disabled user is told to correct the URL`() async throws {
        try await ThrowawayRedis.withServer { url async throws in
            try await RedisClient(url).send("ACL", "SETUSER", "off-duty", "off", ">pw")
            for name in ["nobody", "off-duty"] {
                var url = url
                url.username = name
                url.password = "pw"
                let error = await failure { try await RedisClient(url).send("PING") }
                #expect(error?.code == .authentication)
                #expect(error?.hint.contains("Redis URL") == true)
            }
        }
    }

    /// A server with the shipped file, its users switched on.
    private func withRoles(_ body: (RedisClient, (String) -> RedisURL) async throws -> Void) async throws {
        let shipped = try String(contentsOf: Self.file, encoding: .utf8)
        // The default user stays the test's administrator.
        let list = shipped.split(separator: "\n").filter { !$0.hasPrefix("user default") }
            .map { $0.replacing(" off ", with: " on >pw ", maxReplacements: 1) }.joined(separator: "\n")
        let all = "user default on nopass ~* &* +@all\n" + list + "\n"
        try await ThrowawayRedis.withServer(.init(accessList: all)) { server in
            let admin = RedisClient(server)
            try await body(admin) { role in
                var url = server
                url.username = role
                url.password = "pw"
                return url
            }
            await admin.close()
        }
    }

    private func expectNoDenials(_ admin: RedisClient) async throws {
        let log = try await admin.send("ACL", "LOG").array ?? []
        #expect(log.isEmpty, "\(log.map { $0.array?.compactMap(\.string).joined(separator: " ") ?? "" })")
    }

    private func failure<T>(of body: () async throws -> T) async -> RedisError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? RedisError
        }
    }
}
