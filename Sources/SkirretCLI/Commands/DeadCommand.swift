import API
import ArgumentParser
import Catalog
import CeleryProtocol
import Foundation
import Logging
import Skirret

/// `skirret dead`.
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "Dead letters: look at them, mend them, send them again.",
        discussion: """
            A message is dead when it could not be read, when workers died under it too often, or when no worker knew
            its task for too long. Its bytes are kept until somebody replays or discards it.

            EXAMPLES
              skirret dead                                           the newest
              skirret dead list --grouped                            by what they have in common
              skirret dead show 5f0c2d1e-9a77-4c1b-8a55-0d1f2e3a4b5c-0
              skirret dead replay 5f0c2d1e --args '[2, 3]'              mended
              skirret dead replay --all --task reports.monthly --rate 10/s
              skirret dead discard --all --reason "not a Celery envelope" --dry-run
            """,
        subcommands: [List.self, Show.self, Replay.self, Discard.self], defaultSubcommand: List.self)

    /// Which letters a command means.
    struct Choice: ParsableArguments {
        @Option(help: "Only letters of this task.")
        var task: String?

        @Option(help: "Only letters from this list.")
        var queue: String?

        @Option(help: "Only letters whose reason contains this text.")
        var reason: String?

        var filter: DeadLetterFilter { DeadLetterFilter(name: task, queue: queue, reason: reason) }
    }

    /// Letters by their ids, or all that match.
    struct Selection: ParsableArguments {
        @Argument(help: "Ids, as 'skirret dead' shows them; a beginning that only one has will do.")
        var ids: [String] = []

        @Flag(help: "All letters, or all that --task, --queue and --reason leave.")
        var all = false

        @OptionGroup var choice: Choice

        @Flag(help: "Only say which letters it would be.")
        var dryRun = false

        func validate() throws {
            if ids.isEmpty != all { throw ValidationError("Name letters by their ids, or say --all.") }
        }

        /// Finds the letters.
        func letters(of broker: TaskQueue) async throws -> [DeadLetter] {
            if all { return try await broker.deadLetters(limit: .max, where: choice.filter) }
            var letters: [DeadLetter] = []
            var known: [DeadLetter]?
            for id in ids {
                if let letter = try await broker.deadLetter(id) {
                    letters.append(letter)
                    continue
                }
                if known == nil { known = try await broker.deadLetters(limit: 10_000) }
                let matching = (known ?? []).filter { $0.id.hasPrefix(id) }
                guard let letter = matching.first, matching.count == 1 else {
                    throw ValidationError(
                        matching.isEmpty
                            ? "There is no dead letter \(id); 'skirret dead' lists them."
                            : "\(id) is the beginning of \(matching.count) ids; give more of it.")
                }
                letters.append(letter)
            }
            return letters
        }
    }

    /// `skirret dead list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List them, newest first.")

        @OptionGroup var common: CommonFlags
        @OptionGroup var choice: Choice

        @Option(help: "How many at the most.")
        var limit = 50

        @Flag(help: "Count those with the same cause instead.")
        var grouped = false

        @Flag(help: "Print one JSON object a line.")
        var json = false

        func run() async throws {
            let letters = try await common.withBroker("skirret-dead") {
                try await $0.deadLetters(limit: grouped ? .max : limit, where: choice.filter)
            }
            if grouped { return printGroups(letters) }
            if json {
                for letter in letters { Output.json(letter.json) }
                return
            }
            Output.table(
                ["ID", "WHEN", "QUEUE", "TASK", "REASON"],
                letters.map {
                    [
                        $0.id, $0.at.formatted(.iso8601), $0.queue, $0.name.isEmpty ? "?" : $0.name,
                        String($0.reason.prefix(100)),
                    ]
                })
        }

        private func printGroups(_ letters: [DeadLetter]) {
            let groups = Dictionary(grouping: letters, by: \.fingerprint).sorted { $0.value.count > $1.value.count }
            if json {
                for (print, letters) in groups {
                    Output.json(["fingerprint": .string(print), "count": .int(letters.count)])
                }
                return
            }
            Output.table(
                ["COUNT", "NEWEST", "TASK AND REASON"],
                groups.map { [String($1.count), $1.first?.at.formatted(.iso8601) ?? "", String($0.prefix(120))] })
        }
    }

    /// `skirret dead show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all of one.")

        @OptionGroup var common: CommonFlags
        @OptionGroup var selection: Selection

        func run() async throws {
            for letter in try await common.withBroker("skirret-dead", { try await selection.letters(of: $0) }) {
                Output.json(letter.json)
            }
        }
    }

    /// `skirret dead replay`.
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send letters again, mended if you like.",
            discussion: "Each is sent once, whoever else replays it. Mend the cause first: what is dead may die again.")

        @OptionGroup var common: CommonFlags
        @OptionGroup var selection: Selection

        @Option(help: "Other positional arguments, a JSON array.")
        var args: String?

        @Option(help: "Other keyword arguments, a JSON object.")
        var kwargs: String?

        @Option(help: "Another task.")
        var toTask: String?

        @Option(help: "Another queue.")
        var toQueue: String?

        @Option(help: "At most so many, such as 10/s or 100/m, so that they do not fall on the workers at once.")
        var rate: String?

        func run() async throws {
            let edit = try edit()
            let rate = try rate.map { text in
                guard let limit = RateLimit(celery: text) else {
                    throw ValidationError("--rate: expected something like 10/s, 100/m or 1000/h, got '\(text)'.")
                }
                return limit
            }
            let settings = try await common.load(isQuiet: true)
            // The ledger's rows of these tasks are open again; without a database here there is no ledger to tell.
            let catalog =
                FileManager.default.fileExists(atPath: settings.databasePath)
                ? try await CatalogDatabase(path: settings.databasePath, checksIntegrity: false) : nil
            try await settings.withBroker("skirret-dead") { broker in
                let ledger = catalog.map { Ledger($0, queue: broker, logger: Logger(label: "skirret.dead")) }
                // Oldest first: what has waited longest goes first.
                let letters = Array(try await selection.letters(of: broker).reversed())
                if selection.dryRun { return Output.line("\(letters.count) letters would be sent again") }
                var sent = 0
                for letter in letters {
                    if let ledger {
                        sent += try await ledger.replay([letter], changing: edit)
                    } else {
                        sent += try await broker.replay([letter], changing: edit)
                    }
                    if let rate, letter.id != letters.last?.id { try await Task.sleep(for: rate.per / rate.count) }
                }
                Output.line("\(sent) of \(letters.count) letters were sent again")
            }
        }

        private func edit() throws -> DeadLetterEdit {
            var edit = DeadLetterEdit()
            if let args {
                guard let values = try? JSONValue(parsing: args).array else {  // any fault of the text is told below
                    throw ValidationError("--args: expected a JSON array such as '[2,3]', got \(args).")
                }
                edit.args = values
            }
            if let kwargs {
                guard let values = try? JSONValue(parsing: kwargs).object else {  // likewise
                    throw ValidationError("--kwargs: expected a JSON object such as '{\"x\": 2}', got \(kwargs).")
                }
                edit.kwargs = values
            }
            edit.name = toTask
            edit.queue = toQueue.map(QueueName.init(rawValue:))
            return edit
        }
    }

    /// `skirret dead discard`.
    struct Discard: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Throw letters away for good.")

        @OptionGroup var common: CommonFlags
        @OptionGroup var selection: Selection

        func run() async throws {
            try await common.withBroker("skirret-dead") { broker in
                let letters = try await selection.letters(of: broker)
                if selection.dryRun { return Output.line("\(letters.count) letters would be thrown away") }
                var gone = 0
                for start in stride(from: 0, to: letters.count, by: 1000) {
                    let slice = letters[start..<min(start + 1000, letters.count)]
                    gone += try await broker.discard(deadLetters: slice.map(\.id))
                }
                Output.line("\(gone) letters were thrown away")
            }
        }
    }
}
