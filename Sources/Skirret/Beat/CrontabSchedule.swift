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
        guard daysOfWeek.contains(weekday(day)) else { return false }
        let date = civil(day)
        return months.contains(date.month) && daysOfMonth.contains(date.day)
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

    private func offset(at second: Int) -> Int {
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

/// One field of a rule: `*`, `5`, `1-5`, `*/15`, `10-50/20`, `mon,wed`, and lists of these.
struct CronField {
    let name: String
    let range: ClosedRange<Int>
    var names: [String: Int] = [:]

    static let monthNames = named(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], from: 1)
    static let dayNames = named(["sun", "mon", "tue", "wed", "thu", "fri", "sat"], from: 0).merging(["7": 0]) { $1 }

    private static func named(_ names: [String], from first: Int) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0 + first) })
    }

    func parse(_ text: String) throws(CrontabSchedule.Invalid) -> Set<Int> {
        var values: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.trimmingCharacters(in: .whitespaces).split(
                separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let step = pieces.count == 2 ? Int(pieces[1]) : 1
            // `5/10` means different things to different crons, so it is none here.
            let isSpan = pieces.first.map { $0 == "*" || $0.contains("-") } ?? false
            guard let base = pieces.first, let step, step > 0, pieces.count == 1 || isSpan,
                let span = span(String(base))
            else {
                throw CrontabSchedule.Invalid(
                    description: "\(name) '\(text)' cannot be read; write \(range.lowerBound)-\(range.upperBound), "
                        + "*, */n, a-b, a-b/n or a list of these")
            }
            values.formUnion(stride(from: 0, to: span.count, by: step).map { span[$0] })
        }
        return values
    }

    private func span(_ text: String) -> [Int]? {
        if text == "*" { return Array(range) }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { value(String($0)) }
        guard let first = ends.first ?? nil, ends.count <= 2, let last = ends.last ?? nil else { return nil }
        // Sunday is 0 at the start of a range and 7 at its end.
        if text.hasSuffix("-7"), names["7"] == 0 { return Array(first...6) + [0] }
        // A range may wrap around, as in fri-mon.
        return first <= last ? Array(first...last) : Array(first...range.upperBound) + Array(range.lowerBound...last)
    }

    private func value(_ text: String) -> Int? {
        let key = text.lowercased()
        if let named = names[key] ?? names[String(key.prefix(3))] { return named }
        return Int(key).flatMap { range.contains($0) ? $0 : nil }
    }
}

private func floorDivide(_ value: Int, _ by: Int) -> Int { Int((Double(value) / Double(by)).rounded(.down)) }

/// 0 for Sunday.
///
/// Day 0 is 1970-01-01, a Thursday.
private func weekday(_ day: Int) -> Int { ((day + 4) % 7 + 7) % 7 }

/// The Gregorian date of a day counted from 1970-01-01.
///
/// After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
private func civil(_ day: Int) -> (month: Int, day: Int) {
    let shifted = day + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    return (
        monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    )
}
