import ArgumentParser
import CSpawn
import Catalog
import CeleryProtocol
import Foundation
import Logging
import PluginRuntime
import Skirret
import SkirretRedis

/// `skirret doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check Redis, the database and Python, and say how to mend each.",
        discussion: """
            EXAMPLES
              skirret doctor
              skirret doctor --config                         every setting with its origin
              skirret doctor --json
            """)

    @Option(name: .customLong("file"), help: "Configuration file; config/skirret.yaml when it exists.")
    var file: String?

    @Option(help: "Folder with the database, the private Redis, uploads and plugins.")
    var dataDir: String?

    @Option(name: [.customLong("redis-url"), .customLong("redis")], help: "The broker; without it: the private Redis.")
    var redisURL: String?

    @Option(help: "The Python interpreter with Django and Celery.")
    var python: String?

    @Flag(help: "List every setting, its three spellings, its value and where it comes from.")
    var config = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let flags: [Setting: String?] = [.dataDirectory: dataDir, .redisURL: redisURL, .python: python]
        let sources = try await SettingSources(flags: flags.compactMapValues { $0 }, file: file)
        if config { return showConfiguration(sources) }
        let settings = try Settings(sources)
        let findings = await [
            checkRedis(settings), checkDatabase(settings), checkPython(settings), checkPlugins(settings),
            checkSandbox(settings),
        ]
        if json {
            Output.json(.array(findings.map(\.json)))
        } else {
            for finding in findings {
                Output.line("\(finding.isGood ? "ok  " : "FAIL")  \(finding.subject): \(finding.text)")
                for line in finding.lines { Output.line("      \(line)") }
                if let remedy = finding.remedy { Output.line("      \(remedy)") }
            }
        }
        if findings.contains(where: { !$0.isGood }) { throw ExitCode(1) }
    }

    private struct Finding {
        let subject: String
        let text: String
        var remedy: String?
        /// More to know of it, good or bad.
        var lines: [String] = []
        var isGood: Bool { remedy == nil }

        var json: JSONValue {
            [
                "subject": .string(subject), "ok": .bool(isGood), "text": .string(text), "remedy": JSONValue(remedy),
                "lines": .array(lines.map(JSONValue.string)),
            ]
        }
    }

    private func showConfiguration(_ sources: SettingSources) {
        let rows = Setting.all.map { setting in
            let found = sources.find(setting)
            let shown = found.map { setting.isSecret ? "***" : $0.value } ?? setting.fallback ?? "(worked out)"
            return (setting, shown, found?.origin ?? "default")
        }
        if json {
            Output.json(
                .array(
                    rows.map {
                        [
                            "key": .string($0.0.name), "variable": .string($0.0.variable), "value": .string($0.1),
                            "origin": .string($0.2),
                        ]
                    }))
        } else {
            Output.table(["KEY", "VARIABLE", "VALUE", "FROM"], rows.map { [$0.0.name, $0.0.variable, $0.1, $0.2] })
        }
    }

    private func checkRedis(_ settings: Settings) async -> Finding {
        let client = RedisClient(settings.redis, logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
        defer { Task { await client.close() } }  // the program ends right after; nothing waits for it
        do {
            let info = try await client.send("INFO").string ?? ""
            let facts = Dictionary(
                info.split(whereSeparator: \.isNewline).compactMap { line -> (String, String)? in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
                }, uniquingKeysWith: { $1 })
            let text = "\(facts["redis_version"] ?? "?") at \(settings.redis)"
            if let policy = facts["maxmemory_policy"], policy != "noeviction" {
                return Finding(
                    subject: "Redis", text: "\(text) evicts keys (\(policy)): tasks can vanish",
                    remedy: "redis-cli config set maxmemory-policy noeviction")
            }
            return Finding(subject: "Redis", text: text)
        } catch {
            let remedy =
                settings.namedRedis == nil
                ? "The private Redis runs while 'skirret serve' runs. Is redis-server installed (apt install redis-server)?"
                : error.hint
            return Finding(subject: "Redis", text: error.message, remedy: remedy)
        }
    }

    private func checkDatabase(_ settings: Settings) async -> Finding {
        guard FileManager.default.fileExists(atPath: settings.databasePath) else {
            return Finding(subject: "database", text: "none yet at \(settings.databasePath); the first start makes it")
        }
        do {
            let catalog = try await CatalogDatabase(path: settings.databasePath)
            let findings = try await catalog.findings()
            try await catalog.close()
            guard let first = findings.first else { return Finding(subject: "database", text: settings.databasePath) }
            return Finding(
                subject: "database", text: "\(settings.databasePath): \(first)",
                remedy: "Stop Skirret and restore the file from a backup.")
        } catch let error as CatalogError {
            return Finding(subject: "database", text: "\(error.place): \(error.found)", remedy: error.hint)
        } catch {
            return Finding(subject: "database", text: "\(error)", remedy: "Is the folder readable by this user?")
        }
    }

    private func checkPython(_ settings: Settings) async -> Finding {
        let script = "import django, celery, sys; print(sys.version.split()[0], django.__version__, celery.__version__)"
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: settings.python)
        process.arguments = ["-c", script]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let remedy = "deploy/up makes a virtual environment from config/requirements.txt; or name one with --python."
        do {
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            let versions = text.split(whereSeparator: \.isWhitespace)
            guard process.terminationStatus == 0, versions.count == 3 else {
                return Finding(subject: "Python", text: "\(settings.python) lacks Django or Celery", remedy: remedy)
            }
            return Finding(
                subject: "Python",
                text: "\(versions[0]) with Django \(versions[1]), Celery \(versions[2]) at \(settings.python)")
        } catch {
            return Finding(subject: "Python", text: "\(settings.python) cannot be run", remedy: remedy)
        }
    }

    private func checkPlugins(_ settings: Settings) async -> Finding {
        guard FileManager.default.fileExists(atPath: settings.pluginsDirectory.path) else {
            return Finding(
                subject: "plugins", text: "no folder yet at \(settings.pluginsDirectory.path); the first start makes it"
            )
        }
        do {
            let plugins = try await PluginDiscovery(settings.pythonEnvironment).scan()
            let broken = plugins.filter { $0.loadError != nil }
            let text = "\(plugins.count) in \(settings.pluginsDirectory.path)"
            guard let first = broken.first else { return Finding(subject: "plugins", text: text) }
            return Finding(
                subject: "plugins", text: "\(text), \(broken.count) broken: \(first.key)", remedy: first.loadError)
        } catch {
            return Finding(subject: "plugins", text: error.message, remedy: error.hint)
        }
    }

    /// What holds plugins on this machine, and why something does not.
    private func checkSandbox(_ settings: Settings) async -> Finding {
        let sandbox = settings.plugins.options.sandbox
        if settings.plugins.isSafeMode {
            return Finding(subject: "sandbox", text: "safe mode: no plugin runs")
        }
        guard sandbox.isEnabled else {
            return Finding(
                subject: "sandbox", text: "off by plugin-sandbox; plugins reach whatever this user does",
                lines: ["Only their limits hold: memory, processes, files and time."])
        }
        do {
            let report = try await SandboxReport.make(settings.pythonEnvironment)
            var lines = report.lines.map { "\($0.isInForce ? "in force" : "absent  ")  \($0.name): \($0.text)" }
            if !sandbox.unconfined.isEmpty {
                lines.append("outside   \(sandbox.unconfined.sorted().joined(separator: ", ")) (plugin-unconfined)")
            }
            let count = report.lines.filter(\.isInForce).count
            return Finding(
                subject: "sandbox", text: "\(count) of \(report.lines.count) means hold plugins here", lines: lines)
        } catch {
            return Finding(subject: "sandbox", text: error.message, remedy: error.hint)
        }
    }
}
