import ArgumentParser
import Catalog
import CeleryProtocol
import Foundation

/// `skirret users`.
struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "People who may sign in: list them, add them, give them a new password or key.",
        discussion: """
            Works on the database, so it helps when nobody can sign in any more. Levels: 'streamer' sees only the own
            account, 'standard' reads, 'admin' does everything.

            EXAMPLES
              skirret users
              skirret users add sam --level admin                 asks for the password
              echo "$PASSWORD" | skirret users add eve --level standard
              skirret users password sam
              skirret users key sam                               prints a new API key, once
              skirret users key sam --revoke
            """,
        subcommands: [
            UsersListCommand.self, UsersAddCommand.self, UsersPasswordCommand.self, UsersKeyCommand.self,
        ], defaultSubcommand: UsersListCommand.self)
}

/// `skirret users list`.
struct UsersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List them.")

    @OptionGroup var common: CommonFlags

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func run() async throws {
        let users = try await UserBook.with(common) { try await $0.all() }
        if json {
            for user in users {
                Output.json([
                    "id": .int(user.id), "username": .string(user.username), "user_level": .int(user.level.rawValue),
                    "is_active": .bool(user.isActive), "has_api_key": .bool(user.apiKey != nil),
                    "last_login": JSONValue(user.lastLogin?.formatted(.iso8601)),
                ])
            }
            return
        }
        Output.table(
            ["ID", "NAME", "LEVEL", "ACTIVE", "KEY", "LAST LOG-IN"],
            users.map { user in
                [
                    String(user.id), user.username, LevelName.text(user.level), user.isActive ? "yes" : "no",
                    user.apiKey == nil ? "no" : "yes", user.lastLogin?.formatted(.iso8601) ?? "never",
                ]
            })
    }
}
