import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// The flags that describe a schedule to be kept.
struct DefinitionFlags: ParsableArguments {
    @OptionGroup var rule: RuleFlags

    @Argument(help: "Its name.")
    var name: String

    @Option(help: "The task it enqueues.")
    var task: String?

    @Option(help: "Positional arguments, a JSON array.")
    var args: String?

    @Option(help: "Keyword arguments, a JSON object.")
    var kwargs: String?

    @Option(help: "The queue; 'celery' unless said otherwise.")
    var queue: String?

    @Option(help: "0 is served first, 9 last.")
    var priority: Int?

    @Option(help: "How long a message that nobody took is good for: 30s, 5m, 1h.")
    var expiresIn: String?

    @Option(help: "Further message headers, a JSON object.")
    var headers: String?

    @Option(help: "Due times while no beat was up: skip, latest or all (at most 100).")
    var missed: String?

    @Option(help: "When the last run goes on still: allow, skip or cancel.")
    var overlap: String?

    @Option(help: "Fires up to so much later, to spread load: 20s.")
    var jitter: String?

    @Option(help: "Not before this time; intervals count from it.")
    var start: String?

    @Option(help: "Not at this time or later.")
    var end: String?

    @Option(help: "For people.")
    var description: String?

    @Flag(help: "Switch it off after its first firing.")
    var oneOff = false

    @Flag(help: "Keep it switched off.")
    var disabled = false

    /// The definition, over one that was there before.
    func definition(over old: ScheduledTask?) throws -> ScheduledTask {
        var json = old?.json ?? ["name": .string(name)]
        json["task"] = task.map(JSONValue.string) ?? json["task"]
        guard json["task"] != nil else { throw ValidationError("--task: name the task to enqueue.") }
        if let schedule = try rule.schedule() { json["schedule"] = schedule.json }
        guard json["schedule"] != nil else { throw ValidationError("Say when: --cron, --every, --at or --solar.") }
        for (key, flag, text) in [
            ("args", "--args", args), ("kwargs", "--kwargs", kwargs), ("headers", "--headers", headers),
        ] {
            guard let text else { continue }
            do { json[key] = try JSONValue(parsing: text) } catch { throw ValidationError("\(flag): \(error)") }
        }
        for (key, text) in [
            ("queue", queue), ("missed", missed), ("overlap", overlap), ("description", description),
        ] where text != nil { json[key] = JSONValue(text) }
        if let priority { json["priority"] = .int(priority) }
        if let expiresIn { json["expire_seconds"] = .double(try seconds(expiresIn, "--expires-in")) }
        if let jitter { json["jitter_seconds"] = .double(try seconds(jitter, "--jitter")) }
        if let start { json["start_time"] = .string(WireDate.text(try rule.time(start, "--start"))) }
        if let end { json["expires"] = .string(WireDate.text(try rule.time(end, "--end"))) }
        if oneOff { json["one_off"] = true }
        if disabled { json["enabled"] = false }
        do {
            return try ScheduledTask(json: json)
        } catch {
            throw ValidationError("\(error).")
        }
    }

    private func seconds(_ text: String, _ flag: String) throws -> Double {
        let parts = try RuleFlags.duration(text, flag).components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }
}

/// `skirret schedules add`.
struct SchedulesAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Keep a new schedule in Redis; refuses a name that is taken.")

    @OptionGroup var common: CommonFlags
    @OptionGroup var flags: DefinitionFlags

    @Flag(help: "Print the schedule as one JSON object.")
    var json = false

    func run() async throws {
        try await ScheduleBook.with(common) { book in
            guard try await !book.all().contains(where: { $0.name == flags.name }) else {
                throw ValidationError(
                    "There is a schedule '\(flags.name)' already; 'skirret schedules set' changes it.")
            }
            try await book.keep(try flags.definition(over: nil), isJSON: json)
        }
    }
}

/// `skirret schedules set`.
struct SchedulesSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Keep a schedule in Redis, new or changed.",
        discussion: """
            What is not said stays as it is.

            EXAMPLES
              skirret schedules set report --task reports.nightly --cron '30 2 * * *' --zone Europe/Berlin
              skirret schedules set report --queue slow --missed all --overlap skip
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup var flags: DefinitionFlags

    @Flag(help: "Print the schedule as one JSON object.")
    var json = false

    func run() async throws {
        try await ScheduleBook.with(common) { book in
            let old = try await book.all().first { $0.name == flags.name }
            if case .database(let id)? = old?.home {
                throw ValidationError(
                    "'\(flags.name)' is a row of the database; change it in the web app or with "
                        + "PATCH /api/schedules/\(id)/. Here it can be enabled, disabled, deleted and run now.")
            }
            // One that nobody can read is written anew.
            try await book.keep(try flags.definition(over: try? old?.definition.get()), isJSON: json)
        }
    }
}

extension ScheduleBook {
    /// Saves a definition and shows what it means.
    fileprivate func keep(_ task: ScheduledTask, isJSON: Bool) async throws {
        let isNew = try await redis.set(task)
        let entry = try await find(task.name)
        let firings = entry.next(3, after: Date())
        if isJSON { return Output.json(entry.json(next: firings)) }
        Output.line("\(isNew ? "Kept" : "Changed") '\(task.name)': \(task.schedule.summary)")
        for firing in firings {
            let note = firing.shift.map { "  (\($0.reason))" } ?? ""
            Output.line("  next \(firing.date.onTheWall(of: task.schedule.displayZone))\(note)")
        }
        if firings.isEmpty { Output.line(task.isEnabled ? "  it fires no more" : "  it is switched off") }
    }
}
