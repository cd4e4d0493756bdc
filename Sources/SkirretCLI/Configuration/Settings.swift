import API
import ArgumentParser
import Catalog
import CeleryProtocol
import Foundation
import Logging
import Skirret
import SkirretRedis

/// Everything a role needs to know, checked before anything starts.
struct Settings: Sendable {
    var host: String
    var port: Int
    /// Database, private Redis, uploads, plugins; made with mode 0700.
    var dataDirectory: URL
    /// The broker that was named; nil for the private one.
    var namedRedis: RedisURL?
    /// Where results are; nil for the broker.
    var namedBackend: RedisURL?
    /// kombu's `global_keyprefix`.
    var keyPrefix: String
    var pluginsDirectory: URL
    var adminToken: String?
    var python: String
    var logLevel: Logger.Level
    var concurrency: Int
    var queues: [QueueName]
    var trustedOrigins: Set<String>
    /// Proxies that may say who is behind them.
    var trustedProxies: [NetworkRange]
    var plugins: PluginSettings
    /// How much of what was accepted is kept.
    var ledgerLimits: LedgerLimits

    var databasePath: String { dataDirectory.appending(path: "skirret.db").path }
    var redis: RedisURL { namedRedis ?? PrivateRedis.url(in: dataDirectory) }

    /// Reads and checks all settings; all faults are told at once.
    init(_ sources: SettingSources) throws {
        var faults: [String] = []
        func number(_ setting: Setting, _ range: ClosedRange<Int>) -> Int {
            let text = sources[setting] ?? ""
            if let value = Int(text), range.contains(value) { return value }
            faults.append(
                "\(setting.name): expected a whole number from \(range.lowerBound) to \(range.upperBound), got '\(text)'."
            )
            return range.lowerBound
        }
        host = sources[.host] ?? ""
        port = number(.port, 0...65_535)
        concurrency = number(.concurrency, 1...1024)
        ledgerLimits = LedgerLimits(
            age: .seconds(number(.ledgerDays, 1...3650) * 86_400), tasks: number(.ledgerTasks, 1000...100_000_000),
            bytes: number(.ledgerMegabytes, 16...1_048_576) << 20)
        dataDirectory = URL(filePath: sources[.dataDirectory] ?? "data").absoluteURL
        pluginsDirectory =
            sources[.pluginsDirectory].map { URL(filePath: $0).absoluteURL }
            ?? dataDirectory.appending(path: "plugins")
        adminToken = sources[.adminToken]
        keyPrefix = sources[.keyPrefix] ?? ""
        python = sources[.python] ?? Self.findPython()
        queues = (sources[.queues] ?? "").split(separator: ",").map { QueueName(rawValue: String($0)) }
        trustedOrigins = Set((sources[.trustedOrigins] ?? "").split(separator: ",").map(String.init))
        trustedProxies = []
        for text in (sources[.trustedProxies] ?? "").split(separator: ",").map(String.init) {
            if let range = NetworkRange(text) {
                trustedProxies.append(range)
            } else {
                faults.append("trusted-proxies: expected addresses or ranges such as 10.0.0.0/8, got '\(text)'.")
            }
        }
        plugins = PluginSettings(sources, faults: &faults)
        logLevel = .info
        if let text = sources[.logLevel] {
            // Celery's spelling is upper case, and it has one level more.
            if let level = Logger.Level(rawValue: text.lowercased() == "fatal" ? "critical" : text.lowercased()) {
                logLevel = level
            } else {
                let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                faults.append("log-level: expected one of \(known), got '\(text)'.")
            }
        }
        if queues.isEmpty { faults.append("worker-queues: name at least one queue.") }
        func address(_ setting: Setting) -> RedisURL? {
            guard let text = sources[setting] else { return nil }
            do { return try RedisURL(parsing: text) } catch { faults.append("\(setting.name): \(error)") }
            return nil
        }
        namedRedis = address(.redisURL)
        namedBackend = address(.backendURL)
        if let fault = plugins.fault(beside: redis) { faults.append(fault) }
        guard faults.isEmpty else { throw ValidationError(faults.joined(separator: "\n")) }
    }

    /// The way to the broker, under the names that the deployment uses there.
    func taskQueue(
        _ name: String, sendsSentEvents: Bool = false, resultCompression: CallOptions.Compression? = nil,
        logger: Logger = Logger(label: "skirret")
    ) -> TaskQueue {
        TaskQueue(
            redis, backend: namedBackend, prefix: keyPrefix, resultPrefix: keyPrefix,
            resultCompression: resultCompression, sendsSentEvents: sendsSentEvents, name: name, logger: logger)
    }

    /// The virtual environment that the set-up script makes, in the working directory or above the executable.
    private static func findPython() -> String {
        let name = ".venv/bin/python"
        var folder = URL(filePath: CommandLine.arguments[0]).standardizedFileURL.deletingLastPathComponent()
        var candidates = [URL(filePath: name).path]
        while folder.path != "/" {
            candidates.append(folder.appending(path: name).path)
            folder.deleteLastPathComponent()
        }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "/usr/bin/python3"
    }

    /// Makes the folders that must be there.
    func prepareFolders() throws {
        for folder in [dataDirectory, pluginsDirectory, dataDirectory.appending(path: "redis")] {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }
}
