import ArgumentParser
import CeleryProtocol
import Skirret

/// `skirret schedules enable`.
struct SchedulesEnableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Switch schedules on; what they missed meanwhile is not made up for.")

    @OptionGroup var common: CommonFlags

    @Argument(help: "Their names.")
    var names: [String]

    func run() async throws {
        try await ScheduleBook.with(common) { book in
            for name in names { try await book.setEnabled(name, true) }
        }
        Output.line("\(names.count) schedule(s) switched on.")
    }
}

/// `skirret schedules disable`.
struct SchedulesDisableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "disable", abstract: "Switch schedules off.")

    @OptionGroup var common: CommonFlags

    @Argument(help: "Their names.")
    var names: [String]

    func run() async throws {
        try await ScheduleBook.with(common) { book in
            for name in names { try await book.setEnabled(name, false) }
        }
        Output.line("\(names.count) schedule(s) switched off.")
    }
}

/// `skirret schedules delete`.
struct SchedulesDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Forget schedules.")

    @OptionGroup var common: CommonFlags

    @Argument(help: "Their names.")
    var names: [String]

    func run() async throws {
        try await ScheduleBook.with(common) { book in
            for name in names { try await book.remove(name) }
        }
        Output.line("\(names.count) schedule(s) deleted.")
    }
}

/// `skirret schedules run-now`.
struct SchedulesRunNowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run-now", abstract: "Enqueue a schedule's task now; its due times stay as they are.")

    @OptionGroup var common: CommonFlags

    @Argument(help: "Its name.")
    var name: String

    @Flag(help: "Print one JSON object: the task's id.")
    var json = false

    func run() async throws {
        let id = try await ScheduleBook.with(common) { book in
            try await book.queue.runNow(try await book.find(name).definition.get())
        }
        json ? Output.json(["id": .string(id.rawValue)]) : Output.line(id.rawValue)
    }
}
