import ArgumentParser

/// `skirret beat`.
struct BeatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "beat", abstract: "Enqueue what is due. Any number may run; one leads.",
        discussion: """
            EXAMPLES
              skirret beat --redis-url redis://127.0.0.1:6379/0 --data-dir /srv/skirret
            """)

    @OptionGroup var common: CommonFlags

    func run() async throws {
        let settings = try await common.load()
        try settings.prepareFolders()
        try await Database.migrate(settings)
        try await BeatRole(settings: settings).run(until: ShutdownSignals())
    }
}
