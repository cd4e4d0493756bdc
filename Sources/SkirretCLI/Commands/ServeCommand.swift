import ArgumentParser
import Foundation

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
              skirret serve --worker-processes 4
              skirret serve --redis-url redis://127.0.0.1:6379/0 --samples
            """)

    @OptionGroup var common: CommonFlags
    @OptionGroup var listen: ListenFlags
    @OptionGroup var ledger: LedgerFlags

    @Option(help: "How many worker processes; one that dies is replaced at once, and its tasks go back.")
    var workerProcesses = 1

    @Option(
        help: ArgumentHelp(
            "How far the workers give way to the API and to other programs where processors are short: 0 to 19.",
            discussion: "As nice(1) counts. What tasks start, recordings too, gives way with them.",
            valueName: "steps"))
    var workerNice = 10

    @Flag(help: "The worker knows the sample tasks too.")
    var samples = false

    @Flag(help: "Run no plugin: to look at a server that one of them keeps from working.")
    var safeMode = false

    func validate() throws {
        guard (1...256).contains(workerProcesses) else {
            throw ValidationError("--worker-processes: expected 1 to 256, got \(workerProcesses).")
        }
        guard (0...19).contains(workerNice) else {
            throw ValidationError("--worker-nice: expected 0 to 19, got \(workerNice).")
        }
    }

    func run() async throws {
        let began = ContinuousClock.now
        let settings = try await common.load(
            listen.values.merging(ledger.values) { $1 }.merging([.safeMode: safeMode ? "on" : nil]) { $1 })
        try settings.prepareFolders()
        try await Database.migrate(settings)
        let token = try AdminToken.load(settings)
        let tokenFile = AdminToken.path(settings).path
        let supervisor = try Supervisor(
            settings,
            workers: .init(count: workerProcesses, flags: samples ? ["--samples"] : [], niceness: workerNice))
        try await supervisor.run(until: OperatorSignals()) { port in
            let seconds = began.duration(to: .now).formatted(
                .units(allowed: [.seconds], fractionalPart: .show(length: 1)))
            Output.line("Skirret is ready at http://\(settings.host):\(port) after \(seconds)")
            Output.line("Administrator token: " + (token.isNew ? token.text : "kept in \(tokenFile)"))
            if token.isNew { Output.line("It is kept in \(tokenFile); nobody else can read it.") }
        }
    }
}
