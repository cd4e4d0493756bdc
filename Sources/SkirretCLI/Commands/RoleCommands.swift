import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// `skirret serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run everything on this machine.",
        discussion: """
            Starts a private redis-server in the data folder (unless a broker is named), the API with the web app,
            a worker and a beat, each a process of its own, and starts again what dies.

            EXAMPLES
              skirret serve
              skirret serve --port 8080 --data-dir /srv/skirret
              skirret serve --redis-url redis://127.0.0.1:6379/0 --samples
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup var listen: ListenFlags

    @Flag(help: "The worker knows the sample tasks too.")
    var samples = false

    func run() async throws {
        let began = ContinuousClock.now
        let settings = try await common.load(listen.values)
        try settings.prepareFolders()
        try await Database.migrate(settings)
        let token = try AdminToken.load(settings)
        let tokenFile = AdminToken.path(settings).path
        let supervisor = try Supervisor(settings, flags: samples ? ["--samples"] : [])
        try await supervisor.run(until: ShutdownSignals()) { port in
            let seconds = began.duration(to: .now).formatted(
                .units(allowed: [.seconds], fractionalPart: .show(length: 1)))
            Output.line("Skirret is ready at http://\(settings.host):\(port) after \(seconds)")
            Output.line("Administrator token: " + (token.isNew ? token.text : "kept in \(tokenFile)"))
            if token.isNew { Output.line("It is kept in \(tokenFile); nobody else can read it.") }
        }
    }
}

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

    @Flag(inversion: .prefixedNo, help: "Serve WebSockets on /ws/ too.")
    var relay = true

    func run() async throws {
        let settings = try await common.load(listen.values)
        try settings.prepareFolders()
        try await Database.migrate(settings)
        try await APIRole(settings: settings, hasRelay: relay).run(until: ShutdownSignals())
    }
}

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
