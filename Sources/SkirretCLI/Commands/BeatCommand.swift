import ArgumentParser
import Foundation

/// `skirret beat`.
struct BeatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "beat", abstract: "Enqueue what is due. Any number may run; one leads.",
        discussion: """
            Beats over the schedules in Redis ('skirret schedules set') and over those in the database, the tables of
            django_celery_beat. There is a database when its folder is named (--data-dir, SKIRRET_DATA_DIR, or the
            configuration file) or holds one already; --no-database leaves it alone.

            EXAMPLES
              skirret beat --redis redis://127.0.0.1:6379/0
              skirret beat --redis redis://127.0.0.1:6379/0 --data-dir /srv/skirret
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup var ledger: LedgerFlags

    @Flag(inversion: .prefixedNo, help: "Beat over the schedules in the database.")
    var database: Bool?

    func run() async throws {
        let settings = try await common.load(ledger.values)
        let isNamed = try await SettingSources(flags: common.values, file: common.config).find(.dataDirectory) != nil
        let hasDatabase =
            database
            ?? (isNamed || settings.namedRedis == nil
                || FileManager.default.fileExists(atPath: settings.databasePath))
        if hasDatabase {
            try settings.prepareFolders()
            try await Database.migrate(settings)
        }
        try await BeatRole(settings: settings, hasDatabase: hasDatabase).run(until: ShutdownSignals())
    }
}
