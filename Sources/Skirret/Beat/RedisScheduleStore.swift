public import CeleryProtocol
public import Foundation
public import Logging
import SkirretRedis

/// Schedules in Redis itself, for those without a database.
///
///     let schedules = RedisScheduleStore(queue)
///     try await schedules.set(ScheduledTask("report", .interval(.seconds(3600)), ScheduledCall(task: "report")))
///     try await Beat(queue, store: schedules).run()
///
/// One hash with a JSON definition for each name, checked when it is saved. They live as long as Redis keeps its data.
public struct RedisScheduleStore: ScheduleStore {
    /// Beats over this store elect their own leader.
    public let scope = "redis"
    private let queue: TaskQueue
    private let logger: Logger

    /// The store of a broker.
    public init(_ queue: TaskQueue, logger: Logger = Logger(label: "skirret.beat")) {
        self.queue = queue
        self.logger = logger
    }

    /// One entry as it stands in the store.
    public struct Entry: Sendable {
        /// Its name.
        public var name: String
        /// What it says, or why nobody can read it.
        public var definition: Result<ScheduledTask, InvalidSchedule>
        /// When it last fired.
        public var lastRun: Date?
        /// How often it fired.
        public var totalRunCount: Int
        /// What its last firing enqueued.
        public var lastTaskID: TaskID?
        /// Since when the rule is as it is: where its interval counts from.
        public var since: Date?
    }

    // MARK: changing

    /// Keeps an entry, new or changed; beats learn of it at once.
    ///
    /// - Parameter task: The entry; its `changedAt` is set here.
    /// - Returns: Whether it is new.
    /// - Throws: ``InvalidSchedule`` for one that could not work, `RedisError` when Redis did not take it.
    @discardableResult
    public func set(_ task: ScheduledTask) async throws -> Bool {
        var task = task
        task.changedAt = try await queue.brokerTime()
        // Through JSON and back: what is kept can be read.
        task = try ScheduledTask(json: task.json)
        let isEnabled = task.isEnabled
        task.isEnabled = true
        return try await change(task.name, JSONValue.object(task.json).text, isEnabled: isEnabled) == 0
    }

    /// Switches an entry on or off; while it is off nothing is missed.
    ///
    /// - Returns: False when there is none of that name.
    @discardableResult
    public func setEnabled(_ name: String, _ isEnabled: Bool) async throws -> Bool {
        try await change(name, "", isEnabled: isEnabled) >= 0
    }

    /// Forgets an entry; false when there is none of that name.
    @discardableResult
    public func remove(_ name: String) async throws -> Bool {
        let keys = queue.keys
        return try await queue.redis.run(
            Scripts.scheduleRemove, keys: [keys.schedules, keys.disabledSchedules, keys.schedulesVersion],
            arguments: [.init(name), .init(keys.beatBell)]
        ).int == 1
    }

    /// Enqueues an entry's call now, whatever its rule says, and leaves its due times alone.
    ///
    /// - Returns: The task's id, or nil when there is no entry of that name.
    /// - Throws: ``InvalidSchedule`` when nobody can read it, `RedisError` when the broker did not take the message.
    public func runNow(_ name: String) async throws -> TaskID? {
        guard let entry = try await all().first(where: { $0.name == name }) else { return nil }
        return try await queue.runNow(try entry.definition.get())
    }

    private func change(_ name: String, _ definition: String, isEnabled: Bool) async throws -> Int {
        let keys = queue.keys
        return try await queue.redis.run(
            Scripts.scheduleSet, keys: [keys.schedules, keys.disabledSchedules, keys.schedulesVersion],
            arguments: [.init(name), .init(definition), isEnabled ? "1" : "0", .init(keys.beatBell)]
        ).int ?? -1
    }

    // MARK: reading

    /// Every entry, by name; also those that nobody can read.
    ///
    /// Two round trips, O(n) in entries.
    public func all() async throws -> [Entry] {
        let keys = queue.keys, beat = keys.beat(scope)
        let replies = try await queue.redis.pipeline([
            RedisCommand("HGETALL", .init(keys.schedules)), RedisCommand("SMEMBERS", .init(keys.disabledSchedules)),
            RedisCommand("HGETALL", .init(beat.runs)),
        ])
        let disabled = Set(replies[1].array?.compactMap(\.string) ?? [])
        let runs = replies[2].pairs
        let since = try await queue.scheduleSince(scope: scope)
        return replies[0].pairs.sorted { $0.key < $1.key }.map { name, text in
            let run = LastRun(runs[name])
            let hasFired = (run?.count ?? 0) > 0
            return Entry(
                name: name,
                definition: Self.read(
                    name, text, isEnabled: !disabled.contains(name), lastRun: hasFired ? run?.at : nil),
                lastRun: hasFired ? run?.at : nil, totalRunCount: run?.count ?? 0, lastTaskID: run?.task,
                since: since[name])
        }
    }

    private static func read(
        _ name: String, _ text: String, isEnabled: Bool, lastRun: Date?
    ) -> Result<ScheduledTask, InvalidSchedule> {
        do throws(InvalidSchedule) {
            // Why it is no JSON does not matter: we did not write it.
            guard let json = (try? JSONValue(parsing: text))?.object else {
                throw InvalidSchedule("definition", "is not a JSON object; set the schedule anew")
            }
            var task = try ScheduledTask(json: json)
            guard task.name == name else { throw InvalidSchedule("name", "is '\(task.name)' inside the definition") }
            task.isEnabled = isEnabled
            task.lastRun = lastRun
            return .success(task)
        } catch {
            return .failure(error)
        }
    }

    // MARK: for beat

    /// The version of the hash.
    public func changeMark() async throws -> String {
        try await queue.redis.send("GET", .init(queue.keys.schedulesVersion)).string ?? "0"
    }

    /// The entries that can be read.
    public func schedules() async throws -> [ScheduledTask] {
        try await all().compactMap { entry in
            switch entry.definition {
            case .success(let task): return task
            case .failure(let error):
                logger.error("a schedule cannot fire", metadata: ["schedule": "\(entry.name)", "error": "\(error)"])
                return nil
            }
        }
    }

    /// Switches off what is over; what fired, beat has noted in Redis already.
    public func record(_ runs: [ScheduleRun]) async throws {
        for run in runs where run.isOver { try await setEnabled(run.name, false) }
    }
}

extension TaskQueue {
    /// Enqueues a schedule's call now, whatever its rule says, and leaves its due times alone.
    ///
    /// - Returns: The task's id.
    /// - Throws: `RedisError` when the broker did not accept the message within two seconds.
    @discardableResult
    public func runNow(_ schedule: ScheduledTask) async throws -> TaskID {
        let call = schedule.call
        let message = call.message(of: schedule.name, due: nil, now: try await brokerTime(), queue: defaultQueue)
        try await enqueue(message, queue: call.queue ?? defaultQueue)
        return message.headers.id
    }
}

extension TaskQueue {
    /// Since when the beats of a scope know each schedule by its present rule: where intervals count from.
    package func scheduleSince(scope: String) async throws -> [String: Date] {
        try await redis.send("HGETALL", .init(keys.beat(scope).since)).pairs.compactMapValues { text in
            text.split(separator: " ").first.flatMap { Int($0) }.map(Date.init(milliseconds:))
        }
    }
}
