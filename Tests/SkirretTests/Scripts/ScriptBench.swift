import CeleryProtocol
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

/// A Redis of its own and the scripts as the engine calls them, with short leases.
struct ScriptBench {
    let redis: RedisClient
    let keys = Keys()
    /// What waits for a worker that knows it: queue and task as JSON strings.
    static let place = "\"celery\"\n\"t\""
    static let lease = 12_000

    static func run(_ body: (ScriptBench) async throws -> Void) async throws {
        try await ThrowawayRedis.withServer { url in
            let redis = RedisClient(url, logger: quiet)
            do { try await body(ScriptBench(redis: redis)) } catch {
                await redis.close()
                throw error
            }
            await redis.close()
        }
    }

    /// The whole key space, apart from what is named.
    func space(without left: String...) async throws -> [String: Held] {
        try await keySpace(redis).filter { !left.contains($0.key) }
    }

    /// Compares the whole key space, and says where it differs.
    func expect(
        without left: [String] = [], _ expected: [String: Held], at place: SourceLocation = #_sourceLocation
    ) async throws {
        let space = try await keySpace(redis).filter { !left.contains($0.key) }
        for key in Set(space.keys).union(expected.keys).sorted() where space[key] != expected[key] {
            let wanted = expected[key].map { "\($0)" } ?? "nothing", found = space[key].map { "\($0)" } ?? "nothing"
            Issue.record("\(key): expected \(wanted), found \(found)", sourceLocation: place)
        }
    }

    /// Redis's clock in Unix milliseconds.
    func now() async throws -> Int {
        let parts = try await redis.send("TIME").array?.compactMap { $0.string.flatMap { Int($0) } } ?? []
        return parts[0] * 1000 + parts[1] / 1000
    }

    func push(_ message: String, to list: String = "celery") async throws {
        try await redis.send("LPUSH", .init(list), .init(message))
    }

    // MARK: scripts

    func claim(
        _ seed: String, most: Int = 10, repeated: Int = 0, free: Int = 0, generation: Int = 1, disarmed: String = "",
        queues: [String] = ["celery"]
    ) async throws -> RedisValue {
        try await redis.run(
            Scripts.claim,
            keys: [
                keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.dead, keys.letters, keys.crashes,
                keys.revoked, keys.paused, keys.armed("w"),
            ] + queues,
            arguments: [
                .init(most), .init(Self.lease), "w@h", .init(seed), .init(repeated), .init(free), .init(generation),
                .init(disarmed),
            ]
                + queues.map { _ in #""celery""# })
    }

    /// The claims in the claim script's answer, as a worker reads them.
    func claims(_ reply: RedisValue) -> [Claim] { Claim.all(in: reply.array ?? []) }

    /// The messages of a claim's answer.
    func messages(_ reply: RedisValue) -> [String] { claims(reply).map { String(decoding: $0.message, as: UTF8.self) } }

    /// Puts a claimed message aside, as one of a task that nobody knows.
    func shelve(_ token: String, _ message: String, _ id: String) async throws {
        try await redis.run(
            Scripts.shelve,
            keys: [
                keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.waiting, keys.waitingNames,
                keys.waitingOverdue, keys.waitingOffers, keys.offered(id),
            ],
            arguments: [
                .init(token), .init(id), .init(keys.wake), "celery", .init(Self.place), "t", .init(message), 1000,
                60_000, "", "{}", 60, 1000,
            ])
    }

    func adopt(_ seed: String, most: Int, repeated: Int = 0) async throws -> RedisValue {
        try await redis.run(
            Scripts.adopt,
            keys: [
                keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.crashes, keys.revoked, keys.paused,
                keys.waiting, keys.waitingNames, keys.waitingOverdue, keys.waitingTelling,
            ],
            arguments: [.init(most), .init(Self.lease), "w@h", .init(seed), .init(repeated), .init(Self.place)])
    }

    func heartbeat(_ held: [(token: String, task: String)]) async throws -> RedisValue {
        try await redis.run(
            Scripts.heartbeat,
            keys: [
                keys.leases, keys.unackedIndex, keys.workers, keys.workerDescriptions, keys.cancelled, keys.unacked,
            ],
            arguments: [.init(Self.lease), "w@h", "{}", "", ""] + held.flatMap { [.init($0.token), .init($0.task)] })
    }

    func finish(
        _ token: String, task: String, results: [(key: String, json: String, keep: Int)] = [],
        followUps: [(list: String, id: String, due: String, message: String)] = [], isFinal: Bool = true,
        unique: String = "", single: String = "", batch: (key: String, verdict: String)? = nil, claim: String = "run"
    ) async throws -> Int? {
        var arguments: [RedisArgument] = [
            .init(token), .init(task), .init(keys.wake), isFinal ? "1" : "0", .init(results.count),
        ]
        for result in results { arguments += [.init(result.key), .init(result.json), .init(result.keep)] }
        arguments.append(.init(followUps.count))
        for next in followUps { arguments += [.init(next.list), .init(next.id), .init(next.due), .init(next.message)] }
        return try await redis.run(
            Scripts.finish,
            keys: [
                keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.crashes, keys.scheduled,
                keys.scheduledMessages, keys.cancelled, keys.lost, keys.waiting, keys.settled(claim), keys.fair,
            ],
            arguments: arguments + [
                .init(unique), .init(single), .init(batch?.key ?? ""), .init(batch.map { $0.key + ":open" } ?? ""),
                .init(batch?.verdict ?? ""),
            ]
        ).int
    }

    func settle(
        _ settlements: [(token: String, task: String, result: String)], keep: Int = 60
    ) async throws -> [Int] {
        try await redis.run(
            Scripts.settle,
            keys: [
                keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.crashes, keys.cancelled, keys.lost,
            ] + settlements.map { "result-\($0.task)" },
            arguments: [.init(keep), .init("result-".utf8.count)]
                + settlements.flatMap { [.init($0.token), .init($0.result)] }
        ).array?.compactMap(\.int) ?? []
    }

    func restore(_ tokens: String..., why: String, most: Int = 3) async throws -> RedisValue {
        try await redis.run(
            Scripts.restore,
            keys: [
                keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.dead, keys.letters, keys.crashes,
                keys.lost, keys.waiting, keys.scheduled, keys.scheduledMessages, keys.untold, keys.untoldLetters,
            ], arguments: [.init(why), .init(most), "because", .init(keys.wake), 60_000] + tokens.map { .init($0) })
    }

    /// Dead letters of which nobody was told: their ids.
    func retell(most: Int = 10, tell: Int = 60_000) async throws -> [String] {
        try await redis.run(
            Scripts.retell, keys: [keys.untold, keys.untoldLetters], arguments: [.init(most), .init(tell)]
        ).array?.compactMap { $0.array?[0].string } ?? []
    }

    func sweep(most: Int = 100) async throws -> [String] {
        let reply = try await redis.run(
            Scripts.sweep,
            keys: [
                keys.leases, keys.swept, keys.workers, keys.workerDescriptions, keys.cancelled, keys.stalled, keys.lost,
                keys.scheduled, keys.waitingNames, keys.waitingLimits, keys.workerTasks, keys.fair,
                keys.vouchedWorkers, keys.owners, keys.repairs, keys.untold,
            ], arguments: [.init(Self.lease), .init(most), 86_400_000])
        return reply.array?[0].array?.compactMap(\.string) ?? []
    }

    func vouch(_ nodes: String..., lease: Int = ScriptBench.lease) async throws -> [String] {
        try await redis.run(
            Scripts.vouch, keys: [keys.vouchedWorkers, keys.workers],
            arguments: [.init(lease)] + nodes.map { .init($0) }
        ).array?.compactMap(\.string) ?? []
    }

    func promote(most: Int) async throws -> [Int] {
        let reply = try await redis.run(
            Scripts.promote, keys: [keys.scheduled, keys.scheduledMessages, keys.fair],
            arguments: [.init(most), .init(keys.wake)])
        return reply.array?.compactMap(\.int) ?? []
    }

    func enqueue(_ id: String, _ message: String, delay: Int = 0) async throws -> Int? {
        try await redis.run(
            Scripts.enqueue,
            keys: ["celery", keys.marker(id), keys.scheduled, keys.scheduledMessages, keys.binding("celery")],
            arguments: [.init(message), .init(id), .init(delay), 30, .init(keys.wake)]
        ).int
    }

    /// One call of finish with what stands in front of it for canvases.
    func finishCanvas(
        _ token: String, parts: [(position: String, task: String, json: String)] = [],
        body: (count: Int, kind: String)? = nil, followUp: [RedisArgument] = [],
        chords: [(group: String, size: Int)] = [], groups: [(group: String, json: String)] = []
    ) async throws -> RedisValue {
        let settlement =
            [.init(token), "a", .init(keys.wake), "1", 0, .init(followUp.count / 4)] + followUp + ["", "", "", "", ""]
        var tail: [RedisArgument] = [600, .init(parts.count)]
        for part in parts {
            tail += [.init(keys.group("g")), .init(part.position), .init(part.task), .init(part.json)]
        }
        tail.append(.init(body == nil ? 0 : 1))
        if let body { tail += [.init(keys.group("g")), .init(body.count), .init(body.kind)] }
        tail.append(.init(chords.count))
        for chord in chords { tail += [.init(keys.group(chord.group)), .init(chord.size)] }
        tail.append(.init(groups.count))
        for group in groups { tail += [.init(keys.group(group.group)), .init(group.json)] }
        return try await redis.run(
            Scripts.finishCanvas,
            keys: [
                keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.crashes, keys.scheduled,
                keys.scheduledMessages, keys.cancelled, keys.lost, keys.waiting, keys.settled("run"), keys.fair,
            ], arguments: settlement + tail + [.init(tail.count)])
    }

    func single(_ token: String, task: String) async throws -> String? {
        try await redis.run(
            Scripts.singleFlight, keys: [keys.single("s"), keys.leases], arguments: [.init(token), .init(task), 60]
        ).string
    }

    func lead(_ name: String, term: String = "", lease: Int = 6000, looked: String = "") async throws -> [Int?] {
        let beat = keys.beat("")
        let parts =
            try await redis.run(
                Scripts.lead, keys: [beat.leader, beat.term, beat.looked],
                arguments: [.init(name), .init(lease), .init(term), .init(looked)]
            ).array?.map(\.int) ?? []
        return [parts[0], parts[2]]
    }

    func fire(_ due: Int, term: Int, message: String? = nil) async throws -> Int? {
        let beat = keys.beat("")
        return try await redis.run(
            Scripts.fire,
            keys: [
                beat.fired("s", due: due), beat.term, beat.runs, "celery", keys.binding("celery"),
                keys.permanentBinding("celery"), keys.ledger, keys.fair,
            ],
            arguments: [
                .init(term), "s", .init(due), 60, .init("id-\(due)"), .init(message ?? "message \(due)"), "member",
                .init(keys.wake), "",
            ]
        ).int
    }

    /// What Celery's sweep does with a claim whose visibility timeout has passed: kombu's own commands.
    func restoreAsKombu(_ token: String) async throws {
        let held = try await redis.send("HGET", .init(keys.unacked), .init(token)).string ?? ""
        let entry = try JSONValue(parsing: held)
        _ = try await redis.transaction([
            RedisCommand("ZREM", .init(keys.unackedIndex), .init(token)),
            RedisCommand("HDEL", .init(keys.unacked), .init(token)),
            RedisCommand("RPUSH", .init(entry[2]?.string ?? ""), .init(entry[0]?.text ?? "")),
        ])
    }

    /// Lets a claim have been made long ago.
    func age(_ token: String) async throws {
        let owner = try await redis.send("HGET", .init(keys.owners), .init(token)).string ?? ""
        let aged = owner.replacing(/"at":\d+/, with: "\"at\":1")
        try await redis.send("HSET", .init(keys.owners), .init(token), .init(aged))
    }

    /// Lets the time of a scheduled message have come, and puts it into its queue.
    func makeDue(_ entry: String) async throws {
        try await redis.send("ZADD", .init(keys.scheduled), "XX", 1, .init(entry))
        _ = try await promote(most: 10)
    }

    /// Lets a lease have ended a while ago.
    func expire(_ tokens: String...) async throws {
        for token in tokens { try await redis.send("ZADD", .init(keys.leases), 1, .init(token)) }
    }
}

/// An envelope as kombu writes it, small.
func envelope(_ id: String, headers: String = "") -> String {
    """
    {"body": "W10=", "content-encoding": "utf-8", "content-type": "application/json", \
    "headers": {"task": "t", "id": "\(id)", "retries": 12345678901234567890, "list": []\(headers)}, \
    "properties": {"delivery_tag": "tag-\(id)", "delivery_info": {"exchange": "", "routing_key": "celery"}}}
    """
}

/// The same as ``JSONValue`` writes it.
func compact(_ message: String) -> String { (try? JSONValue(parsing: message).text) ?? "no JSON: \(message)" }

/// The same after it was given back once.
func restored(_ message: String) -> String {
    message.replacing(#""headers": {"#, with: #""headers": {"redelivered": true, "#)
        .replacing(#""delivery_info": {"#, with: #""delivery_info": {"redelivered": true, "#)
}

/// A claim's record of its owner, as ``keySpace(_:)`` shows it.
func owner(_ id: String, list: String = "celery") -> String {
    record(["name": "t", "queue": .string(list), "tail": 15, "task": .string(id), "worker": "w@h"])
}

/// JSON that a script wrote, as ``keySpace(_:)`` shows it.
///
/// The keys stand in the order of the alphabet.
func record(_ object: JSONObject) -> String { JSONValue.object(object).text }
