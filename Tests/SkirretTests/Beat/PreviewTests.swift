import Foundation
import Testing

@testable import Skirret

@Suite("Preview") struct PreviewTests {
    private func preview(_ line: String, _ zone: String, after start: String, _ count: Int) throws -> [Firing] {
        let schedule = Schedule.crontab(try CrontabSchedule(line: line, timeZone: zone))
        return schedule.next(after: try Date.ISO8601FormatStyle().parse(start), count: count)
    }

    @Test(arguments: [
        ("30 2 * * *", "Europe/Berlin", "2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z", "02:30 on 2027-03-28"),
        ("30 2 * * *", "America/New_York", "2027-03-14T00:00:00Z", "2027-03-14T07:00:00Z", "02:30 on 2027-03-14"),
        ("15 2 * * *", "Australia/Lord_Howe", "2027-10-02T12:00:00Z", "2027-10-02T15:30:00Z", "from 02:00 to 02:30"),
        ("30 2 * * *", "Africa/Casablanca", "2027-03-14T00:00:00Z", "2027-03-14T02:00:00Z", "from 02:00 to 03:00"),
        ("*/20 2 * * *", "Europe/Berlin", "2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z", "02:00, 02:20, 02:40"),
    ])
    func `a gap is named`(line: String, zone: String, start: String, due: String, words: String) throws {
        let firing = try #require(try preview(line, zone, after: start, 1).first)
        #expect(firing.date.formatted(.iso8601) == due)
        #expect(firing.shift?.kind == .gap)
        #expect(firing.shift?.reason.contains(words) == true, "\(firing.shift?.reason ?? "no reason")")
    }

    @Test(arguments: [
        ("30 2 * * *", "Europe/Berlin", "2027-10-30T23:00:00Z", "2027-10-31T00:30:00Z"),
        ("30 1 * * *", "America/New_York", "2027-11-07T00:00:00Z", "2027-11-07T05:30:00Z"),
        ("45 1 * * *", "Australia/Lord_Howe", "2027-04-03T12:00:00Z", "2027-04-03T14:45:00Z"),
        ("30 2 * * *", "Africa/Casablanca", "2027-02-07T00:00:00Z", "2027-02-07T01:30:00Z"),
    ])
    func `a fold is named, and fires once`(line: String, zone: String, start: String, due: String) throws {
        let firings = try preview(line, zone, after: start, 2)
        #expect(firings[0].date.formatted(.iso8601) == due)
        #expect(firings[0].shift?.kind == .fold)
        #expect(firings[1].shift == nil && firings[1].date.timeIntervalSince(firings[0].date) > 80_000)
    }

    @Test func `of eleven years of one daily rule twenty-two firings are shifted or doubled`() throws {
        let firings = try preview("30 2 * * *", "Europe/Berlin", after: "2020-01-01T00:00:00Z", 4018)
        #expect(firings.filter { $0.shift?.kind == .gap }.count == 11)
        #expect(firings.filter { $0.shift?.kind == .fold }.count == 11)
        #expect(firings.last?.date.formatted(.iso8601) == "2030-12-31T01:30:00Z")
    }

    /// Month ends, leap days, year turns, in every year from 2020 to 2040: a walk over every day.
    @Test(arguments: 1...40)
    func `days are those that a walk over every day finds`(seed: Int) throws {
        var random = UInt64(seed)
        func pick(_ choices: [String]) -> String {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return choices[Int(random >> 33) % choices.count]
        }
        let days = pick(["*", "29", "30", "31", "28-31", "1,15,31", "*/7", "25-3"])
        let months = pick(["*", "2", "feb,apr", "12", "*/3", "nov-feb", "1-12/5"])
        let weekdays = pick(["*", "*", "mon", "5-7", "sat-sun", "fri-mon", "0", "7", "mon-fri/2"])
        let line = "59 23 \(days) \(months) \(weekdays)"
        let allowed = try (
            CronField(name: "d", range: 1...31).parse(days),
            CronField(name: "m", range: 1...12, names: CronField.monthNames).parse(months),
            CronField(name: "w", range: 0...6, names: CronField.dayNames).parse(weekdays)
        )
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        var expected: [Date] = []
        // 2020-01-01 to 2040-12-31, by Foundation's calendar and not by ours.
        for day in 18_262...25_932 {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let parts = calendar.dateComponents([.day, .month, .weekday], from: date)
            guard let ofMonth = parts.day, let month = parts.month, let weekday = parts.weekday else { continue }
            if allowed.0.contains(ofMonth), allowed.1.contains(month), allowed.2.contains(weekday - 1) {
                expected.append(date + 86_340)
            }
        }
        let schedule: Schedule
        do { schedule = .crontab(try CrontabSchedule(line: line)) } catch {
            #expect(expected.isEmpty, "\(line): \(error)")
            return
        }
        let start = Date(timeIntervalSince1970: 18_262 * 86_400 - 1)
        let found = schedule.next(after: start, count: expected.count).map(\.date)
        #expect(found == expected, "\(line), seed \(seed)")
    }

    @Test func `a preview of ten thousand is no wait`() throws {
        let began = ContinuousClock.now
        let firings = try preview("*/5 * * * *", "Europe/Berlin", after: "2027-01-01T00:00:00Z", 10_000)
        #expect(firings.count == 10_000)
        #expect(began.duration(to: .now) < .seconds(5))
    }

    @Test func `fields mean what Celery's own parser says`() throws {
        let program = """
            import random
            from celery.schedules import crontab_parser
            chance = random.Random(20261122)
            kinds = [("minute", 60, 0), ("hour", 24, 0), ("day", 31, 1), ("month", 12, 1), ("weekday", 7, 0)]
            names = {"month": ["jan", "feb", "dec"], "weekday": ["mon", "sun", "saturday"]}
            for _ in range(1500):
                kind, size, first = chance.choice(kinds)
                def number():
                    if kind in names and chance.random() < 0.2: return chance.choice(names[kind])
                    return str(chance.randrange(max(0, first - 1), first + size + 1))
                def part():
                    form = chance.randrange(6)
                    if form == 0: return "*"
                    if form == 1: return number()
                    if form == 2: return f"*/{chance.randrange(1, 20)}"
                    if form == 3: return f"{number()}-{number()}"
                    if form == 4: return f"{number()}-{number()}/{chance.randrange(1, 9)}"
                    # With a name Celery ignores the step: here "mon/5" is refused like "1/5".
                    return str(chance.randrange(size)) + "/" + number()
                text = ",".join(part() for _ in range(chance.randrange(1, 4)))
                try: values = sorted(crontab_parser(size, first).parse(text))
                except Exception: values = "no"
                print(kind, text, ",".join(map(str, values)) if values != "no" else "no", sep="\\t")
            """
        guard let lines = try SolarScheduleTests.ask("celery", program) else { return }
        let fields = [
            "minute": CronField(name: "minute", range: 0...59), "hour": CronField(name: "hour", range: 0...23),
            "day": CronField(name: "day", range: 1...31),
            "month": CronField(name: "month", range: 1...12, names: CronField.monthNames),
            "weekday": CronField(name: "weekday", range: 0...6, names: CronField.dayNames),
        ]
        var compared = 0
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: "\t").map(String.init)
            // Sunday may be 7 here, as in every other cron; Celery's parser refuses that.
            guard parts.count == 3, let field = fields[parts[0]] else { continue }
            if parts[0] == "weekday", parts[1].contains("7") { continue }
            var found = "no"
            if let values = try? field.parse(parts[1]) {  // refused, as "no" says
                found = values.sorted().map(String.init).joined(separator: ",")
            }
            #expect(found == parts[2], "\(parts[0]) \(parts[1])")
            compared += 1
        }
        #expect(compared > 1000)
    }
}
