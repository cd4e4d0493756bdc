import ArgumentParser
import Skirret

/// `skirret worker`.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Claim and run tasks.",
        discussion: """
            The flags carry Celery's names. Plugins and refreshes run where the data folder has a database.

            EXAMPLES
              skirret worker                                  beside 'skirret serve', on the same data folder
              skirret worker --samples -E --redis redis://127.0.0.1:6379/0 --name w1@%h -Q celery,slow -c 8
            """)

    @OptionGroup var common: CommonFlags

    @Flag(help: "Know the sample tasks: samples.add, .fail, .sleep, .echo, .flaky, .nothing.")
    var samples = false

    @Option(name: [.customShort("Q"), .long], help: "Queues to take from, separated by commas.")
    var queues: String?

    @Option(name: [.customShort("c"), .long], help: "How many tasks run at the same time.")
    var concurrency: Int?

    @Option(name: [.customShort("n"), .long], help: "The node's name, such as w1@%h; %h is this host.")
    var name: String?

    @Flag(name: [.customShort("E"), .customLong("task-events")], help: "Send task events for monitors such as Flower.")
    var taskEvents = false

    @Flag(help: "Store the state STARTED when a task begins.")
    var trackStarted = false

    @Option(help: "Seconds that running tasks get when the worker is told to stop.")
    var grace: Int = 30

    @Option(help: "The Python interpreter with Django and Celery.")
    var python: String?

    @Option(help: "Folder whose sub-folders are plugins.")
    var pluginsDir: String?

    func run() async throws {
        let settings = try await common.load([
            .queues: queues, .concurrency: concurrency.map(String.init), .python: python, .pluginsDirectory: pluginsDir,
        ])
        var options = WorkerOptions(
            name: Settings.nodeName(name), queues: settings.queues, concurrency: settings.concurrency)
        options.sendsTaskEvents = taskEvents
        options.tracksStarted = trackStarted
        options.grace = .seconds(grace)
        try await WorkerRole(settings: settings, options: options, hasSamples: samples).run(until: ShutdownSignals())
    }
}
