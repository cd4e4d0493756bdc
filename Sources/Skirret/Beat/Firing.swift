public import Foundation

/// One time at which a schedule is due, and what moved it away from the clock on the wall.
public struct Firing: Sendable, Hashable {
    /// When it is due.
    public let date: Date
    /// Why it is not where its rule says, or not every time its rule says; nil nearly always.
    public let shift: Shift?

    /// What an irregular day does to a schedule.
    public struct Shift: Sendable, Hashable {
        /// What kind of day it is.
        public enum Kind: String, Sendable {
            /// The local clock leaves the rule's time out: it fires at the first instant afterwards.
            case gap
            /// The local clock shows the rule's time twice: it fires at the first of the two.
            case fold
            /// The sun did not do it on the days before.
            case polar
        }

        /// What kind of day it is.
        public let kind: Kind
        /// One sentence for people, with the times.
        public let reason: String
    }
}

extension Schedule {
    /// The next due times after an instant, in order; fewer when there are no more.
    ///
    /// - Parameters:
    ///   - instant: Strictly before all of them.
    ///   - count: How many, 10,000 at the most.
    ///   - anchor: Where an interval counts from.
    /// - Returns: The due times, each with what moved it.
    public func next(
        after instant: Date, count: Int, anchor: Date = Date(timeIntervalSince1970: 0)
    ) -> [Firing] {
        var firings: [Firing] = []
        var instant = instant
        while firings.count < min(count, 10_000), let due = next(after: instant, anchor: anchor) {
            firings.append(Firing(date: due, shift: shift(of: due)))
            instant = due
        }
        return firings
    }

    /// What moved one of this schedule's due times.
    func shift(of due: Date) -> Firing.Shift? {
        switch self {
        case .interval, .clocked: nil
        case .crontab(let crontab): crontab.shift(of: due)
        case .solar(let solar): solar.shift(of: due)
        }
    }
}

extension CrontabSchedule {
    /// Whether the local clock changes around a due time in a way that its author should know.
    func shift(of due: Date) -> Firing.Shift? {
        let second = Int(due.timeIntervalSince1970)
        let now = offset(at: second), before = offset(at: second - 1)
        if now > before {
            let skipped = stride(from: second + before, to: second + now, by: 60).filter(fires(atWallTime:))
            if let first = skipped.first {
                let times = skipped.prefix(3).map(Self.clock).joined(separator: ", ")
                let more = skipped.count > 3 ? " and \(skipped.count - 3) more" : ""
                return Firing.Shift(
                    kind: .gap,
                    reason: "\(times)\(more) on \(Self.day(first)) does not exist in \(timeZone), where clocks go "
                        + "from \(Self.clock(second + before)) to \(Self.clock(second + now)); fires then")
            }
        }
        let later = offset(at: second + 86_400)
        guard later < now, offset(at: second + now - later) == later else { return nil }
        let wall = second + now
        return Firing.Shift(
            kind: .fold,
            reason: "\(Self.clock(wall)) on \(Self.day(wall)) comes twice in \(timeZone); fires at the first of the two"
        )
    }

    private static func clock(_ wall: Int) -> String {
        let minute = (wall % 86_400 + 86_400) % 86_400 / 60
        return twoDigits(minute / 60) + ":" + twoDigits(minute % 60)
    }

    private static func day(_ wall: Int) -> String {
        let date = CivilDate(day: floorDivide(wall, 86_400))
        return "\(date.year)-" + twoDigits(date.month) + "-" + twoDigits(date.day)
    }

    private static func twoDigits(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
}

extension SolarSchedule {
    /// Whether an event is the first one after days without.
    func shift(of due: Date) -> Firing.Shift? {
        guard let previous = next(after: due - 36 * 3600), previous == due else { return nil }
        return Firing.Shift(
            kind: .polar, reason: "the first \(event.rawValue) after days on which the sun does not get there")
    }
}
