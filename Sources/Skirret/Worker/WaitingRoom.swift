import CeleryProtocol
import Foundation
import Logging
import SkirretRedis
import Synchronization

/// Looks after what waits in Redis for something other than a free slot: a worker that knows the task, or a place in a
/// shared limit.
///
/// Nothing is held in memory but the names that this worker may adopt. Every live worker looks after all of it; asleep
/// until something is due, or until somebody says that something waits.
final class WaitingRoom: Sendable {
    let queue: TaskQueue
    let registry: TaskRegistry
    let options: WorkerOptions
    let settler: Settler
    let logger: Logger
    private let consumed: ConsumedQueues
    private let claimBell: Doorbell
    let offerer: Offerer
    private let bell = Doorbell()
    /// What waits and is known here: queue and task name as JSON strings, a newline between.
    private let offers = Mutex<[String]>([])
    /// The seed of an adoption that got no answer, and how many messages it had asked for; see ``Claimer``.
    private let unanswered = Mutex<(seed: String, most: Int)?>(nil)
    /// The shortest time from one look to the next, so that a flood of news is not a flood of looks.
    private static let shortestPause = Duration.milliseconds(10)
    /// How many names, overdue messages and limits are looked at in one call, so that Redis is never held for long.
    private static let slice = 100

    init(
        queue: TaskQueue, registry: TaskRegistry, options: WorkerOptions, consumed: ConsumedQueues, settler: Settler,
        claimBell: Doorbell, logger: Logger
    ) {
        self.queue = queue
        self.registry = registry
        self.options = options
        self.consumed = consumed
        self.settler = settler
        self.claimBell = claimBell
        self.logger = logger
        offerer = Offerer(queue: queue, node: options.name, logger: logger)
    }

    /// Says that something waits, or may.
    func look() { bell.ring() }

    /// Looks whenever something is due or announced, until cancelled.
    ///
    /// - Parameter giveUp: Tells everybody who waits for a dead message.
    /// - Throws: `CancellationError` at the end.
    func run(giveUp: @Sendable (Settler.DeadLetter) async throws -> Void) async throws {
        var cursor = ""
        while true {
            var pause: Duration?
            do {
                let next = try await survey(from: &cursor, giveUp)
                pause = [next, try await readmit()].compactMap { $0 }.min()
            } catch {
                if Task.isCancelled { throw CancellationError() }
                logger.debug("the waiting room waits for the broker", metadata: ["error": "\(error)"])
                pause = .milliseconds(200)
            }
            try await ContinuousClock().sleep(for: Self.shortestPause)
            try await bell.wait(atMost: pause ?? .seconds(3600))
        }
    }

    /// Says which tasks this worker knows, for those who ask why one does not run.
    ///
    /// The first thousand names: it is for people, nobody decides by it.
    func publishNames() async throws(RedisError) {
        let names = JSONValue.array(registry.names.prefix(1000).map(JSONValue.string))
        // A Redis that is full refuses it, and that must not keep the worker from draining it.
        _ = try await queue.redis.pipeline([
            RedisCommand("HSET", .init(queue.keys.workerTasks), .init(options.name), .init(names.text))
        ])
    }

    // MARK: tasks that were not known

    /// Finds out what this worker can adopt, and gives up what waited too long.
    ///
    /// - Returns: When to look again; nil when nothing waits.
    private func survey(
        from cursor: inout String, _ giveUp: @Sendable (Settler.DeadLetter) async throws -> Void
    ) async throws -> Duration? {
        let keys = queue.keys
        var known: [String] = []
        var strangers: Set<String> = []
        var next: Duration?
        // A waiting room full of made-up names is looked through in several turns.
        for _ in 0..<20 {
            let reply = try await queue.redis.run(
                Scripts.survey,
                keys: [
                    keys.waiting, keys.waitingNames, keys.waitingOverdue, keys.dead, keys.letters, keys.untold,
                    keys.untoldLetters, keys.waitingTelling,
                ],
                arguments: [
                    .init(cursor), .init(Self.slice), .init(DeliveryTag.random().rawValue),
                    .init(options.sweep.milliseconds),
                ])
            guard let parts = reply.array, parts.count == 5 else { return nil }
            let places = (parts[0].array ?? []).compactMap(\.string)
            known += places.filter(isKnown)
            strangers.formUnion(places.filter { !isKnown($0) })
            next = parts[3].int.flatMap { $0 < 0 ? nil : .milliseconds($0) }
            for letter in parts[2].array ?? [] {
                guard let fields = letter.array, fields.count == 5, let letter = fields[0].string,
                    let id = fields[1].string, let list = fields[2].string, let name = fields[3].string,
                    let message = fields[4].bytes
                else { continue }
                logger.error(
                    "no worker knows this task; its message is dead",
                    metadata: ["task_id": "\(id)", "task_name": "\(name)"])
                try await giveUp(
                    .init(
                        id: letter, task: TaskID(rawValue: id), list: list, message: message,
                        failure: .notRegistered(name)))
            }
            try await store(notices: parts[4].array ?? [])
            cursor = parts[1].bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
            if cursor.isEmpty { break }
        }
        offers.withLock { $0 = known }
        if !known.isEmpty { claimBell.ring() }
        offerer.look(for: strangers)
        return cursor.isEmpty ? next : .zero
    }

    /// Tells those who wait for tasks that nobody knows, where results live elsewhere than messages.
    private func store(notices: [RedisValue]) async throws(RedisError) {
        let notices = notices.compactMap { $0.array }.filter { $0.count == 4 }
        guard !notices.isEmpty else { return }
        try await queue.note(notices.map { ($0[1].string ?? "", $0[2].bytes ?? []) })
        let ids = notices.map { RedisArgument($0[0].string ?? "") }
        let ends = notices.map { RedisArgument($0[3].string ?? "") }
        _ = try await queue.redis.pipeline([
            // XX: one that was revoked meanwhile is not overdue any more.
            RedisCommand(
                "ZADD", arguments: [.init(queue.keys.waitingOverdue), "XX"] + zip(ends, ids).flatMap { [$0, $1] }),
            RedisCommand("ZREM", arguments: [.init(queue.keys.waitingTelling)] + ids),
            // Who knows the task has left it alone.
            RedisCommand("PUBLISH", .init(queue.keys.wake), "waiting"),
        ])
    }

    private func isKnown(_ place: String) -> Bool {
        guard let place = Place(place) else { return false }
        return consumed.names.contains(QueueName(rawValue: place.queue)) && registry[place.task] != nil
    }

    /// Whether Redis may have given out claims that this worker does not know of.
    var mayHoldUnknownClaims: Bool { unanswered.withLock { $0 != nil } }

    /// Claims messages that waited for a worker that knows their task, or those whose answer was lost.
    ///
    /// No command when there are none. For one loop.
    ///
    /// - Throws: `RedisError`; call again then, and whatever was given out meanwhile is not lost.
    func adopt(most: Int) async throws(RedisError) -> [Claim] {
        let places = offers.withLock { most > 0 ? $0 : [] }
        let repeated = unanswered.withLock { $0 }
        guard !places.isEmpty || repeated != nil else { return [] }
        let seed = repeated?.seed ?? DeliveryTag.random().rawValue
        unanswered.withLock { $0 = (seed, max(most, repeated?.most ?? 0)) }
        let keys = queue.keys
        let reply = try await queue.redis.run(
            Scripts.adopt,
            keys: [
                keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.crashes, keys.revoked, keys.paused,
                keys.waiting, keys.waitingNames, keys.waitingOverdue, keys.waitingTelling,
            ],
            arguments: [
                .init(most), .init(options.lease.milliseconds), .init(options.name), .init(seed),
                .init(repeated?.most ?? 0),
            ] + places.map { .init($0) })
        unanswered.withLock { $0 = nil }
        guard let parts = reply.array, parts.count == 3, let now = parts[0].int else { return [] }
        let emptied = Set((parts[2].array ?? []).compactMap(\.string))
        offers.withLock { $0.removeAll(where: emptied.contains) }
        return (parts[1].array ?? []).compactMap { Claim(reply: $0, now: now) }
    }

    /// Puts a message aside whose task is not known here, for a worker that knows it.
    func shelve(_ run: Run) async throws {
        let headers = run.message.headers
        let keys = queue.keys
        let place =
            JSONValue.string(keys.lists.queue(ofKey: run.claim.list).rawValue).text + "\n"
            + JSONValue.string(headers.task).text
        var patience = options.unknownTaskPatience
        if let expires = headers.expires { patience = min(patience, .seconds(expires.timeIntervalSince(run.now))) }
        // Not the last word, and so without a date: whoever knows the task later still runs it.
        var notice = TaskResult.failure(headers.id, .notRegistered(headers.task), at: run.now)
        notice.dateDone = nil
        let wantsResult = headers.ignoreResult != true
        let arguments: [RedisArgument] = [
            .init(run.claim.token), .init(headers.id.rawValue), .init(keys.wake), .init(run.claim.list), .init(place),
            .init(headers.task), .init(run.claim.message), .init(options.unknownTaskNotice.milliseconds),
            .init(max(0, patience.milliseconds)), .init(wantsResult ? keys.result(headers.id) : ""),
            .init(notice.encoded()), .init(queue.resultSeconds), .init(Int.random(in: 800...1200)),
            queue.hasOwnBackend ? "1" : "0",
        ]
        logger.warning(
            "no task of this name is known here; it waits for a worker that knows it", metadata: run.metadata)
        _ = try await settler.repeated { () async throws(RedisError) in
            try await queue.redis.run(
                Scripts.shelve,
                keys: [
                    keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.waiting, keys.waitingNames,
                    keys.waitingOverdue, keys.waitingOffers, keys.offered(headers.id.rawValue),
                ], arguments: arguments)
        }
    }

    // MARK: limits

    /// Asks for a place in each of a task's shared limits.
    ///
    /// - Returns: False when the message waits in Redis now, or its claim was taken away.
    func admit(_ run: Run, to task: RegisteredTask) async throws(RedisError) -> Bool {
        let body = run.message.body
        let limits = Set(task.options.limits.compactMap { LimitPlace($0, task: task.name, body.args, body.kwargs) })
            .sorted { $0.name < $1.name }
        let keys = queue.keys
        let id = run.message.headers.id
        let (reply, _) = try await settler.repeated { () async throws(RedisError) in
            try await queue.redis.run(
                Scripts.admit,
                keys: [keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.waiting]
                    + limits.map { keys.limit($0.name) },
                arguments: [
                    .init(run.claim.token), .init(id.rawValue), .init(keys.wake), .init(run.claim.list),
                    .init(task.name), .init(run.claim.message),
                ] + limits.map { .init($0.about) })
        }
        return reply.int == 1
    }

    /// Lets those pass whose limits have room by now.
    ///
    /// - Returns: When to look again; nil when nobody waits.
    private func readmit() async throws(RedisError) -> Duration? {
        let reply = try await queue.redis.run(
            Scripts.readmit, keys: [queue.keys.waiting, queue.keys.leases],
            arguments: [.init(queue.keys.wake), .init(Self.slice)])
        return reply.int.flatMap { $0 < 0 ? nil : .milliseconds($0) }
    }
}

/// One limit for one call, as the scripts know it.
private struct LimitPlace: Hashable {
    /// `c` or `r`, the limit's name and its key; the order of these is the order in which places are taken.
    let name: String
    /// See `limits.lua`.
    let about: String
    /// What may come together: as much as a rate grants in 50 ms, so that fast rates need not be kept by the millisecond.
    private static let burst = Duration.milliseconds(50)

    /// Nil for a rate of zero, which limits nothing.
    init?(_ limit: SharedLimit, task: String, _ args: [JSONValue], _ kwargs: JSONObject) {
        let key = JSONValue.array([.string(limit.name ?? task), .string(limit.key(args, kwargs))]).text
        switch limit.kind {
        case .concurrency(let most):
            name = "c:" + key
            about = "c \(most)"
        case .rate(let rate):
            guard let apart = rate.interval else { return nil }
            let interval = max(1, Int(apart.seconds * 1e6))
            name = "r:" + key
            about = "r \(interval) \(max(0, Int(Self.burst.seconds * 1e6) - interval))"
        }
    }
}
