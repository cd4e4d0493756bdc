import CeleryProtocol
public import Foundation
import GRDB

/// `dispatcharr_channels_recurringrecordingrule`: the same hours on the same days of the week.
public struct RecurringRuleTable: Sendable {
    let pool: DatabasePool

    /// Schedules one rule's recordings anew: those to come are removed, and made again for the days ahead.
    ///
    /// Hours are those of the system's time zone; one that ends before it begins ends the next day. A rule that is
    /// switched off, or gone, has none.
    ///
    /// - Parameters:
    ///   - id: Which rule.
    ///   - days: How many days ahead.
    ///   - now: When it is.
    /// - Returns: The recordings that were made.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func rebuild(_ id: Int, days: Int = 14, at now: Date = Date()) async throws -> [Recording] {
        try await pool.write { db in
            _ = try Self.purge(db, id, after: now)
            return try Self.fill(db, id, days: days, at: now)
        }
    }

    /// Makes what is missing of every rule that is on.
    ///
    /// - Returns: The recordings that were made.
    public func maintain(days: Int = 14, at now: Date = Date()) async throws -> [Recording] {
        try await pool.write { db in
            let rules = try Int.fetchAll(
                db,
                sql: #"SELECT "id" FROM "dispatcharr_channels_recurringrecordingrule" WHERE "enabled" ORDER BY "id""#)
            return try rules.flatMap { try Self.fill(db, $0, days: days, at: now) }
        }
    }

    /// Removes one rule's recordings to come; those that run or are over stay.
    ///
    /// - Returns: How many there were.
    public func purge(_ id: Int, at now: Date = Date()) async throws -> Int {
        try await pool.write { try Self.purge($0, id, after: now) }
    }

    private static func purge(_ db: Database, _ id: Int, after now: Date) throws -> Int {
        let doomed = try RecordingTable.fetch(db, #""start_time" >= ?"#, [DjangoTime.text(now)])
            .filter { $0.status == nil && belongs($0, to: id) }
        try RecordingTable.remove(db, doomed)
        return doomed.count
    }

    private static func belongs(_ recording: Recording, to rule: Int) -> Bool {
        let mark = recording.properties["rule"]
        return mark?["type"]?.string == "recurring" && mark?["id"]?.int == rule
    }

    private static func fill(_ db: Database, _ id: Int, days: Int, at now: Date) throws -> [Recording] {
        guard
            let row = try Row.fetchOne(
                db, sql: #"SELECT * FROM "dispatcharr_channels_recurringrecordingrule" WHERE "id" = ?"#,
                arguments: [id]),
            let rule = RecurringRule(row)
        else { return [] }
        let zone = TimeZone(identifier: try SettingsTable.timeZone(db)) ?? .gmt
        let known = Set(
            try RecordingTable.fetch(db, #""channel_id" = ? AND "end_time" > ?"#, [rule.channel, DjangoTime.text(now)])
                .filter { belongs($0, to: id) }.map(\.start))
        return try rule.times(days: days, after: now, in: zone).filter { !known.contains($0.start) }.map { time in
            try RecordingTable.insert(
                db, channel: rule.channel, start: time.start, end: time.end,
                properties: [
                    "rule": ["type": "recurring", "id": .int(id), "name": .string(rule.name)],
                    "program": ["title": .string(rule.name)],
                ])
        }
    }
}

/// One rule, and when it records.
struct RecurringRule: Sendable {
    let channel: Int
    let name: String
    /// Monday is 0.
    let weekdays: Set<Int>
    /// Seconds since midnight.
    let startSeconds: Int
    let endSeconds: Int
    /// `2026-11-23`; nil means no limit.
    let firstDay: String?
    let lastDay: String?

    /// Nil for a rule that is switched off or names no day.
    init?(_ row: Row) {
        guard row["enabled"] as Bool, let start = Self.seconds(row["start_time"]),
            let end = Self.seconds(row["end_time"])
        else { return nil }
        let days = row.json("days_of_week")?.array ?? []
        weekdays = Set(days.compactMap { $0.int ?? $0.string.flatMap(Int.init) }.filter((0...6).contains))
        guard !weekdays.isEmpty else { return nil }
        channel = row["channel_id"]
        name = row["name"]
        startSeconds = start
        endSeconds = end
        firstDay = row["start_date"]
        lastDay = row["end_date"]
    }

    /// What lies ahead, also what has begun but is not over.
    func times(days: Int, after now: Date, in zone: TimeZone) -> [(start: Date, end: Date)] {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let today = calendar.startOfDay(for: now)
        return (-1...max(days, 0)).compactMap { offset in
            guard let day = calendar.date(byAdding: .day, value: offset, to: today) else { return nil }
            let parts = calendar.dateComponents([.year, .month, .day, .weekday], from: day)
            guard let year = parts.year, let month = parts.month, let number = parts.day, let weekday = parts.weekday
            else { return nil }
            // Calendar counts from Sunday as 1, the rule from Monday as 0.
            guard weekdays.contains((weekday + 5) % 7) else { return nil }
            let text = String(format: "%04d-%02d-%02d", year, month, number)
            if let firstDay, text < firstDay { return nil }
            if let lastDay, text > lastDay { return nil }
            guard let start = calendar.time(startSeconds, on: day),
                let endDay = endSeconds > startSeconds ? day : calendar.date(byAdding: .day, value: 1, to: day),
                let end = calendar.time(endSeconds, on: endDay), end > now
            else { return nil }
            return (start, end)
        }
    }

    private static func seconds(_ text: String?) -> Int? {
        let parts = (text ?? "").split(separator: ":").map { Int($0.prefix(2)) }
        guard parts.count >= 2, let hour = parts[0], let minute = parts[1] else { return nil }
        return hour * 3600 + minute * 60 + (parts.count > 2 ? parts[2] ?? 0 : 0)
    }
}

extension Calendar {
    /// The clock's time on a day; on days with a change of the clock, the next one there is.
    fileprivate func time(_ seconds: Int, on day: Date) -> Date? {
        date(bySettingHour: seconds / 3600, minute: seconds / 60 % 60, second: seconds % 60, of: day)
    }
}
