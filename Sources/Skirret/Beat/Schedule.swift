public import Foundation

/// When something is due.
public enum Schedule: Sendable, Hashable {
    /// Again and again at a fixed distance, counted from an anchor.
    case interval(Duration)
    /// When a clock on the wall says so.
    case crontab(CrontabSchedule)
    /// Once.
    case clocked(Date)

    /// The first due time after an instant; nil when there is none.
    ///
    /// Computed from the definition, never from the last run, so that runs that take long do not move it.
    ///
    /// - Parameters:
    ///   - instant: Strictly before the answer.
    ///   - anchor: Where an interval counts from.
    /// - Returns: The due time, or nil.
    public func next(after instant: Date, anchor: Date) -> Date? {
        switch self {
        case .interval(let every):
            guard every > .zero else { return nil }
            guard instant >= anchor else { return anchor + every.seconds }
            let passed = (instant.timeIntervalSince(anchor) / every.seconds).rounded(.down)
            let next = anchor + (passed + 1) * every.seconds
            // Rounding of large quotients must not give the same instant again.
            return next > instant ? next : next + every.seconds
        case .crontab(let crontab): return crontab.next(after: instant)
        case .clocked(let date): return date > instant ? date : nil
        }
    }

    /// The last due time at or before an instant and after another; nil when there is none.
    ///
    /// Several missed firings count as one: that is the policy `latest`.
    func latest(after start: Date, upTo end: Date, anchor: Date) -> Date? {
        if case .interval(let every) = self {
            guard let first = next(after: start, anchor: anchor), first <= end else { return nil }
            return first + (end.timeIntervalSince(first) / every.seconds).rounded(.down) * every.seconds
        }
        var latest: Date?
        // A year of missed minutes is walked a day at a time: only the last day can hold the answer.
        var from = max(start, end - 366 * 86_400)
        while let due = next(after: from, anchor: anchor), due <= end {
            latest = due
            let jump = end - 86_400
            if due < jump, let after = next(after: jump, anchor: anchor), after <= end {
                latest = after
                from = after
            } else {
                from = due
            }
        }
        return latest
    }
}

/// One entry of a schedule store.
public struct ScheduledTask: Sendable {
    /// The entry's name, unique in its store.
    public var name: String
    /// When it is due.
    public var schedule: Schedule
    /// Where intervals count from: the entry's start, or its last change.
    public var anchor: Date
    /// When it last fired; nil when it never did.
    public var lastRun: Date?
    /// Not before this instant.
    public var start: Date?
    /// What is enqueued.
    public var call: ScheduledCall

    /// An entry.
    public init(
        name: String, schedule: Schedule, anchor: Date, lastRun: Date? = nil, start: Date? = nil, call: ScheduledCall
    ) {
        self.name = name
        self.schedule = schedule
        self.anchor = anchor
        self.lastRun = lastRun
        self.start = start
        self.call = call
    }

    /// The next due time after an instant, with the start taken into account.
    public func next(after instant: Date) -> Date? {
        let from = start.map { max(instant, $0 - 0.001) } ?? instant
        return schedule.next(after: from, anchor: anchor)
    }

    /// The firing that is owed now, if one is.
    func due(at now: Date) -> Date? {
        if let start, now < start { return nil }
        return schedule.latest(
            after: max(lastRun ?? anchor, start.map { $0 - 0.001 } ?? anchor), upTo: now, anchor: anchor)
    }
}
