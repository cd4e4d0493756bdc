import ArgumentParser

/// `skirret token`.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print the administrator's token; made when there is none yet.",
        discussion: """
            EXAMPLES
              skirret token
              curl -H "Authorization: Bearer $(skirret token)" http://127.0.0.1:9191/api/plugins/plugins/
            """)

    @OptionGroup var common: CommonFlags

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        try settings.prepareFolders()
        Output.line(try AdminToken.load(settings).text)
    }
}
