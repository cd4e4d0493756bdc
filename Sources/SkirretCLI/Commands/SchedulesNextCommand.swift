import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// `skirret schedules next`.
struct SchedulesNextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next", abstract: "Preview when a schedule fires, with what changes of the clock do to it.",
        discussion: """
            Names a schedule, or a rule that need not be kept anywhere. A time that the local clock leaves out fires at
            the first instant after the gap; one that it shows twice fires at the first of the two.

            EXAMPLES
              skirret schedules next report --count 5
              skirret schedules next --cron '30 2 * * *' --zone Europe/Berlin --after 2027-03-27
              skirret schedules next --solar sunset --latitude 69.65 --longitude 18.96 --after 2026-11-24 --json
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup var rule: RuleFlags

    @Argument(help: "A schedule's name, instead of a rule.")
    var name: String?

    @Option(help: "How many firings.")
    var count = 10

    @Option(help: "Only firings after this time; now unless said otherwise.")
    var after: String?

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func validate() throws {
        guard (1...10_000).contains(count) else {
            throw ValidationError("--count: expected a number from 1 to 10000, got \(count).")
        }
    }

    func run() async throws {
        let start = try after.map { try rule.time($0, "--after") } ?? Date()
        let firings: [Firing]
        let zone: TimeZone
        if let schedule = try rule.schedule() {
            guard name == nil else { throw ValidationError("Give a name or a rule, not both.") }
            firings = schedule.next(after: start, count: count, anchor: start)
            zone = schedule.displayZone
        } else {
            guard let name else { throw ValidationError("Name a schedule, or give --cron, --every, --at or --solar.") }
            let entry = try await ScheduleBook.with(common) { try await $0.find(name) }
            let task = try entry.definition.get()
            if !task.isEnabled, !json { Output.line("It is switched off; switched on, it would fire:") }
            var enabled = task
            enabled.isEnabled = true
            firings = enabled.next(after: start, count: count, since: entry.since)
            zone = task.schedule.displayZone
        }
        if json {
            for firing in firings { Output.json(firing.json) }
            return
        }
        let isUTC = zone.secondsFromGMT(for: start) == 0 && zone.identifier == "GMT"
        Output.table(
            isUTC ? ["WHEN", "NOTE"] : ["WHEN", "UTC", "NOTE"],
            firings.map { firing in
                let utc = isUTC ? [] : [firing.date.formatted(.iso8601)]
                return [firing.date.onTheWall(of: zone)] + utc + [firing.shift?.reason ?? ""]
            })
    }
}
