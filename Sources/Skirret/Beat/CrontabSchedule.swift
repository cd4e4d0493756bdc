import Foundation

/// A cron rule in a time zone, in Celery's notation.
///
/// Every field must match, the day of the month *and* the day of the week, as in Celery. In a gap of the local
/// clock the rule fires at the first instant after it; in a fold at the first of the two.
public struct CrontabSchedule: Sendable, Hashable {
    private let minutes: [Int]
    private let hours: [Int]
    private let daysOfMonth: Set<Int>
    private let months: Set<Int>
    private let daysOfWeek: Set<Int>
    private let zone: TimeZone
    /// The five fields: minute, hour, day of month, month, day of week.
    public let line: String
    /// The IANA name of the zone whose clocks count.
    public let timeZone: String

    /// A rule that cannot be read, or can never fire.
    public struct Invalid: Error, Sendable, CustomStringConvertible {
        /// What is wrong and how it should look.
        public let description: String
    }

    /// Reads a rule from its five fields.
    ///
    /// - Throws: ``Invalid`` when a field cannot be read, when nobody knows the zone, or when the rule can never fire.
    public init(
        minute: String = "*", hour: String = "*", dayOfMonth: String = "*", month: String = "*",
        dayOfWeek: String = "*", timeZone: String = "UTC"
    ) throws(Invalid) {
        guard let zone = TimeZone(identifier: timeZone) else {
            throw Invalid(description: "time zone '\(timeZone)' is unknown; write an IANA name such as Europe/Berlin")
        }
        self.zone = zone
        self.timeZone = timeZone
        line = [minute, hour, dayOfMonth, month, dayOfWeek]
            .map { $0.filter { !$0.isWhitespace } }.joined(separator: " ")
        minutes = try CronField(name: "minute", range: 0...59).parse(minute).sorted()
        hours = try CronField(name: "hour", range: 0...23).parse(hour).sorted()
        daysOfMonth = try CronField(name: "day of month", range: 1...31).parse(dayOfMonth)
        months = try CronField(name: "month", range: 1...12, names: CronField.monthNames).parse(month)
        daysOfWeek = try CronField(name: "day of week", range: 0...6, names: CronField.dayNames).parse(dayOfWeek)
        guard next(after: Date(timeIntervalSince1970: 1_704_067_200)) != nil else {
            throw Invalid(description: "'\(minute) \(hour) \(dayOfMonth) \(month) \(dayOfWeek)' can never fire")
        }
    }

    /// Reads a rule from one line: minute, hour, day of month, month, day of week.
    public init(line: String, timeZone: String = "UTC") throws(Invalid) {
        let fields = line.split(whereSeparator: \.isWhitespace).map(String.init)
        guard fields.count == 5 else {
            throw Invalid(description: "Cron expression must have 5 parts: minute hour day month weekday")
        }
        try self.init(
            minute: fields[0], hour: fields[1], dayOfMonth: fields[2], month: fields[3], dayOfWeek: fields[4],
            timeZone: timeZone)
    }

    /// The first due time after an instant; nil when there is none within 41 years (29 February falls on a given
    /// day of the week every 40 years at the latest, the century years aside).
    func next(after instant: Date) -> Date? {
        let local = Int(instant.timeIntervalSince1970.rounded(.down)) + zone.secondsFromGMT(for: instant)
        // One day earlier, as a fold may bring back a time of day that the wall has passed already.
        let firstDay = floorDivide(local, 86_400) - 1
        for day in firstDay..<(firstDay + 41 * 366) where fires(on: day) {
            if let due = firstDue(on: day, after: instant) { return due }
        }
        return nil
    }

    private func fires(on day: Int) -> Bool {
        let date = CivilDate(day: day)
        return daysOfWeek.contains(date.weekday) && months.contains(date.month) && daysOfMonth.contains(date.day)
    }

    /// Whether the rule names a time on the wall, given in seconds since 1970 as if the wall hung in Greenwich.
    func fires(atWallTime wall: Int) -> Bool {
        let day = floorDivide(wall, 86_400)
        let minute = (wall - day * 86_400) / 60
        return fires(on: day) && hours.contains(minute / 60) && minutes.contains(minute % 60)
    }

    private func firstDue(on day: Int, after instant: Date) -> Date? {
        let midnight = day * 86_400
        // Whatever the zone's offset, the local day lies between these two instants.
        let before = offset(at: midnight - 86_400), after = offset(at: midnight + 2 * 86_400)
        let passed = instant.timeIntervalSince1970 - Double(midnight - min(before, after))
        var best: Date?
        for hour in hours where Double(hour * 3600 + 3600) > passed - Double(abs(before - after)) {
            for minute in minutes {
                let time = hour * 3600 + minute * 60
                if before == after {
                    // Nearly every day of the year: no change of the clock, no look into the zone's table.
                    if Double(time) > passed { return Date(timeIntervalSince1970: Double(midnight + time - before)) }
                } else {
                    let due = instantOf(local: midnight + time, before, after)
                    if due > instant, best.map({ due < $0 }) ?? true { best = due }
                }
            }
            if best != nil { return best }
        }
        return nil
    }

    /// Seconds by which the local clock is ahead of UTC.
    func offset(at second: Int) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
    }

    /// The instant at which the local clock shows a time: the first of two in a fold, the end of a gap.
    ///
    /// - Parameters:
    ///   - local: Seconds since 1970 on the wall.
    ///   - before: The zone's offset before the change of the clock that is near.
    ///   - after: Its offset afterwards.
    /// - Returns: An instant on which the rule fires.
    private func instantOf(local: Int, _ before: Int, _ after: Int) -> Date {
        for offset in [max(before, after), min(before, after)] where self.offset(at: local - offset) == offset {
            return Date(timeIntervalSince1970: Double(local - offset))
        }
        // The clock jumps over it: find the jump, between a second before it and one at or after it.
        var early = local - after, late = local - before
        while late - early > 1 {
            let middle = (early + late) / 2
            if offset(at: middle) == before { early = middle } else { late = middle }
        }
        return Date(timeIntervalSince1970: Double(late))
    }
}
