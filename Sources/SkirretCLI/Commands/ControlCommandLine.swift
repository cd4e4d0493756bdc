import ArgumentParser
import CeleryProtocol
import Skirret

/// `skirret control`.
struct ControlCommandLine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control", abstract: "Tell workers, ours and Celery's, to do something.",
        discussion: """
            A worker of ours obeys what its --remote-control allows, and says so otherwise; the program ends with
            code 1 then.

            EXAMPLES
              skirret control revoke 5f3c… 77aa…
              skirret control terminate SIGTERM 5f3c…
              skirret control rate_limit reports.monthly 10/m
              skirret control time_limit reports.monthly 60 120
              skirret control pool_grow 2 --destination w1@host
              skirret control add_consumer slow
              skirret control --list
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup var flags: ControlFlags

    @Flag(help: "List the commands.")
    var list = false

    @Argument(help: "What is to be done: revoke, rate_limit, pool_grow and so on.")
    var method: String?

    @Argument(help: "The command's arguments.")
    var arguments: [String] = []

    func run() async throws {
        if list { return FleetQuestion.list(.control) }
        guard let method else { throw ValidationError("control: name a command; --list shows them.") }
        let command = try FleetQuestion.command(method, .control)
        var question = FleetQuestion(method: method, flags: flags)
        do { question.arguments = try command.arguments(from: arguments) } catch { throw ValidationError("\(error)") }
        let replies = try await question.ask(common)
        if replies.isEmpty, command.name == "shutdown" {
            return Output.line("shutdown was sent; workers that obey give no answer.")
        }
        guard !replies.isEmpty else { throw FleetQuestion.nobodyAnswered() }
        if flags.json {
            Output.json(.array(replies.map { .object([$0.node: $0.value]) }))
        } else {
            for reply in replies { ReplyPrinter(command: command.name).print(reply) }
        }
        if replies.contains(where: { $0.value["error"] != nil }) { throw ExitCode(1) }
    }
}
