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
    private let limited = TaskDefinition(
        "samples.limited",
        options: .init(uniqueness: .unique(), limits: [.concurrency(1), .rate(RateLimit(1000, per: .seconds(1)))])
    ) { (number: Int) in number }
    private let single = TaskDefinition(
        "samples.single", options: .init(singleFlight: .init(name: { _, _ in "one" }, answer: { .string("\($0)") }))
    ) { (number: Int) in number }
    private let broken = TaskDefinition("samples.broken") { (_: Int) -> Int in throw CocoaError(.fileNoSuchFile) }

    @Test func `a fleet works fully with each role under its own user, and Redis logs no denial`() async throws {
        try await withRoles { admin, url in
            let producer = TaskQueue(url("skirret-producer"), logger: quiet)
            let inspector = TaskQueue(url("skirret-inspector"), logger: quiet)
            let operators = TaskQueue(url("skirret-api"), logger: quiet)
            let tasks = [
                add.registered, total.registered, flaky.registered, broken.registered, limited.registered,
                single.registered,
            ]
            let worker = FleetWorker(url("skirret-worker"), name: "acl@host", tasks: tasks) {
                $0.queues = ["celery", "dvr"]
                $0.sendsTaskEvents = true
                $0.tracksStarted = true
                $0.sweep = .milliseconds(100)
                $0.heartbeat = .milliseconds(100)
                $0.remoteControl = .all
                $0.unknownTaskNotice = .milliseconds(50)
            }
            try await withFleet([worker]) {
                try await call(on: producer)
                try await follow(on: producer)
                try await beat(url("skirret-beat"), operators)
                try await look(inspector)
                try await operate(operators)
            }
            for queue in [producer, inspector, operators] { await queue.close() }
            try await expectNoDenials(admin)
        }
    }

    /// Everything a program may say to a broker.
    private func call(on queue: TaskQueue) async throws {
        #expect(try await add.delay(2, 3, on: queue).result(within: .seconds(20)) == 5)
        #expect(try await flaky.delay(on: queue).result(within: .seconds(20)) == 1)
        let later = try await add.call(1, 1, on: queue, .countdown(.milliseconds(50)), .priority(9))
        #expect(try await later.result(within: .seconds(20)) == 2)
        let failed = try await broken.delay(1, on: queue)
        await #expect(throws: TaskFailure.self) { try await failed.result(within: .seconds(20)) }
        let fair = try await add.call(1, 2, on: queue, .fair("key", weight: 2), .queue("dvr"))
        #expect(try await fair.result(within: .seconds(20)) == 3)
        for number in 0..<4 { try await limited.delay(number, on: queue) }
        #expect(try await limited.delay(9, on: queue).result(within: .seconds(20)) == 9)
        #expect(try await single.delay(1, on: queue).result(within: .seconds(20)) == 1)
        _ = try await queue.log(of: failed.id)
        _ = try await queue.progress(of: failed.id)
        try await queue.revoke([later.id], terminate: true)
        let unknown = try await queue.send("samples.unknown", options: .init())
        let notice = try await queue.result(of: unknown, within: .seconds(20))
        #expect(notice.state == .failure)
        try await queue.revoke([unknown])
        try await failed.forget()
    }

    /// Canvases and batches.
    private func follow(on queue: TaskQueue) async throws {
        let chained = try await chain(add.s(2, 2), Signature(task: "samples.add", args: [4])).delay(on: queue)
        #expect(try await queue.result(of: chained.id, within: .seconds(20)).value() == 8)
        let six = try await chord([add.s(1, 1), add.s(2, 2)], then: total.s()).delay(on: queue)
        #expect(try await six.result(within: .seconds(20)) == 6)
        let both = try await group(add.s(1, 1), add.s(2, 2)).delay(on: queue)
        #expect(try await both.result(within: .seconds(20)) == [2, 4])
        try await both.save()
        try await both.forget()
        let batch = queue.batch(then: Signature(task: "samples.add", args: [1, 1]))
        try await batch.add(Signature(task: "samples.add", args: [1, 2]))
        try await batch.seal()
        try await until { try await batch.summary()?.isDone == true }
    }

    /// A schedule of each policy fires, and one is triggered by hand.
    private func beat(_ url: RedisURL, _ operators: TaskQueue) async throws {
        let queue = TaskQueue(url, logger: quiet)
        let store = RedisScheduleStore(operators, logger: quiet)
        for (name, policy) in [("allow", OverlappingRuns.allow), ("skip", .skip), ("cancel", .cancel)] {
            var task = ScheduledTask(
                name, .interval(.milliseconds(200)), ScheduledCall(task: "samples.add", args: [1, 1]))
            task.overlap = policy
            try await store.set(task)
        }
        let beat = Beat(queue, store: RedisScheduleStore(queue, logger: quiet), name: "acl", logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await beat.run() }
            for name in ["allow", "skip", "cancel"] {
                for _ in 0..<3 {
                    let before = try await operators.redis.send("HGET", "skirret:beat:redis:runs", .init(name)).string
                    try await until {
                        try await operators.redis.send("HGET", "skirret:beat:redis:runs", .init(name)).string != before
                    }
                }
            }
            group.cancelAll()
            while let ended = await group.nextResult() { _ = ended }
        }
        _ = try await store.runNow("allow")
        for name in ["allow", "skip", "cancel"] { try await store.remove(name) }
        await queue.close()
    }

    /// Everything that only looks.
    private func look(_ queue: TaskQueue) async throws {
        _ = try await queue.overview()
        _ = try await queue.deadLetters(limit: 10)
        _ = try await queue.pausedQueues()
        _ = try await queue.remaining(in: "celery")
        for method in ["ping", "stats", "active", "scheduled", "reserved", "registered", "conf", "report"] {
            #expect(try await queue.ask(method, of: .nodes(["acl@host"]), within: .seconds(5)).count == 1, "\(method)")
        }
        #expect(try await queue.explain("nobody").place == .unknown)
        _ = try await RedisScheduleStore(queue, logger: quiet).all()
    }

    /// Everything that changes what runs.
    private func operate(_ queue: TaskQueue) async throws {
        try await queue.pause("celery")
        let held = try await add.delay(4, 4, on: queue)
        _ = try await queue.explain(held.id)
        try await queue.resume("celery")
        #expect(try await held.result(within: .seconds(20)) == 8)
        try await queue.redis.send("LPUSH", "celery", "no message")
        try await until { try await !queue.deadLetters(limit: 10).isEmpty }
        let letters = try await queue.deadLetters(limit: 10)
        try await queue.replay(letters)
        try await until { try await queue.deadLetters(limit: 10).first.map { $0.id != letters.first?.id } ?? false }
        try await queue.discard(deadLetters: queue.deadLetters(limit: 10).map(\.id))
        try await queue.broadcast("pool_grow", ["n": 1])
        _ = try await queue.snapshot()
    }

    @Test func `a right that is missing is an error, and in the log`() async throws {
        try await withRoles(without: " ~skirret:sent:*") { admin, url async throws in
            let queue = TaskQueue(url("skirret-producer"), logger: quiet)
            let error = await failure { try await add.delay(1, 1, on: queue) }
            #expect(error?.code == .notPermitted)
            let log = try await admin.send("ACL", "LOG").array ?? []
            #expect(!log.isEmpty)
            await queue.close()
        }
    }

    /// What Dispatcharr's modules let a plugin do with Redis, as Skirret's own copies of them do it.
    private static let plugin = """
        import os, sys
        sys.path.insert(0, sys.argv[1])
        url = os.environ["SKIRRET_BROKER_URL"] = sys.argv[2]
        from celery import chord, group, signature
        from dispatcharr.celery import app
        from django.conf import settings
        cache = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": [url], "KEY_PREFIX": "plugins",
            "OPTIONS": {"serializer": "dispatcharr.cache.JSONSerializer", "pool_class": "dispatcharr.redis_urls.Pool"},
        }
        settings.configure(BROKER_URL=url, BROKER_OPTIONS={}, CACHES={"default": cache})
        def add(*args): return signature("samples.add", args=args, app=app)
        assert app.send_task("samples.add", [2, 3]).get(timeout=20) == 5
        assert app.send_task("samples.add", [2, 3], queue="dvr", priority=6, countdown=0.1).get(timeout=20) == 5
        assert chord([add(1, 1), add(2, 2)], signature("samples.total", app=app))().get(timeout=20) == 6
        both = group(add(1, 1), add(2, 2)).apply_async()
        both.save()
        assert both.get(timeout=20) == [2, 4]
        from django.core.cache import cache
        cache.set("a", 1)
        cache.add("b", [2], 60)
        assert cache.incr("a") == 2 and cache.get_many(["a", "b"]) == {"a": 2, "b": [2]}
        cache.delete("a")
        from core.locks import acquire_task_lock, is_task_lock_held, release_task_lock
        from core.redis_client import RedisClient
        from dispatcharr.persistent_lock import PersistentLock
        assert acquire_task_lock("x", 1) and is_task_lock_held("x", 1)
        release_task_lock("x", 1)
        lock = PersistentLock(RedisClient.new_client(), "skirret:plugins:leader:p", 30)
        assert lock.acquire() and lock.refresh() and lock.release()
        redis = RedisClient.get_client()
        redis.hset("live:channel:1:metadata", mapping={"state": "active"})
        assert list(redis.scan_iter(match="live:*")) == ["live:channel:1:metadata"]
        assert redis.incr("profile_connections:1") == 1 and redis.incr("server_group_connections:1") == 1
        for key in ("vod_persistent_connection:1", "channel_stream:1", "stream_profile:1"):
            redis.set(key, 1)
            assert redis.getdel(key) == "1"
        assert redis.hgetall("skirret:api:plugins:described") == {}
        redis.publish("live:events:1", "{}")
        # Celery's own clean-up would connect once more while Python is ending.
        sys.stdout.flush()
        os._exit(0)
        """

    @Test(.enabled(if: PythonWorker.executable != nil))
    func `a plugin does its part under a user of its own, and Redis logs no denial`() async throws {
        try await withRoles { admin, url in
            let worker = FleetWorker(
                url("skirret-worker"), name: "acl@host", tasks: [add.registered, total.registered]
            ) {
                $0.queues = ["celery", "dvr"]
            }
            let modules = Self.file.appending(path: "../../Sources/PluginRuntime/Python").standardizedFileURL.path
            try await withFleet([worker]) {
                let status = try await PythonWorker.run(Self.plugin, modules, url("skirret-plugin").celeryText)
                #expect(status == 0)
            }
            try await expectNoDenials(admin)
        }
    }

    @Test(arguments: [
        "skirret-api", "skirret-producer", "skirret-worker", "skirret-beat", "skirret-inspector", "skirret-plugin",
    ])
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

    /// Key, and what is tried on it, by role.
    private static let forbidden: [(role: String, command: RedisCommand)] = [
        ("skirret-api", .init("HDEL", "unacked", "x")), ("skirret-api", .init("SET", "task_lock_x", 1)),
        ("skirret-producer", .init("HGET", "unacked", "x")), ("skirret-producer", .init("HDEL", "skirret:owners", "x")),
        ("skirret-producer", .init("ZADD", "skirret:leases", 1, "x")),
        ("skirret-producer", .init("HSET", "skirret:schedules", "x", "y")),
        ("skirret-producer", .init("DEL", "skirret:dead")),
        ("skirret-producer", .init("PUBLISH", "skirret:beat:bell", "x")),
        ("skirret-beat", .init("HDEL", "unacked", "x")), ("skirret-beat", .init("HDEL", "skirret:owners", "x")),
        ("skirret-beat", .init("ZADD", "skirret:leases", 1, "x")), ("skirret-beat", .init("DEL", "skirret:dead")),
        ("skirret-inspector", .init("LPUSH", "celery", "x")), ("skirret-inspector", .init("RPOP", "celery")),
        ("skirret-inspector", .init("DEL", "celery-task-meta-1")), ("skirret-inspector", .init("DEL", "skirret:dead")),
        ("skirret-inspector", .init("SADD", "skirret:queues", "x")),
        ("skirret-inspector", .init("ZADD", "skirret:revoked", 1, "x")),
        ("skirret-inspector", .init("SADD", "_kombu.binding.celery", "x")),
        ("skirret-plugin", .init("RPOP", "celery")), ("skirret-plugin", .init("LRANGE", "celery", 0, -1)),
        ("skirret-plugin", .init("DEL", "celery")), ("skirret-plugin", .init("LPUSH", "elsewhere", "x")),
        ("skirret-plugin", .init("HGET", "unacked", "x")), ("skirret-plugin", .init("HGET", "skirret:owners", "x")),
        ("skirret-plugin", .init("ZADD", "skirret:revoked", 1, "x")),
        ("skirret-plugin", .init("GET", "skirret:api:sessions")),
        ("skirret-plugin", .init("SET", "celery-task-meta-1", "x")),
        ("skirret-plugin", .init("PUBLISH", "celery-task-meta-1", "x")),
        ("skirret-plugin", .init("PUBLISH", "/0.celery.pidbox", "x")),
        ("skirret-plugin", .init("SADD", "_kombu.binding.celery.pidbox", "x")),
        ("skirret-plugin", .init("SREM", "_kombu.binding.celery", "x")),
    ]

    @Test func `each role is refused what the others do`() async throws {
        try await withRoles { _, url async throws in
            for (role, command) in Self.forbidden {
                let redis = RedisClient(url(role))
                let error = await failure { try await redis.send(command) }
                #expect(error?.code == .notPermitted, "\(role): \(command)")
                await redis.close()
            }
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

    /// A server with the shipped file, its users switched on; `rule` is taken out of all of them.
    private func withRoles(
        without rule: String = "", _ body: (RedisClient, (String) -> RedisURL) async throws -> Void
    ) async throws {
        let shipped = try String(contentsOf: Self.file, encoding: .utf8)
        // The default user stays the test's administrator.
        let list = shipped.split(separator: "\n").filter { !$0.hasPrefix("user default") }
            .map { $0.replacing(" off ", with: " on >pw ", maxReplacements: 1) }
            .map { rule.isEmpty ? $0 : $0.replacing(rule, with: "") }.joined(separator: "\n")
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
