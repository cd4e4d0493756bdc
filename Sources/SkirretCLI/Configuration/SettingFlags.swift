import ArgumentParser
import Logging

/// The flags that every command takes.
struct CommonFlags: ParsableArguments {
    @Option(help: "Configuration file; config/skirret.yaml when it exists.")
    var config: String?

    @Option(help: "Folder with the database, the private Redis, uploads and plugins.")
    var dataDir: String?

    @Option(
        name: [.customLong("redis-url"), .customLong("redis"), .customLong("broker"), .customShort("b")],
        help: "The broker: redis://[user:password@]host[:port][/db] or unix:///path. Without it: the private Redis.")
    var redisURL: String?

    @Option(
        name: [.customLong("backend-url"), .customLong("backend"), .customLong("result-backend")],
        help: "Where results are, if not in the broker: another Redis or another of its databases.")
    var backendURL: String?

    @Option(
        name: [.long, .customLong("loglevel"), .customShort("l")],
        help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "What stands before every key in Redis: kombu's global_keyprefix.",
            discussion:
                "Results get it too, with \"_\" added unless it ends in one of : _ - . as Celery's backend does."))
    var keyPrefix: String?

    var values: [Setting: String] {
        [
            .dataDirectory: dataDir, .redisURL: redisURL, .backendURL: backendURL, .logLevel: logLevel,
            .keyPrefix: keyPrefix,
        ].compactMapValues { $0 }
    }

    /// Reads all settings and sets up logging.
    func load(_ more: [Setting: String?] = [:], isQuiet: Bool = false) async throws -> Settings {
        let flags = values.merging(more.compactMapValues { $0 }) { $1 }
        let settings = try Settings(try await SettingSources(flags: flags, file: config))
        LoggingSystem.bootstrap {
            LineLogHandler(label: $0, level: isQuiet ? max(settings.logLevel, .warning) : settings.logLevel)
        }
        return settings
    }
}

/// How much of the accepted tasks is kept.
struct LedgerFlags: ParsableArguments {
    @Option(help: "Days for which a task that is over stays in the history.")
    var ledgerDays: Int?

    @Option(help: "Tasks in the history; new ones are refused once so many wait.")
    var ledgerTasks: Int?

    @Option(help: "Megabytes of the history; new tasks are refused once those that wait fill it.")
    var ledgerMegabytes: Int?

    var values: [Setting: String?] {
        [
            .ledgerDays: ledgerDays.map(String.init), .ledgerTasks: ledgerTasks.map(String.init),
            .ledgerMegabytes: ledgerMegabytes.map(String.init),
        ]
    }
}

/// The flags of what listens.
struct ListenFlags: ParsableArguments {
    @Option(help: "Where to listen; 127.0.0.1 is this machine only.")
    var host: String?

    @Option(help: "The port; 0 lets the system choose.")
    var port: Int?

    @Option(help: "Folder whose sub-folders are plugins.")
    var pluginsDir: String?

    @Option(help: "The Python interpreter with Django and Celery.")
    var python: String?

    var values: [Setting: String?] {
        [.host: host, .port: port.map(String.init), .pluginsDirectory: pluginsDir, .python: python]
    }
}
