import ArgumentParser
import CeleryProtocol
import Skirret

/// `skirret inspect`.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Ask workers, ours and Celery's, what they do and have.",
        discussion: """
            EXAMPLES
              skirret inspect active
              skirret inspect stats --json --destination w1@host
              skirret inspect registered rate_limit max_retries
              skirret inspect query_task 5f3c…
              skirret inspect --list
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup var flags: ControlFlags

    @Flag(help: "List the commands.")
    var list = false

    @Argument(help: "What is asked: active, scheduled, stats and so on.")
    var method: String?

    @Argument(help: "The command's arguments.")
    var arguments: [String] = []

    func run() async throws {
        if list { return FleetQuestion.list(.inspect) }
        guard let method else { throw ValidationError("inspect: name a command; --list shows them.") }
        let command = try FleetQuestion.command(method, .inspect)
        var question = FleetQuestion(method: method, flags: flags)
        do { question.arguments = try command.arguments(from: arguments) } catch { throw ValidationError("\(error)") }
        let replies = try await question.ask(common)
        guard !replies.isEmpty else { throw FleetQuestion.nobodyAnswered() }
        if flags.json {
            var nodes = JSONObject()
            for reply in replies { nodes[reply.node] = reply.value }
            return Output.json(.object(nodes))
        }
        for reply in replies { ReplyPrinter(command: command.name).print(reply) }
        ReplyPrinter.count(replies)
    }
}

/// `skirret status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the workers, ours and Celery's, that answer.",
        discussion: """
            EXAMPLES
              skirret status
              skirret status --json --timeout 3
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup var flags: ControlFlags

    func run() async throws {
        let replies = try await FleetQuestion(method: "ping", flags: flags).ask(common)
        guard !replies.isEmpty else { throw FleetQuestion.nobodyAnswered() }
        if flags.json {
            var nodes = JSONObject()
            for reply in replies { nodes[reply.node] = reply.value }
            Output.json(.object(nodes))
        } else {
            for reply in replies { ReplyPrinter.head(reply) }
            ReplyPrinter.count(replies)
        }
    }
}
