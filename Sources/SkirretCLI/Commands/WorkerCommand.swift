import ArgumentParser
import Logging
import Skirret

/// `skirret worker`.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Claim and run tasks.",
        discussion: """
            The flags carry Celery's names. Plugins and refreshes run where the data folder has a database.

            EXAMPLES
              skirret worker                                  beside 'skirret serve', on the same data folder
              skirret worker --samples -E -b redis://127.0.0.1:6379/0 -n w1@%h -Q celery,slow -c 8
              skirret worker --remote-control standard,rate_limit --visibility-timeout 600
            """)

    @OptionGroup var common: CommonFlags

    @Flag(help: "Know the sample tasks: samples.add, .total, .fail, .sleep, .echo, .flaky, .nothing.")
    var samples = false

    @OptionGroup var identity: WorkerIdentityFlags

    @Option(name: [.customShort("c"), .long], help: "How many tasks run at the same time.")
    var concurrency: Int?

    @OptionGroup var delivery: WorkerDeliveryFlags
    @OptionGroup var report: WorkerReportFlags
    @OptionGroup var celery: WorkerCeleryFlags

    @Option(help: "Seconds that running tasks get when the worker is told to stop.")
    var grace: Int = 30

    @Option(help: "The Python interpreter with Django and Celery.")
    var python: String?

    @Option(help: "Folder whose sub-folders are plugins.")
    var pluginsDir: String?

    func run() async throws {
        let settings = try await common.load([
            .queues: identity.queues, .concurrency: concurrency.map(String.init), .python: python,
            .pluginsDirectory: pluginsDir,
        ])
        var options = WorkerOptions(
            name: Settings.nodeName(identity.name), queues: settings.queues, concurrency: settings.concurrency)
        options.grace = .seconds(grace)
        let logger = Logger(label: "skirret.worker")
        try report.apply(to: &options)
        delivery.apply(to: &options, logger: logger)
        celery.explain(to: logger)
        let pidFile = try identity.pidfile.map(PIDFile.init)
        defer { pidFile?.remove() }
        try await WorkerRole(settings: settings, options: options, hasSamples: samples).run(until: ShutdownSignals())
    }
}
