import ArgumentParser
import Logging
import Skirret

/// `skirret worker`.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Claim and run tasks.",
        discussion: """
            The flags carry Celery's names. Plugins and refreshes run where the data folder has a database.

            SIGNALS
              TERM, INT    take no more tasks; running ones get --grace seconds, then they are cancelled and go back to
                           their queues at no cost. A second INT ends the grace. Always leads to an exit.
              TSTP, CONT   take no more tasks, and take them again
              QUIT, USR1   write to standard error what every task is doing

            EXIT CODES
              0    stopped in order
              124  a task ignored its cancellation beyond its hard time limit; all others went back to their queues

            EXAMPLES
              skirret worker                                  beside 'skirret serve', on the same data folder
              skirret worker --samples -E -b redis://127.0.0.1:6379/0 -n w1@%h -Q celery,slow -c 8
              skirret worker -b redis://10.0.0.5/0 --backend redis://10.0.0.6/1    results in another Redis
              skirret worker --remote-control standard,rate_limit --visibility-timeout 600
              skirret worker -n w1@%h --processes 4 -c 8 --max-tasks-per-child 10000
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup(title: "Worker processes") var pool: PoolFlags

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

    @Option(
        help: "Seconds that a message waits for a worker that knows its task; 0 fails it at once, as Celery does.")
    var unknownTaskPatience: Double = 3600

    @Option(help: "The Python interpreter with Django and Celery.")
    var python: String?

    @Option(help: "Folder whose sub-folders are plugins.")
    var pluginsDir: String?

    @Flag(help: "Run no plugin; calls of plugins fail and say why.")
    var safeMode = false

    func run() async throws {
        let settings = try await common.load([
            .queues: identity.queues, .concurrency: concurrency.map(String.init), .python: python,
            .pluginsDirectory: pluginsDir, .safeMode: safeMode ? "on" : nil,
        ])
        var options = WorkerOptions(
            name: Settings.nodeName(identity.name), queues: settings.queues, concurrency: settings.concurrency)
        options.grace = .seconds(grace)
        options.unknownTaskPatience = .seconds(max(0, unknownTaskPatience))
        let logger = Logger(label: "skirret.worker")
        try report.apply(to: &options)
        let compression = try report.compression()
        delivery.apply(to: &options, logger: logger)
        let membership = PoolMembership()
        pool.apply(to: &options, as: membership)
        // Of a pool the supervisor speaks, and is the process that others watch.
        if membership == nil { celery.explain(to: logger) }
        let pidFile = membership == nil ? try identity.pidfile.map(PIDFile.init) : nil
        defer { pidFile?.remove() }
        if let size = pool.supervised, membership == nil {
            return try await supervise(size, options, settings)
        }
        try await WorkerRole(
            settings: settings, options: options, hasSamples: samples, membership: membership,
            mostMemoryKiB: pool.maxMemoryPerChild, resultCompression: compression
        ).run(until: OperatorSignals())
    }

    /// Becomes the supervisor of so many workers like this one.
    private func supervise(_ size: Int, _ options: WorkerOptions, _ settings: Settings) async throws {
        let signals = OperatorSignals()
        let logger = Logger(label: "skirret.pool")
        let queue = settings.taskQueue("skirret-pool", logger: logger)
        let pool = try WorkerPool(
            .init(
                name: options.name, size: size, arguments: Array(CommandLine.arguments.dropFirst()),
                grace: options.grace),
            queue: queue, logger: logger)
        try await pool.run(signals.wishes())
        await queue.close()
    }
}
