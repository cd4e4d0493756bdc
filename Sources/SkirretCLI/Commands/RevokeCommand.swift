import ArgumentParser
import CeleryProtocol
import Skirret

/// `skirret revoke`.
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "See to it that tasks do not run.",
        discussion: """
            EXAMPLES
              skirret revoke 5f3c…
              skirret revoke 5f3c… 77aa… --terminate          stops them if they run already
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "The tasks' ids.")
    var ids: [String]

    @Flag(help: "Stop bodies that run already, too.")
    var terminate = false

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        let broker = settings.taskQueue("skirret-revoke")
        try await broker.revoke(ids.map { TaskID(rawValue: $0) }, terminate: terminate)
        await broker.close()
        Output.line("\(ids.count) task(s) revoked.")
    }
}
