import ArgumentParser
import Catalog
import CeleryProtocol

/// `skirret network`.
struct NetworkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network",
        abstract: "Show from which addresses this server may be reached, or let in all of them.",
        discussion: """
            Works on the database, so it helps when a list has locked everybody out. Running servers see the change
            within a second.

            EXAMPLES
              skirret network
              skirret network reset                  no lists any more
              skirret network reset --user sam       nor limits on where sam may come from
            """,
        subcommands: [NetworkListCommand.self, NetworkResetCommand.self], defaultSubcommand: NetworkListCommand.self)
}

/// `skirret network list`.
struct NetworkListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the lists.")

    @OptionGroup var common: CommonFlags

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let (lists, people) = try await UserBook.withCatalog(common) { catalog in
            (try await catalog.settings.values(of: .network), try await catalog.users.all())
        }
        let limited = people.compactMap { user in
            user.customProperties["allowed_networks"]?.object.map { (user.username, $0) }
        }
        if json {
            let users = JSONObject(limited.map { (key: $0.0, value: JSONValue.object($0.1)) })
            return Output.json(["network_access": .object(lists), "users": .object(users)])
        }
        func rows(_ who: String, _ lists: JSONObject) -> [[String]] {
            lists.map { [who, $0.key, $0.value.string ?? $0.value.text] }
        }
        let table = rows("everybody", lists) + limited.flatMap { rows($0.0, $0.1) }
        guard !table.isEmpty else { return Output.line("No lists: every address is let in.") }
        Output.table(["WHO", "LIST", "ADDRESSES"], table)
    }
}

/// `skirret network reset`.
struct NetworkResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Remove the lists, or one person's.",
        discussion: """
            EXAMPLES
              skirret network reset
              skirret network reset --user sam
            """)

    @OptionGroup var common: CommonFlags

    @Option(help: "Only remove the limits of this person.")
    var user: String?

    func run() async throws {
        try await UserBook.withCatalog(common) { catalog in
            guard let name = user else { return try await catalog.settings.clear(.network) }
            let person = try await UserBook.find(name, in: catalog.users)
            var change = UserChange()
            change.customProperties = person.customProperties.filter { $0.key != "allowed_networks" }
            try await catalog.users.update(person.id, change)
        }
        Output.line(user.map { "\($0) may come from every address." } ?? "Every address is let in.")
    }
}
