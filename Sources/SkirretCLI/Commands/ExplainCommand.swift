import ArgumentParser
import CeleryProtocol
import Skirret

/// `skirret explain`.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say why a task runs, or does not, and what to do about it.",
        discussion: """
            EXAMPLES
              skirret explain 5f3c…
              skirret explain 5f3c… --json                    {"id", "place", "summary", "advice", "facts"}
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "The task's id.")
    var id: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let explanation = try await common.withBroker("skirret-explain") { try await $0.explain(TaskID(rawValue: id)) }
        if json { return Output.json(explanation.json) }
        Output.line("\(explanation.place.rawValue): \(explanation.summary)")
        if let advice = explanation.advice { Output.line("next: \(advice)") }
    }
}
