import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// `skirret schedules`.
struct SchedulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedules", abstract: "Schedules: list them, preview them, keep them in Redis.",
        discussion: """
            A schedule lives in Redis, or in the database, as a row of django_celery_beat. 'skirret beat' fires both.
            Those in the database are changed where they belong: in the web app, through /api/schedules/, or by Django.

            EXAMPLES
              skirret schedules                                       with their next firings
              skirret schedules next --cron '30 2 * * *' --zone Europe/Berlin --after 2027-03-27
              skirret schedules set report --task reports.nightly --cron '30 2 * * *' --zone Europe/Berlin
              skirret schedules set lights --task lights.on --solar dusk_civil --latitude 52.5 --longitude 13.4
              skirret schedules set poll --task feeds.poll --every 30s --missed skip --overlap skip
              skirret schedules next report --count 5
              skirret schedules disable report
              skirret schedules run-now report
            """,
        subcommands: [
            SchedulesListCommand.self, SchedulesShowCommand.self, SchedulesNextCommand.self, SchedulesAddCommand.self,
            SchedulesSetCommand.self, SchedulesDeleteCommand.self, SchedulesEnableCommand.self,
            SchedulesDisableCommand.self, SchedulesRunNowCommand.self,
        ], defaultSubcommand: SchedulesListCommand.self)
}

/// `skirret schedules list`.
struct SchedulesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List them with their next firings.")

    @OptionGroup var common: CommonFlags

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func run() async throws {
        let entries = try await ScheduleBook.with(common) { try await $0.all() }
        let now = Date()
        if json {
            for entry in entries { Output.json(entry.json(next: entry.next(1, after: now))) }
            return
        }
        Output.table(
            ["NAME", "TASK", "RULE", "NEXT", "LAST", "RUNS"],
            entries.map { entry in
                let (task, rule, next) = Self.cells(entry, now: now)
                let last = entry.lastRun.map { $0.formatted(.iso8601) } ?? "never"
                return [entry.name, task, rule, next, last, String(entry.totalRunCount)]
            })
    }

    private static func cells(_ entry: ScheduleBook.Entry, now: Date) -> (task: String, rule: String, next: String) {
        switch entry.definition {
        case .failure(let error): return ("?", "cannot fire: \(error)", "")
        case .success(let task):
            guard task.isEnabled else { return (task.call.task, task.schedule.summary, "off") }
            let next = entry.next(1, after: now).first
            return (
                task.call.task, task.schedule.summary,
                next.map { $0.date.formatted(.iso8601) + ($0.shift == nil ? "" : " *") } ?? "no more"
            )
        }
    }
}

/// `skirret schedules show`.
struct SchedulesShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show all of one, as JSON.")

    @OptionGroup var common: CommonFlags

    @Argument(help: "Its name.")
    var name: String

    @Flag(help: "JSON is all it prints; for the sake of scripts.")
    var json = false

    func run() async throws {
        let entry = try await ScheduleBook.with(common) { try await $0.find(name) }
        Output.json(entry.json(next: entry.next(5, after: Date())))
    }
}
