import CeleryProtocol
import Foundation
import Testing

@testable import Skirret

@Suite("Schedule") struct ScheduleTests {
    private let anchor = Date(timeIntervalSince1970: 1_800_000_000)

    private func entry(_ schedule: Schedule, lastRun: Date? = nil, start: Date? = nil) -> ScheduledTask {
        ScheduledTask(
            name: "s", schedule: schedule, anchor: anchor, lastRun: lastRun, start: start,
            call: ScheduledCall(task: "t"))
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
            let due = entry(schedule, lastRun: anchor).due(at: now)
            #expect(due == anchor + 600 * 5000)
            #expect(entry(schedule, lastRun: now).due(at: now + 1) == nil)
        }
    }

    @Test func `two beats that missed different firings agree on the one that is owed`() {
        let schedule = Schedule.interval(.milliseconds(700))
        let now = anchor + 7000.3
        let dues = [0, 0.7, 3.5, 6.1].map { entry(schedule, lastRun: anchor + $0).due(at: now) }
        for due in dues { #expect(abs((due ?? .distantPast).timeIntervalSince(anchor) - 7000) < 0.0005) }
    }

    @Test func `a yearly rule that was missed is found`() throws {
        let schedule = Schedule.crontab(try CrontabSchedule(line: "0 0 1 1 *"))
        let due = entry(schedule, lastRun: anchor).due(at: anchor + 360 * 86_400)
        #expect(due == Date(timeIntervalSince1970: 1_830_297_600))  // 2028-01-01
    }

    @Test func `a clocked entry is owed once, and never before its time`() {
        let entry = entry(.clocked(anchor + 60))
        #expect(entry.due(at: anchor + 59) == nil)
        #expect(entry.due(at: anchor + 61) == anchor + 60)
        var done = entry
        done.lastRun = anchor + 61
        #expect(done.due(at: anchor + 9999) == nil)
    }

    @Test func `nothing is owed before the start`() {
        let entry = entry(.interval(.seconds(60)), start: anchor + 600)
        #expect(entry.due(at: anchor + 599) == nil)
        #expect(entry.due(at: anchor + 600) == anchor + 600)
        #expect(entry.next(after: anchor) == anchor + 600)
    }
}
