import CeleryProtocol
import Foundation
import Testing

@testable import Skirret

@Suite("Schedule") struct ScheduleTests {
    private let anchor = Date(timeIntervalSince1970: 1_800_000_000)

    private func entry(_ schedule: Schedule, _ change: (inout ScheduledTask) -> Void = { _ in }) -> ScheduledTask {
        var task = ScheduledTask("s", schedule, ScheduledCall(task: "t"))
        change(&task)
        return task
    }

    /// What is owed to a beat that looks every moment, or that was away.
    private func owed(
        _ task: ScheduledTask, at now: Date, settled: Date? = nil, wasAway: Bool = false
    ) -> [Date] {
        task.owed(
            at: .init(now: now, last: now - (wasAway ? 3600 : 0.5)), settled: settled ?? anchor, since: anchor)
    }

    @Test(arguments: [Duration.seconds(1), .seconds(7), .milliseconds(2500), .milliseconds(333), .seconds(86_400)])
    func `an interval never drifts, however late it is asked`(every: Duration) throws {
        let schedule = Schedule.interval(every)
        var instant = anchor
        for count in 1...2000 {
            let next = try #require(schedule.next(after: instant, anchor: anchor))
            #expect(abs(next.timeIntervalSince(anchor) - Double(count) * every.seconds) < 0.0005)
            // Asked a good while after it was due, as after a long run.
            instant = next + every.seconds * 0.4
        }
    }

    @Test func `an interval begins one step after its anchor`() {
        let schedule = Schedule.interval(.seconds(60))
        #expect(schedule.next(after: anchor - 1000, anchor: anchor) == anchor + 60)
        #expect(schedule.next(after: anchor, anchor: anchor) == anchor + 60)
        #expect(schedule.next(after: anchor + 60, anchor: anchor) == anchor + 120)
        #expect(Schedule.interval(.zero).next(after: anchor, anchor: anchor) == nil)
    }

    @Test func `of many missed firings the latest is owed, once`() throws {
        let crontab = try CrontabSchedule(line: "*/10 * * * *")
        for schedule in [Schedule.interval(.seconds(600)), .crontab(crontab)] {
            let now = anchor + 600 * 5000 + 123
            #expect(owed(entry(schedule), at: now, wasAway: true) == [anchor + 600 * 5000])
            #expect(owed(entry(schedule), at: now + 1, settled: anchor + 600 * 5000) == [])
        }
    }

    @Test(arguments: MissedRuns.allCases)
    func `each policy owes what it says after three missed due times`(policy: MissedRuns) throws {
        for schedule in [Schedule.interval(.seconds(60)), .crontab(try CrontabSchedule(line: "* * * * *"))] {
            let task = entry(schedule) { $0.missed = policy }
            let missed = [60, 120, 180].map { anchor + $0 }
            let expected: [Date] =
                switch policy {
                case .skip: []
                case .latest: [missed[2]]
                case .all: missed
                }
            #expect(owed(task, at: anchor + 200, wasAway: true) == expected)
            // On time all three are the same.
            #expect(owed(task, at: anchor + 180.2, settled: anchor + 120) == [missed[2]])
        }
    }

    @Test func `what was skipped stays skipped`() {
        let task = entry(.interval(.seconds(60))) { $0.missed = .skip }
        #expect(owed(task, at: anchor + 200, wasAway: true) == [])
        #expect(owed(task, at: anchor + 200.5) == [])
        #expect(owed(task, at: anchor + 240.1) == [anchor + 240])
    }

    @Test func `of all that was missed in a year the newest hundred are owed, at once`() throws {
        for schedule in [Schedule.interval(.seconds(60)), .crontab(try CrontabSchedule(line: "* * * * *"))] {
            let task = entry(schedule) { $0.missed = .all }
            let began = ContinuousClock.now
            let dues = owed(task, at: anchor + 366 * 86_400 + 30, wasAway: true)
            #expect(began.duration(to: .now) < .seconds(1))
            #expect(dues == (0..<100).map { anchor + 366 * 86_400 - Double(99 - $0) * 60 })
        }
    }

    @Test func `two beats that missed different firings agree on the one that is owed`() {
        let schedule = Schedule.interval(.milliseconds(700))
        let now = anchor + 7000.3
        for settled in [0, 0.7, 3.5, 6.1] {
            let dues = owed(entry(schedule), at: now, settled: anchor + settled)
            #expect(dues.count == 1 && dues.allSatisfy { abs($0.timeIntervalSince(anchor) - 7000) < 0.0005 })
        }
    }

    @Test func `a yearly rule that was missed is found`() throws {
        let schedule = Schedule.crontab(try CrontabSchedule(line: "0 0 1 1 *"))
        let dues = owed(entry(schedule), at: anchor + 360 * 86_400, wasAway: true)
        #expect(dues == [Date(timeIntervalSince1970: 1_830_297_600)])  // 2028-01-01
    }

    @Test func `a clocked entry is owed once, and never before its time`() {
        let entry = entry(.clocked(anchor + 60))
        #expect(owed(entry, at: anchor + 59) == [])
        #expect(owed(entry, at: anchor + 61) == [anchor + 60])
        #expect(owed(entry, at: anchor + 9_999_999, settled: .distantPast, wasAway: true) == [anchor + 60])
        #expect(owed(entry, at: anchor + 9999, settled: anchor + 60) == [])
    }

    @Test func `nothing is owed before the start, and the start is the first firing`() {
        let entry = entry(.interval(.seconds(60))) { $0.start = anchor + 600.5 }
        #expect(owed(entry, at: anchor + 600) == [])
        #expect(owed(entry, at: anchor + 600.5) == [anchor + 600.5])
        #expect(entry.next(after: anchor, count: 2).map(\.date) == [anchor + 600.5, anchor + 660.5])
    }

    @Test func `nothing is owed from the end on`() {
        let entry = entry(.interval(.seconds(60))) { $0.end = anchor + 120 }
        #expect(owed(entry, at: anchor + 61) == [anchor + 60])
        #expect(owed(entry, at: anchor + 121, settled: anchor + 60) == [])
        #expect(entry.next(after: anchor, count: 5, since: anchor).map(\.date) == [anchor + 60])
    }

    @Test(arguments: MissedRuns.allCases)
    func `jitter makes a firing late by the same time whoever asks, and loses none`(policy: MissedRuns) {
        let task = entry(.interval(.seconds(10))) {
            $0.jitter = .seconds(6)
            $0.missed = policy
        }
        var fired: [Date] = [], settled = anchor, last = anchor
        for tick in 1...2000 {
            let now = anchor + Double(tick) * 0.25
            for due in task.owed(at: .init(now: now, last: last), settled: settled, since: anchor) {
                #expect((0...6.25).contains(now.timeIntervalSince(due)))
                fired.append(due)
                settled = due
            }
            let next = task.nextLook(after: now, settled: settled, since: anchor) ?? .distantPast
            #expect(next > now && next < now + 16)
            last = now
        }
        #expect(fired == (1...49).map { anchor + Double($0) * 10 })
        #expect(Set(fired.map { Int(task.delay(of: $0)) }).count > 4, "they are spread")
    }

    // MARK: definitions

    @Test func `a definition survives JSON`() throws {
        var task = entry(.solar(try SolarSchedule(.sunset, latitude: 52.5, longitude: -13.25))) {
            $0.missed = .all
            $0.overlap = .cancel
            $0.jitter = .milliseconds(1500)
            $0.start = anchor
            $0.end = anchor + 0.25
            $0.isOneOff = true
            $0.isEnabled = false
            $0.description = "für alle"
        }
        task.call = ScheduledCall(
            task: "t", args: [1, nil], kwargs: ["a": [:]], queue: "q", priority: 3, expiresAfter: .seconds(9),
            headers: ["h": 1])
        #expect(try ScheduledTask(json: task.json).json == task.json)
        for schedule in [
            Schedule.interval(.seconds(7200)), .interval(.microseconds(1_500_000)), .clocked(anchor + 0.5),
            .crontab(try CrontabSchedule(minute: "1, 2", dayOfWeek: "mon-fri", timeZone: "Asia/Kathmandu")),
        ] {
            #expect(try Schedule(json: schedule.json) == schedule)
        }
    }

    @Test(arguments: [
        (#"{"crontab": "0 0 30 2 *", "type": "crontab"}"#, "schedule.crontab", "never fire"),
        (#"{"crontab": "0 0 * * *", "type": "crontab", "timezone": "Mars/Base"}"#, "schedule.crontab", "Mars/Base"),
        (#"{"crontab": "61 * * * *", "type": "crontab"}"#, "schedule.crontab", "minute '61'"),
        (#"{"every": 0, "period": "hours", "type": "interval"}"#, "schedule.every", "from 1"),
        (#"{"every": 1, "period": "weeks", "type": "interval"}"#, "schedule.period", "microseconds"),
        (#"{"at": "tomorrow", "type": "clocked"}"#, "schedule.at", "ISO 8601"),
        (#"{"event": "noon", "latitude": 1, "longitude": 1, "type": "solar"}"#, "schedule", "solar_noon"),
        (#"{"event": "sunset", "latitude": 91, "longitude": 1, "type": "solar"}"#, "schedule", "-90 to 90"),
        (#"{"type": "moon"}"#, "schedule.type", "solar"),
    ])
    func `a rule that cannot work is refused with its place`(rule: String, path: String, words: String) throws {
        let json: JSONObject = ["name": "s", "task": "t", "schedule": try JSONValue(parsing: rule)]
        let error = #expect(throws: InvalidSchedule.self) { try ScheduledTask(json: json) }
        #expect(error?.path == path && error?.reason.contains(words) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        (#"{"priority": 10}"#, "priority"), (#"{"missed": "some"}"#, "missed"),
        (#"{"jitter_seconds": 60}"#, "jitter_seconds"),
        (#"{"args": {}}"#, "args"), (#"{"nmae": "x"}"#, "nmae"), (#"{"name": ""}"#, "name"),
        (#"{"start_time": "2027-01-02T00:00:00Z", "expires": "2027-01-01T00:00:00Z"}"#, "expires"),
    ])
    func `an option that cannot work is refused with its place`(option: String, path: String) throws {
        var json: JSONObject = ["name": "s", "task": "t", "schedule": Schedule.interval(.seconds(60)).json]
        json.merge(try #require(try JSONValue(parsing: option).object))
        let error = #expect(throws: InvalidSchedule.self) { try ScheduledTask(json: json) }
        #expect(error?.path == path)
    }
}
