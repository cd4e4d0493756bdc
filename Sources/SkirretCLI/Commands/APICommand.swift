import ArgumentParser

/// `skirret api`.
struct APICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api", abstract: "Serve REST, the web app and the relay.",
        discussion: """
            EXAMPLES
              skirret api --redis-url redis://127.0.0.1:6379/0 --data-dir /srv/skirret --port 9191
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup var listen: ListenFlags
    @OptionGroup var ledger: LedgerFlags

    @Flag(inversion: .prefixedNo, help: "Serve WebSockets on /ws/ too.")
    var relay = true

    func run() async throws {
        let settings = try await common.load(listen.values.merging(ledger.values) { $1 })
        try settings.prepareFolders()
        try await Database.migrate(settings)
        try await APIRole(settings: settings, hasRelay: relay).run(until: ShutdownSignals())
    }
}
