import API
import ArgumentParser
import Catalog

/// `skirret users key`.
struct UsersKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Print a new API key of somebody, once; the old one ends.",
        discussion: """
            EXAMPLES
              key=$(skirret users key sam)
              curl -H "X-API-Key: $key" http://127.0.0.1:9191/api/plugins/plugins/
              skirret users key sam --revoke
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "Their name.")
    var name: String

    @Flag(help: "Only end the old one.")
    var revoke = false

    func run() async throws {
        let new = AccountSecrets.newKey()
        try await UserBook.with(common) { table in
            let user = try await UserBook.find(name, in: table)
            try await table.setAPIKey(user.id, revoke ? nil : new.stored)
        }
        Output.line(revoke ? "\(name) has no key any more." : new.key)
    }
}
