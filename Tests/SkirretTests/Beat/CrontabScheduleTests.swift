import Foundation
import Testing

@testable import Skirret

@Suite("Crontab") struct CrontabScheduleTests {
    private func firings(_ rule: CrontabSchedule, from start: String, to end: String) throws -> [String] {
        let format = Date.ISO8601FormatStyle()
        var instant = try format.parse(start) - 1
        let last = try format.parse(end)
        var found: [String] = []
        while let next = rule.next(after: instant), next <= last {
            found.append(next.formatted(format))
            instant = next
        }
        return found
    }

    // MARK: gaps and folds

    @Test(arguments: [
        ("Europe/Berlin", "30 2 * * *", ["2027-03-27T01:30:00Z", "2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z"]),
        ("Europe/Berlin", "30 2 * * *", ["2027-10-30T00:30:00Z", "2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z"]),
        ("America/New_York", "30 2 * * *", ["2027-03-13T07:30:00Z", "2027-03-14T07:00:00Z", "2027-03-15T06:30:00Z"]),
        ("America/New_York", "30 1 * * *", ["2027-11-06T05:30:00Z", "2027-11-07T05:30:00Z", "2027-11-08T06:30:00Z"]),
        (
            "Australia/Lord_Howe", "15 2 * * *",
            ["2027-10-01T15:45:00Z", "2027-10-02T15:30:00Z", "2027-10-03T15:15:00Z"]
        ),
        (
            "Australia/Lord_Howe", "45 1 * * *",
            ["2027-04-02T14:45:00Z", "2027-04-03T14:45:00Z", "2027-04-04T15:15:00Z"]
        ),
        ("Africa/Casablanca", "30 2 * * *", ["2027-02-06T01:30:00Z", "2027-02-07T01:30:00Z", "2027-02-08T02:30:00Z"]),
        ("Africa/Casablanca", "30 2 * * *", ["2027-03-13T02:30:00Z", "2027-03-14T02:00:00Z", "2027-03-15T01:30:00Z"]),
    ])
    func `a daily rule fires once a day, at the end of a gap and at the first of two`(
        zone: String, line: String, expected: [String]
    ) throws {
        let rule = try CrontabSchedule(line: line, timeZone: zone)
        #expect(try firings(rule, from: expected[0], to: expected[2]) == expected)
    }

    @Test(arguments: [
        ("2027-03-28", ["00:00", "00:30", "01:00", "01:30"], "2027-03-28T00:00:00Z", "2027-03-28T02:00:00Z"),
        (
            "2027-10-31", ["23:00", "23:30", "00:00", "00:30", "02:00", "02:30"], "2027-10-30T22:30:00Z",
            "2027-10-31T03:00:00Z"
        ),
    ])
    func `half hours around a change of the clock`(day: String, times: [String], from: String, to: String) throws {
        let rule = try CrontabSchedule(line: "*/30 1-3 * * *", timeZone: "Europe/Berlin")
        let found = try firings(rule, from: from, to: to).map { String($0.dropFirst(11).prefix(5)) }
        #expect(found == times, "\(day)")
    }

    // MARK: against brute force

    @Test(arguments: [
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
        "America/St_Johns", "Pacific/Chatham",
    ])
    func `it fires when a walk over every minute does`(zone: String) throws {
        var random = Seeded(state: zone.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        let timeZone = try #require(TimeZone(identifier: zone))
        for start in windows(timeZone, &random) {
            let fields = (0..<5).map { _ in Int.random(in: 0..<4, using: &random) }
            let line = [
                ["*", "*/15", "7", "0,30,59"][fields[0]], ["*", "*/3", "1-3", "0,2,23"][fields[1]],
                ["*", "*", "*", "1-28/9,31"][fields[2]], ["*", "*", "*", "*/2"][fields[3]],
                ["*", "*", "sat-mon", "1-5"][fields[4]],
            ].joined(separator: " ")
            let rule = try CrontabSchedule(line: line, timeZone: zone)
            let hours = 60
            let expected = Walk(line: line, zone: timeZone).firings(from: start, minutes: hours * 60)
            var found: [Int] = []
            var instant = Date(timeIntervalSince1970: Double(start) - 1)
            while let next = rule.next(after: instant), next.timeIntervalSince1970 < Double(start + hours * 3600) {
                found.append(Int(next.timeIntervalSince1970))
                instant = next
            }
            #expect(found == expected, "\(line) from \(start)")
        }
    }

    /// Two days and a half around each change of the clock from 2024 to 2030, and some at random.
    private func windows(_ zone: TimeZone, _ random: inout Seeded) -> [Int] {
        let first = 1_704_067_200, last = 1_924_992_000
        var starts = (0..<12).map { _ in Int.random(in: first..<last, using: &random) / 60 * 60 }
        var offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(first)))
        for hour in stride(from: first, to: last, by: 3600) {
            let next = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(hour)))
            if next != offset { starts.append(hour - 30 * 3600) }
            offset = next
        }
        return starts
    }

    // MARK: notation

    @Test(arguments: [
        ("*", Array(0...59)), ("5", [5]), ("*/20", [0, 20, 40]), ("10-14", Array(10...14)), ("10-50/20", [10, 30, 50]),
        ("58-1", [0, 1, 58, 59]), ("1,2, 3", [1, 2, 3]), ("0-59/30,7", [0, 7, 30]),
    ])
    func `a field's notation`(text: String, values: [Int]) throws {
        #expect(try CronField(name: "minute", range: 0...59).parse(text).sorted() == values)
    }

    @Test(arguments: [
        ("mon", [1]), ("SUN", [0]), ("0", [0]), ("7", [0]), ("fri-mon", [0, 1, 5, 6]),
        ("monday-friday", [1, 2, 3, 4, 5]),
        ("5-7", [0, 5, 6]), ("0-7", Array(0...6)), ("1-7", Array(0...6)), ("*/2", [0, 2, 4, 6]), ("sat-mon/2", [1, 6]),
    ])
    func `days of the week`(text: String, values: [Int]) throws {
        let field = CronField(name: "day of week", range: 0...6, names: CronField.dayNames)
        #expect(try field.parse(text).sorted() == values)
    }

    @Test(arguments: ["", "60", "-1", "1-", "*/0", "*/-1", "a", "1--2", "1,,2", "5/10", "1-2-3", "*/x", "**", "1.5"])
    func `what cannot be read is refused with its field`(text: String) throws {
        let error = #expect(throws: CrontabSchedule.Invalid.self) { try CrontabSchedule(minute: text) }
        #expect(error?.description.contains("minute '\(text)'") == true)
    }

    @Test(arguments: ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 feb mon"])
    func `a rule that can never fire is refused`(line: String) {
        let error = #expect(throws: CrontabSchedule.Invalid.self) { try CrontabSchedule(line: line) }
        #expect(error?.description.contains("never fire") == true)
    }

    @Test(arguments: ["", "* * * *", "* * * * * *", "@daily"])
    func `a line of other than five parts is refused`(line: String) {
        #expect(throws: CrontabSchedule.Invalid.self) { try CrontabSchedule(line: line) }
    }

    @Test func `a zone nobody knows is refused`() {
        let error = #expect(throws: CrontabSchedule.Invalid.self) { try CrontabSchedule(timeZone: "Europe/Atlantis") }
        #expect(error?.description.contains("Europe/Atlantis") == true)
    }

    @Test func `a rare day is found, however far`() throws {
        #expect(
            try firings(
                CrontabSchedule(line: "0 0 29 2 *"), from: "2024-01-01T00:00:00Z", to: "2033-01-01T00:00:00Z") == [
                    "2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z",
                ])
        #expect(
            try firings(
                CrontabSchedule(line: "0 0 29 2 mon"), from: "2024-01-01T00:00:00Z", to: "2050-01-01T00:00:00Z") == [
                    "2044-02-29T00:00:00Z"
                ])
    }

    @Test func `an answer is after the question, to the fraction of a second`() throws {
        let rule = try CrontabSchedule(line: "0 12 * * *")
        let noon = Date(timeIntervalSince1970: 1_800_014_400)
        #expect(rule.next(after: noon - 0.001) == noon)
        #expect(rule.next(after: noon) == noon + 86_400)
    }

    @Test func `the busiest rule is answered in microseconds, not by walking its day`() throws {
        let rule = try CrontabSchedule(timeZone: "Europe/Berlin")
        var instant = Date(timeIntervalSince1970: 1_800_057_600)
        let began = ContinuousClock.now
        for _ in 0..<1000 { instant = rule.next(after: instant) ?? instant }
        #expect(instant == Date(timeIntervalSince1970: 1_800_057_600 + 60_000))
        #expect(began.duration(to: .now) < .seconds(2))
    }
}

/// The definition, written down without a thought for speed: look at the clock on the wall once a minute.
private struct Walk {
    let line: String
    let zone: TimeZone

    func firings(from start: Int, minutes: Int) -> [Int] {
        let allowed = fields()
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        // A day earlier, to know which wall times have been shown before.
        var shown = wall(start - 86_400)
        var found: [Int] = []
        for instant in stride(from: start - 86_340, to: start + minutes * 60, by: 60) {
            let now = wall(instant)
            guard now > shown else { continue }  // in a fold, the second time
            // All wall times since the last one: more than one when the clock jumped.
            let isDue = stride(from: shown + 60, through: now, by: 60).contains { wall in
                let date = Date(timeIntervalSince1970: Double(wall))
                let parts = calendar.dateComponents([.minute, .hour, .day, .month, .weekday], from: date)
                let values = [parts.minute, parts.hour, parts.day, parts.month, parts.weekday.map { $0 - 1 }]
                return zip(allowed, values).allSatisfy { $1.map($0.contains) ?? false }
            }
            if isDue, instant >= start { found.append(instant) }
            shown = now
        }
        return found
    }

    private func wall(_ instant: Int) -> Int {
        instant + zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant)))
    }

    /// The few spellings that the test uses.
    private func fields() -> [Set<Int>] {
        let ranges = [0...59, 0...23, 1...31, 1...12, 0...6]
        return zip(line.split(separator: " "), ranges).map { text, range in
            switch text {
            case "*": Set(range)
            case "*/15": [0, 15, 30, 45]
            case "0,30,59": [0, 30, 59]
            case "*/3": Set(stride(from: 0, to: 24, by: 3))
            case "1-3": [1, 2, 3]
            case "0,2,23": [0, 2, 23]
            case "1-28/9,31": [1, 10, 19, 28, 31]
            case "*/2": [1, 3, 5, 7, 9, 11]
            case "sat-mon": [6, 0, 1]
            case "1-5": [1, 2, 3, 4, 5]
            default: Set([Int(text) ?? -1])
            }
        }
    }
}

/// SplitMix64: the same numbers on every run.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
