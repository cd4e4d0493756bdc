import CeleryProtocol
public import Foundation

/// What to do about due times at which no beat was up.
public enum MissedRuns: String, Sendable, CaseIterable {
    /// Nothing: what cannot run on time does not run.
    case skip
    /// One run for the newest of them.
    case latest
    /// One run for each, oldest first; of more than a hundred the newest hundred.
    case all
}

/// What to do when the run before has not ended yet.
///
/// Known from its result: a run without one counts as unfinished until results expire.
public enum OverlappingRuns: String, Sendable, CaseIterable {
    /// Both run.
    case allow
    /// The new one is left out.
    case skip
    /// The old one is revoked and stopped, the new one runs.
    case cancel
}

/// One entry of a schedule store.
public struct ScheduledTask: Sendable {
    /// The entry's name, unique in its store.
    public var name: String
    /// When it is due.
    public var schedule: Schedule
    /// What is enqueued.
    public var call: ScheduledCall
    /// Whether it fires at all.
    public var isEnabled = true
    /// Whether its first firing is its last.
    public var isOneOff = false
    /// Not before this instant; intervals count from it.
    public var start: Date?
    /// Not at this instant or later.
    public var end: Date?
    /// When somebody last changed the entry, if the store knows; intervals without a start count from the first
    /// sight of their rule, which is this instant or later.
    public var changedAt: Date?
    /// When it last fired, if the store knows.
    public var lastRun: Date?
    /// What to do about due times at which no beat was up.
    public var missed = MissedRuns.latest
    /// What to do when the run before has not ended yet.
    public var overlap = OverlappingRuns.allow
    /// Each firing comes up to so much later than it is due, to spread load; less than the distance of two firings.
    public var jitter = Duration.zero
    /// Whether its runs are written into the ledger, where beat has one, and so into the history.
    ///
    /// Not for what runs every few seconds and is not missed when it is lost.
    public var isRecorded = true
    /// For people.
    public var description = ""

    /// An entry.
    public init(_ name: String, _ schedule: Schedule, _ call: ScheduledCall) {
        self.name = name
        self.schedule = schedule
        self.call = call
    }

    /// The next firings after an instant, within the entry's start and end; empty for one that is switched off.
    ///
    /// - Parameters:
    ///   - instant: Strictly before all due times.
    ///   - count: How many at the most.
    ///   - since: Where an interval without a start counts from.
    /// - Returns: The due times, in order.
    public func next(after instant: Date, count: Int, since: Date? = nil) -> [Firing] {
        guard isEnabled, !(isOneOff && lastRun != nil) else { return [] }
        let from = start.map { max(instant, $0 - 0.001) } ?? instant
        let firings = schedule.next(
            after: from, count: isOneOff ? min(count, 1) : count,
            anchor: anchor(since: since ?? changedAt ?? Date(timeIntervalSince1970: 0)))
        return firings.filter { firing in end.map { firing.date < $0 } ?? true }
    }

    /// What a beat knows when it looks at the schedules.
    struct Look {
        /// By Redis's clock.
        var now: Date
        /// When a leader looked before; up to then nothing is open.
        var last: Date
        /// Whether that is too long ago: what came due since was missed.
        var wasAway: Bool { now.timeIntervalSince(last) > 2 }
    }

    /// The due times that have come and are not settled, oldest first, as the policy for missed ones has it.
    ///
    /// - Parameters:
    ///   - look: When this is asked.
    ///   - settled: Due times up to this one are done with.
    ///   - since: When this rule was first seen.
    /// - Returns: Due times whose jitter has passed.
    func owed(at look: Look, settled: Date, since: Date) -> [Date] {
        guard isEnabled, !(missed == .skip && look.wasAway) else { return [] }
        var after = settled
        if let start { after = max(after, start - 0.001) }
        if missed == .skip { after = max(after, look.last - jitter.seconds) }
        let anchor = anchor(since: since)
        let limit = missed == .all && !isOneOff ? 100 : 1
        // Before the last jitter everything has come; within it some has.
        let whole = look.now - jitter.seconds
        var dues = schedule.dues(after: after, upTo: whole, anchor: anchor, newest: limit)
        if jitter > .zero {
            dues += schedule.dues(after: max(after, whole), upTo: look.now, anchor: anchor, newest: 100)
                .filter { $0 + delay(of: $0) <= look.now }
        }
        if missed == .skip { dues.removeAll { $0 + delay(of: $0) <= look.last } }
        return dues.suffix(limit).filter { due in end.map { due < $0 } ?? true }
    }

    /// When this entry wants to be looked at again; nil when nothing is to come.
    func nextLook(after now: Date, settled: Date, since: Date) -> Date? {
        guard isEnabled else { return nil }
        // A due time may have passed whose jitter has not.
        var instant = max(settled, now - jitter.seconds)
        if let start { instant = max(instant, start - 0.001) }
        for _ in 0..<100 {
            guard let due = schedule.next(after: instant, anchor: anchor(since: since)) else { return nil }
            if due + delay(of: due) > now { return due + delay(of: due) }
            instant = due
        }
        return now
    }

    /// Where intervals count from.
    ///
    /// With a start, the first firing is at it.
    private func anchor(since: Date) -> Date {
        guard let start else { return since }
        if case .interval(let every) = schedule { return start - every.seconds }
        return start
    }

    /// Seconds of jitter of one due time: the same for every beat that asks.
    func delay(of due: Date) -> Double {
        guard jitter > .zero else { return 0 }
        // FNV-1a, and a finaliser: Swift's own hashes differ from process to process.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(name)@\(Int(due.timeIntervalSince1970 * 1000))".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        return Double((hash ^ (hash >> 33)) >> 11) / Double(UInt64(1) << 53) * jitter.seconds
    }
}
