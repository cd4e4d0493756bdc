import API
import ArgumentParser
import Catalog

/// `skirret users password`.
struct UsersPasswordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password", abstract: "Give somebody a new password, which ends all of their sessions.",
        discussion: """
            EXAMPLES
              skirret users password sam
              echo "$PASSWORD" | skirret users password sam
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "Their name.")
    var name: String

    func run() async throws {
        try await UserBook.with(common) { table in
            let user = try await UserBook.find(name, in: table)
            var change = UserChange()
            change.password = try await AccountSecrets.encoded(password: try UserBook.readPassword())
            change.isActive = true
            try await table.update(user.id, change)
        }
        Output.line("\(name) has a new password; whoever was signed in as \(name) no longer is.")
    }
}
