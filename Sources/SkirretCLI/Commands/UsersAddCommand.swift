import API
import ArgumentParser
import Catalog

/// `skirret users add`.
struct UsersAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add somebody; the password is asked for, or read from standard input.",
        discussion: """
            EXAMPLES
              skirret users add sam --level admin
              echo "$PASSWORD" | skirret users add eve --level standard
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "The name: letters, digits and . _ @ -")
    var name: String

    @Option(help: "streamer, standard or admin.")
    var level = LevelName.standard

    func run() async throws {
        try AccountSecrets.check(username: name)
        let encoded = try await AccountSecrets.encoded(password: try UserBook.readPassword())
        var change = UserChange()
        change.username = name
        change.password = encoded
        change.level = level.level
        change.isStaff = level == .admin
        change.isSuperuser = level == .admin
        _ = try await UserBook.with(common) { try await $0.insert(change) }
        Output.line("\(name) may sign in now, as \(level.rawValue).")
    }
}
