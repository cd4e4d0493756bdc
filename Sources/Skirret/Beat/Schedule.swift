public import Foundation

/// When something is due.
public enum Schedule: Sendable, Hashable {
    /// Again and again at a fixed distance, counted from an anchor.
    case interval(Duration)
    /// When a clock on the wall says so.
    case crontab(CrontabSchedule)
    /// Once.
    case clocked(Date)
    /// When the sun rises, sets, or stands highest.
    case solar(SolarSchedule)

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
        case .solar(let solar): return solar.next(after: instant)
        }
    }

    /// The newest due times after one instant and up to another, oldest first.
    ///
    /// Costs what it returns, not what lies between the two: a year of missed minutes is no work.
    func dues(after start: Date, upTo end: Date, anchor: Date, newest limit: Int) -> [Date] {
        if case .interval(let every) = self {
            return intervalDues(after: start, upTo: end, anchor: anchor, newest: limit, every: every.seconds)
        }
        guard start < end else { return [] }
        var span = 86_400.0
        while true {
            let from = max(start, end - span)
            var dues: [Date] = []
            var instant = from
            while let due = next(after: instant, anchor: anchor), due <= end {
                dues.append(due)
                instant = due
            }
            if dues.count >= limit || from == start { return dues.suffix(limit) }
            // Nothing, or too few: look further back.
            span *= 8
        }
    }

    private func intervalDues(
        after start: Date, upTo end: Date, anchor: Date, newest limit: Int, every: Double
    ) -> [Date] {
        guard let first = next(after: start, anchor: anchor), first <= end else { return [] }
        // Counted from the anchor, so that all who ask get the same instants.
        let last = ((end.timeIntervalSince(anchor)) / every).rounded(.down)
        var dues: [Date] = []
        for back in 0..<limit {
            let due = anchor + (last - Double(back)) * every
            guard due > start, due >= first - every / 2 else { break }
            dues.append(due)
        }
        return dues.reversed()
    }
}
