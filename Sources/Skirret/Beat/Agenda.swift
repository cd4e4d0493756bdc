import CeleryProtocol
import Foundation
import SkirretRedis

/// A leader's view of its schedules.
struct Agenda {
    /// The store's mark when they were read.
    fileprivate(set) var mark: String?
    var entries: [Entry] = []

    /// When the first of them wants to be looked at.
    var nextLook: Date? { entries.compactMap(\.nextLook).min() }

    /// One schedule, and how far it has come.
    struct Entry {
        var task: ScheduledTask
        /// When this rule was first seen: an interval without a start counts from here.
        var since: Date
        /// Due times up to this one are done with.
        var settled: Date
        /// Its newest firing.
        var run: LastRun?
        /// Whether it fires no more.
        var isOver = false
        /// When it wants to be looked at; nil when nothing is to come.
        var nextLook: Date?

        /// Reckons ``nextLook`` after a look.
        mutating func plan(now: Date) {
            nextLook = isOver ? nil : task.nextLook(after: now, settled: settled, since: since)
            // Its end may come before its next due time; then it is to be switched off.
            if !isOver, task.isEnabled, let end = task.end { nextLook = min(nextLook ?? end, end) }
        }
    }
}

/// The newest firing of a schedule, as Redis remembers it: "due at count task".
struct LastRun {
    /// The newest due time that was fired or passed over.
    var due: Date
    /// When it last fired.
    var at: Date
    /// How often it fired.
    var count: Int
    /// What it enqueued last; nil when it never did.
    var task: TaskID?

    init(due: Date, at: Date, count: Int, task: TaskID?) {
        self.due = due
        self.at = at
        self.count = count
        self.task = task
    }

    init?(_ text: String?) {
        let parts = text?.split(separator: " ") ?? []
        guard parts.count == 4, let due = Int(parts[0]), let at = Int(parts[1]), let count = Int(parts[2]) else {
            return nil
        }
        self.init(
            due: .init(milliseconds: due), at: .init(milliseconds: at), count: count,
            task: parts[3] == "-" ? nil : TaskID(rawValue: String(parts[3])))
    }
}

/// Reads schedules when they have changed, and remembers in Redis when each rule was first seen.
///
/// That instant, not the row's own time stamp, is where intervals count from: a row that is written every hour with
/// the same rule would otherwise never come to its second hour.
struct AgendaReader: Sendable {
    let queue: TaskQueue
    let store: any ScheduleStore
    let keys: BeatKeys

    /// Reads the schedules again if they changed since the last time.
    func refresh(_ agenda: inout Agenda, now: Date) async throws {
        let mark = try await store.changeMark()
        guard mark != agenda.mark else { return }
        let tasks = try await store.schedules()
        let known = try await queue.redis.pipeline([
            RedisCommand("HGETALL", .init(keys.since)), RedisCommand("HGETALL", .init(keys.runs)),
        ]).map(\.pairs)
        var changes: [RedisCommand] = []
        let entries = tasks.map { task in
            let (since, isNew) = since(of: task, known: known[0][task.name], now: now)
            if isNew {
                changes.append(
                    RedisCommand(
                        "HSET", .init(keys.since), .init(task.name), .init("\(since.milliseconds) \(Self.rule(task))")))
            }
            return entry(task, since: since, run: LastRun(known[1][task.name]), now: now)
        }
        let names = Set(tasks.map(\.name))
        for (key, pairs) in zip([keys.since, keys.runs], known) {
            let gone = pairs.keys.filter { !names.contains($0) }
            if !gone.isEmpty { changes.append(RedisCommand("HDEL", arguments: [.init(key)] + gone.map { .init($0) })) }
        }
        _ = try await queue.redis.pipeline(changes)
        agenda.mark = mark
        agenda.entries = entries
    }

    private func since(of task: ScheduledTask, known: String?, now: Date) -> (Date, isNew: Bool) {
        let parts = known?.split(separator: " ", maxSplits: 1) ?? []
        guard parts.count == 2, let milliseconds = Int(parts[0]) else { return (min(task.changedAt ?? now, now), true) }
        let since = Date(milliseconds: milliseconds)
        if parts[1] == Self.rule(task) { return (since, false) }
        // A store that is not told of every change (a query that updates rows) may show an old time.
        // Whole milliseconds are compared: the store's microseconds alone make no time later.
        return (task.changedAt.flatMap { $0.milliseconds > milliseconds + 1 ? min($0, now) : nil } ?? now, true)
    }

    private func entry(_ task: ScheduledTask, since: Date, run: LastRun?, now: Date) -> Agenda.Entry {
        var settled = since
        // A time that somebody set and that has passed already is due; a rule's times before the rule are not.
        if case .clocked = task.schedule { settled = .distantPast }
        if let run { settled = max(settled, run.due) }
        // Redis lost its newest writes, or all; the store did not.
        if let lastRun = task.lastRun, lastRun > (run?.at ?? .distantPast) + 1 { settled = max(settled, lastRun) }
        var entry = Agenda.Entry(task: task, since: since, settled: settled, run: run)
        let last = max(run?.at ?? .distantPast, task.lastRun ?? .distantPast)
        entry.isOver = task.isOneOff && last >= since
        // Something may be owed already.
        entry.nextLook = task.isEnabled && !entry.isOver ? now : nil
        return entry
    }

    /// What makes two rules the same.
    private static func rule(_ task: ScheduledTask) -> String {
        let start = task.start.map { " from \($0.milliseconds)" } ?? ""
        return (task.isEnabled ? "on " : "off ") + task.schedule.json.text + start
    }
}

extension Date {
    /// Since 1970.
    init(milliseconds: Int) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
    /// Since 1970, rounded.
    var milliseconds: Int { Int((timeIntervalSince1970 * 1000).rounded()) }
}

extension RedisValue {
    /// The fields of a hash.
    var pairs: [String: String] {
        let flat = array ?? []
        return Dictionary(
            stride(from: 0, to: flat.count - 1, by: 2).map { (flat[$0].string ?? "", flat[$0 + 1].string ?? "") },
            uniquingKeysWith: { $1 })
    }
}
